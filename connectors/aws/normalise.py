"""Raw records of any of the connector's sources as neutral calls.

Sources: ``aws.access`` (lines of a stage's format), ``aws.waf``, ``aws.access_json`` (files) and ``aws.request``:
an access line and the WAF record of the same request in one record, so that one request is one call.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from typing import Final

import pyarrow as pa
import pyarrow.compute as pc

from connectors.aws.access_log import access_columns
from connectors.aws.columns import Columns, finished, take_rows
from connectors.aws.log_format import LogFormat, parse_format
from connectors.aws.waf_log import waf_columns
from connectors.base.calls import CallBatch, Quarantined, RawBatch
from connectors.base.mapping.kernels import coalesced

#: Between an access line and its WAF record. JSON escapes control characters, so the last one in a record is ours.
SEPARATOR: Final = b"\x1e"

#: Columns the WAF record knows better; in all others the access line does.
_WAF_FIRST: Final = ("path", "query", "headers", "country", "ja3", "ja4", "asn", "waf_action", "waf_rules")


def normalise(batch: RawBatch) -> CallBatch:
    """Neutral calls of a batch; records that cannot be read are quarantined with their reason."""
    if not batch.records:
        return finished(batch.source, {}, (), str, {})
    try:
        log_format = _format(batch)
    except ValueError as error:
        reason = f"The access-log format cannot be used: {error}"
        return CallBatch(
            batch.source,
            finished(batch.source, {}, (), str, {}).table,
            tuple(Quarantined(reason, "", row + 1) for row in range(len(batch.records))),
        )
    records = batch.records
    if batch.source == "aws.waf":
        columns, reasons = waf_columns(records)
    elif batch.source == "aws.request":
        columns, reasons = _merged(records, log_format, batch.context)
    else:
        columns, reasons = access_columns(records, log_format, batch.context)
    return finished(batch.source, columns, records, lambda row: record_id(records[row]), reasons)


def record_id(record: bytes) -> str:
    """The id of a record whose vendor gave it none: a hash, so that reading it twice counts once."""
    return hashlib.sha256(record).hexdigest()[:32]


def joined(line: bytes, waf_record: bytes | None) -> bytes:
    """One ``aws.request`` record."""
    return line if waf_record is None else line + SEPARATOR + waf_record


def _format(batch: RawBatch) -> LogFormat | None:
    text = batch.context.get("format", "")
    return parse_format(text) if text and batch.source != "aws.access_json" else None


def _merged(
    records: Sequence[bytes], log_format: LogFormat | None, context: Mapping[str, str]
) -> tuple[Columns, dict[int, str]]:
    lines: list[bytes] = []
    waf_lines: list[bytes] = []
    rows: list[int | None] = []
    for record in records:
        line, separator, waf_line = record.rpartition(SEPARATOR)
        lines.append(line if separator else record)
        rows.append(len(waf_lines) if separator else None)
        if separator:
            waf_lines.append(waf_line)
    access, reasons = access_columns(lines, log_format, context)
    if not waf_lines:
        return access, reasons
    waf, _ = waf_columns(waf_lines)
    stretched = take_rows(waf, rows, len(records))
    made: Columns = {}
    for name in {*access, *stretched}:
        first, second = access.get(name), stretched.get(name)
        if name in _WAF_FIRST:
            first, second = second, first
        column = _either(name, first, second)
        if column is not None:
            made[name] = column
    return made, reasons


def _either(name: str, first: pa.Array | None, second: pa.Array | None) -> pa.Array | None:
    if name in ("headers", "waf_rules"):
        return first if first is not None else second
    if name == "auth_present" and first is not None and second is not None:
        return pc.if_else(pc.fill_null(first, False), first, second)
    return coalesced(first, second)
