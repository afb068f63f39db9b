"""CloudFront access logs: standard logs as W3C files, as JSON (v2) and as plain fields, and real-time log records.

Source: CloudFront Developer Guide, "Standard logging reference" and "Use real-time access logs". The fields of v2 and
of real-time logs are chosen by the customer: W3C files name them in ``#Fields:``, JSON in its keys. Values are
percent-encoded, ``-`` is none. Times of standard logs are when the answer was complete, to the second.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Final
from urllib.parse import unquote

import pyarrow as pa
import pyarrow.compute as pc

from connectors.base.calls import CallBatch, RawBatch
from connectors.base.mapping import Columns, From, JsonLines, Rows, Separated, convert, folded, per_distinct
from connectors.base.mapping import Mapping as FormatMapping
from connectors.base.mapping import normalise as run
from connectors.base.mapping.kernels import coalesced, constant

LINES: Final = "aws.cloudfront"
JSON: Final = "aws.cloudfront_json"

#: Fields of standard logs in their order.
STANDARD: Final = (
    "date time x-edge-location sc-bytes c-ip cs-method cs(Host) cs-uri-stem sc-status cs(Referer) cs(User-Agent) "
    "cs-uri-query cs(Cookie) x-edge-result-type x-edge-request-id x-host-header cs-protocol cs-bytes time-taken "
    "x-forwarded-for ssl-protocol ssl-cipher x-edge-response-result-type cs-protocol-version fle-status "
    "fle-encrypted-fields c-port time-to-first-byte x-edge-detailed-result-type sc-content-type sc-content-len "
    "sc-range-start sc-range-end"
)
#: Fields of real-time logs in the order in which records have them, when all are chosen.
REAL_TIME: Final = (
    "timestamp c-ip s-ip time-to-first-byte sc-status sc-bytes cs-method cs-protocol cs-host cs-uri-stem cs-bytes "
    "x-edge-location x-edge-request-id x-host-header time-taken cs-protocol-version c-ip-version cs-user-agent "
    "cs-referer cs-cookie cs-uri-query x-edge-response-result-type x-forwarded-for ssl-protocol ssl-cipher "
    "x-edge-result-type fle-encrypted-fields fle-status sc-content-type sc-content-len sc-range-start sc-range-end "
    "c-port x-edge-detailed-result-type c-country cs-accept-encoding cs-accept cache-behavior-path-pattern "
    "cs-headers cs-header-names cs-headers-count"
)
_FIELDS: Final = b"#Fields:"
_DATE: Final = re.compile(rb"\d{4}-\d\d-\d\d\t\d\d:\d\d:\d\d\t")
_STAMP: Final = re.compile(rb"\d{10}(\.\d{1,6})?\t")
_LEAST: Final = 8


def _finish(rows: Rows, columns: Columns, context: Mapping[str, str]) -> None:
    """Date and time as one, queries without "?", user agents decoded, and durations in milliseconds."""
    date, time = rows.cells("date"), rows.cells("time")
    if date is not None and time is not None:
        parts = (convert("text", date), convert("text", time), constant("Z", rows.count))
        stamp = convert(
            "time", pc.binary_join_element_wise(parts[0], pc.binary_join_element_wise(*parts[1:], ""), "T")
        )
        columns["ts"] = coalesced(columns.get("ts"), stamp)
    query = rows.cells("cs_uri_query")
    if query is None:
        columns.pop("query", None)  # the field was not chosen: unknown
    else:
        asked = convert("raw", query)
        columns["query"] = pc.if_else(pc.equal(asked, "-"), "", asked)
    if "user_agent" in columns:
        columns["user_agent"] = per_distinct(columns["user_agent"], unquote, pa.string())


_COLUMNS: Final = {
    "call_id": From("x_edge_request_id"),
    "ts": From("timestamp(ms)", "timestamp", kind="time"),
    "gateway": From("distributionid", "cs(host)", "cs_host"),
    "host": From("x_host_header", "cs(host)", "cs_host", kind="host"),
    "method": From("cs_method"),
    "target": From("cs_uri_stem"),
    "protocol": From("cs_protocol_version"),
    "client_ip": From("c_ip", kind="address"),
    "user_agent": From("cs(user_agent)", "cs_user_agent"),
    "country": From("c_country"),
    "asn": From("asn", kind="whole"),
    "status": From("sc_status", kind="status"),
    "latency_ms": From("time_taken", kind="seconds"),
    "upstream_latency_ms": From("origin_lbl", kind="seconds"),
    "request_bytes": From("cs_bytes", kind="whole"),
    "response_bytes": From("sc_bytes", kind="whole"),
    "response_content_type": From("sc_content_type"),
}
_ALSO: Final = ("date", "time", "cs_uri_query")

JSON_MAPPING: Final = FormatMapping(
    JsonLines(fold=folded), _COLUMNS, trust="peer", finish=_finish, also=_ALSO
)


@lru_cache(maxsize=64)
def _lines_mapping(fields: str) -> FormatMapping:
    names = tuple(folded(name) for name in fields.split())
    reader = Separated(names, least=max(_LEAST, min(len(names), 26)))
    return FormatMapping(reader, _COLUMNS, trust="peer", finish=_finish, also=_ALSO)


def heading(head: bytes) -> dict[str, str]:
    """The fields that a W3C file names in its first lines."""
    for line in head.split(b"\n", 5)[:5]:
        if line.startswith(_FIELDS):
            return {"fields": line[len(_FIELDS) :].decode(errors="replace").strip()}
    return {}


def _fields(batch: RawBatch) -> str:
    """The order of the fields: as told, as the batch's own heading says, or by what the first line looks like."""
    told = batch.context.get("fields") or heading(b"\n".join(batch.records[:5])).get("fields")
    first = next((record for record in batch.records if record and not record.startswith(b"#")), b"")
    return told or (REAL_TIME if _STAMP.match(first) else STANDARD)


def normalise(batch: RawBatch) -> CallBatch:
    """Neutral calls of lines of fields; never raises."""
    return run(_lines_mapping(_fields(batch)), batch)


def normalise_json(batch: RawBatch) -> CallBatch:
    """Neutral calls of JSON records; never raises."""
    return run(JSON_MAPPING, batch)


def looks_like_lines(head: bytes, filename: str) -> float:
    """``#Fields:`` with CloudFront's names, or tabs between as many fields as CloudFront has."""
    told = heading(head).get("fields", "")
    if told:
        return 0.98 if "x-edge-" in told or "cs-uri-stem" in told else 0.0
    first = head.lstrip().split(b"\n", 1)[0]
    if _DATE.match(first):
        return 0.9 if first.count(b"\t") >= 25 else 0.0
    return 0.8 if _STAMP.match(first) and first.count(b"\t") >= 30 else 0.0


def looks_like_json(head: bytes, filename: str) -> float:
    """CloudFront's field names as keys of the first line."""
    first = head.lstrip().split(b"\n", 1)[0]
    if not first.startswith(b"{"):
        return 0.0
    marks = (b'"cs-method"', b'"cs-uri-stem"', b'"sc-status"', b'"x-edge-')
    return 0.97 * sum(mark in first for mark in marks) / len(marks)
