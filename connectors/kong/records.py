"""Kong's log record as typed values: one JSON object per request of http-log, file-log and their siblings.

Source: Kong ``kong/pdk/log.lua`` (documented serializer) 0.11 … 3.15. Known variants: numbers as strings,
empty lists as ``{}``, repeated headers as lists, ``request_uri`` for ``uri``, no ``request.id`` before 3.5.
"""

from __future__ import annotations

from typing import Any, Final

import msgspec

from connectors.base.columns import MAX_RECORD_BYTES

# gc=False: records are trees, and tracking them costs a third of the reading time.
Loose = str | int | float | None


class _Request(msgspec.Struct, gc=False):
    id: str | None = None
    method: str | None = None
    uri: str | None = None
    request_uri: str | None = None
    url: str | None = None
    size: Loose = None
    headers: dict[str, Any] | list[Any] | None = None
    querystring: dict[str, Any] | list[Any] | None = None
    body: Any = None


class Response(msgspec.Struct, gc=False):
    """The ``response`` object."""

    status: Loose = None
    size: Loose = None
    headers: dict[str, Any] | list[Any] | None = None
    body: Any = None


class Latencies(msgspec.Struct, gc=False):
    """Durations in milliseconds; -1 for what did not happen."""

    request: Loose = None
    proxy: Loose = None


class Named(msgspec.Struct, gc=False):
    """The part of an embedded service, route, consumer or credential that calls keep."""

    id: str | None = None
    name: str | None = None
    username: str | None = None
    custom_id: str | None = None
    host: str | None = None
    tags: Any = None


class Record(msgspec.Struct, gc=False):
    """One logged request."""

    request: _Request
    started_at: Loose
    response: Response | list[Any] | None = None
    latencies: Latencies | list[Any] | None = None
    client_ip: str | None = None
    upstream_status: Loose = None
    tries: Any = None
    service: Named | list[Any] | None = None
    route: Named | list[Any] | None = None
    consumer: Named | list[Any] | None = None
    authenticated_entity: Named | list[Any] | None = None
    workspace: str | None = None
    workspace_name: str | None = None
    source: str | None = None


_decoder: Final = msgspec.json.Decoder(Record, strict=True)
NO_RESPONSE: Final = Response()
NO_LATENCIES: Final = Latencies()
NOBODY: Final = Named()


def decode(record: bytes) -> Record | str:
    """The record, or the reason why it is none. Raw bytes that are not UTF-8 are replaced, not refused."""
    if len(record) > MAX_RECORD_BYTES:
        return "the record is longer than 1 MiB"
    try:
        return _decoder.decode(record)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        pass
    try:
        return _decoder.decode(record.decode(errors="replace"))
    except (msgspec.ValidationError, RecursionError) as error:
        return f"not a Kong log record: {str(error)[:120]}"
    except (msgspec.DecodeError, UnicodeError) as error:
        return f"not JSON: {str(error)[:120]}"
