"""The neutral call: one API request and what is known of its response, as an Arrow schema.

A null means *this source cannot know*, never "none". Event time is integer microseconds since the
epoch (UTC) so that every engine groups and compares it alike.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import pyarrow as pa

CALL_SCHEMA_VERSION: Final = 1

#: The method of a call whose source does not log methods (a firewall's log alone). No operation is learned from it.
UNKNOWN_METHOD: Final = "UNKNOWN"

_text = pa.string()

#: Columns a connector's ``normalise`` fills. ``headers`` and ``body`` never leave the door.
NORMALISED_SCHEMA: Final = pa.schema(
    [
        pa.field("call_id", _text, nullable=False),  # vendor's request id, else a hash of the record
        pa.field("ts", pa.int64(), nullable=False),  # request start, µs since the epoch
        pa.field("gateway", _text),  # vendor ref of the API / control plane
        pa.field("stage", _text),
        pa.field("host", _text),
        pa.field("method", _text, nullable=False),  # upper case, or UNKNOWN_METHOD
        pa.field("path", _text, nullable=False),  # as the client sent it, without the query
        pa.field("query", _text),  # raw, without "?"; null: the source does not log it
        pa.field("declared_route", _text),  # "METHOD /template" or the vendor's route key
        pa.field("protocol", _text),
        pa.field("upstream", _text),
        pa.field("client_ip", _text),
        pa.field("client_ip_trust", _text),  # peer | trusted_hop | header
        pa.field("principal_kind", _text),  # user | consumer | key | caller
        pa.field("principal", _text),  # in clear here; a keyed hash behind the door
        pa.field("session", _text),  # in clear here; a keyed hash behind the door
        pa.field("consumer", _text),  # the vendor's consumer/app name
        pa.field("user_agent", _text),
        pa.field("ja3", _text),
        pa.field("ja4", _text),
        pa.field("country", _text),
        pa.field("asn", pa.int64()),
        pa.field("status", pa.int16()),
        pa.field("latency_ms", pa.float32()),
        pa.field("upstream_status", pa.int16()),
        pa.field("upstream_latency_ms", pa.float32()),
        pa.field("request_bytes", pa.int64()),
        pa.field("response_bytes", pa.int64()),
        pa.field("request_content_type", _text),
        pa.field("response_content_type", _text),
        pa.field("auth_present", pa.bool_()),  # a credential was sent; null: cannot know
        pa.field("waf_action", _text),  # ALLOW | BLOCK | COUNT | CAPTCHA | CHALLENGE
        pa.field("waf_rules", pa.list_(_text)),  # rules that matched, counting ones included
        pa.field("headers", pa.map_(_text, _text)),  # dropped at the door
        pa.field("body", _text),  # dropped at the door
        pa.field("response_body", _text),  # dropped at the door
    ]
)

#: Columns the door adds before a call is stored; ``headers``/``body``/``response_body`` are gone by then.
DOOR_FIELDS: Final = [
    pa.field("connection", _text, nullable=False),
    pa.field("received_at", pa.int64(), nullable=False),  # µs since the epoch
    pa.field("signatures", pa.list_(_text)),  # rule ids that hit, null when nothing could be evaluated
    pa.field("signature_score", pa.int16()),  # 0..100
    pa.field("data_classes", pa.list_(_text)),  # "<where>:<field path>:<class>", values never
    pa.field("query_fields", pa.list_(_text)),  # "<name>:<type>"
    pa.field("body_fields", pa.list_(_text)),  # "<json path>:<type>"
    pa.field("response_fields", pa.list_(_text)),
]

_DROPPED: Final = {"headers", "body", "response_body"}

#: What is written to a segment of the event store.
CALL_SCHEMA: Final = pa.schema(
    [f for f in NORMALISED_SCHEMA if f.name not in _DROPPED] + DOOR_FIELDS,
    metadata={"portcullis.call_schema_version": str(CALL_SCHEMA_VERSION)},
)


@dataclass(frozen=True, slots=True)
class Quarantined:
    """One record that could not be read: why, and a short excerpt with no secrets for the operator."""

    reason: str
    excerpt: str
    line: int | None = None


@dataclass(frozen=True, slots=True)
class RawBatch:
    """Records as the vendor wrote them: ``source`` names the format (``aws.waf``, ``kong.http_log``).

    ``context`` carries what is needed to read them (the access-log format string, stage, API id …).
    """

    source: str
    records: tuple[bytes, ...]
    context: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class CallBatch:
    """Normalised calls (``NORMALISED_SCHEMA``) beside the records that had to be quarantined."""

    source: str
    table: pa.Table
    quarantined: tuple[Quarantined, ...] = ()


def calls_table(rows: Iterable[Mapping[str, Any]]) -> pa.Table:
    """Build a ``NORMALISED_SCHEMA`` table from row mappings; missing keys become null."""
    return pa.Table.from_pylist([dict(row) for row in rows], schema=NORMALISED_SCHEMA)
