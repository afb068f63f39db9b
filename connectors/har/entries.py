"""Entries of an HTTP archive as neutral calls.

Source: HAR 1.2 specification; browsers' exports (Chrome, Firefox, Safari), mitmproxy and Charles.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from functools import partial
from typing import Any, Final

import msgspec
import pyarrow as pa
import pyarrow.compute as pc

from connectors.base.errors import VendorAnswerError
from connectors.base.mapping import Columns, From, JsonLines, Rows, convert, normalise
from connectors.base.mapping import Mapping as FormatMapping

SOURCE: Final = "har.entries"

#: Requests that never left the machine.
_LOCAL: Final = r"^(data|blob|chrome-extension|moz-extension|about|file|ws|wss):"
_CREDENTIALS: Final = frozenset(
    {"authorization", "proxy-authorization", "cookie", "x-api-key", "apikey", "api-key"}
)


class _Log(msgspec.Struct):
    entries: list[msgspec.Raw]


class _Archive(msgspec.Struct):
    log: _Log


_archive = msgspec.json.Decoder(_Archive)


def entries(data: bytes) -> list[bytes]:
    """The entries of an archive; ``VendorAnswerError`` when it is none."""
    try:
        found = _archive.decode(data)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        try:
            found = _archive.decode(data.decode(errors="replace"))
        except (msgspec.DecodeError, RecursionError):
            raise VendorAnswerError(
                "The file is no whole HTTP archive: it has no log with entries.",
                unchanged="No call was read.",
            ) from None
    return [bytes(entry) for entry in found.log.entries]


def _finish(rows: Rows, columns: Columns, context: Mapping[str, str]) -> None:
    """What is in headers and bodies; requests that never left the browser are no calls."""
    sent, answered = _headers(rows, "request.headers"), _headers(rows, "response.headers")
    columns["headers"] = convert("headers", sent)
    names = [{} if cell is None else cell for cell in sent]
    columns["user_agent"] = _named(names, "user-agent")
    columns["host"] = pc.coalesce(
        columns.get("host", pa.nulls(rows.count, pa.string())), convert("host", _values(names, "host"))
    )
    known = columns.get("request_content_type", pa.nulls(rows.count, pa.string()))
    columns["request_content_type"] = pc.coalesce(_named(names, "content-type"), known)
    # Browsers leave credentials out of an export unless asked: none seen does not mean none sent.
    seen = [True if _CREDENTIALS & cell.keys() else None for cell in names]
    columns["auth_present"] = pa.array(seen, pa.bool_())
    received = [{} if cell is None else cell for cell in answered]
    kind = columns.get("response_content_type", pa.nulls(rows.count, pa.string()))
    columns["response_content_type"] = pc.coalesce(_named(received, "content-type"), kind)
    columns["response_body"] = _response_bodies(rows)
    urls = convert("text", _cells(rows, "request.url"))
    local = pc.fill_null(pc.match_substring_regex(urls, _LOCAL), False)
    columns["path"] = pc.if_else(local, None, columns.get("path", urls))


def _cells(rows: Rows, path: str) -> Any:
    cells = rows.cells(path)
    return [None] * rows.count if cells is None else cells


def _listed(rows: Rows, path: str) -> list[Any]:
    cells = _cells(rows, path)
    return cells if isinstance(cells, list) else cells.to_pylist()


def _headers(rows: Rows, path: str) -> list[dict[str, str] | None]:
    """Headers by name in lower case, repeated ones joined; HTTP/2's ``:authority`` is the host."""
    made: list[dict[str, str] | None] = []
    for cell in _listed(rows, path):
        if type(cell) is not list:
            made.append(None)
            continue
        row: dict[str, str] = {}
        for header in cell:
            name, value = (header.get("name"), header.get("value")) if type(header) is dict else (None, None)
            if type(name) is not str or type(value) is not str:
                continue
            name = name.lower()
            name = "host" if name == ":authority" else name
            if not name.startswith(":"):
                row[name] = f"{row[name]}, {value}" if name in row else value
        made.append(row)
    return made


def _values(headers: list[dict[str, str]], name: str) -> list[str | None]:
    return [row.get(name) for row in headers]


def _named(headers: list[dict[str, str]], name: str) -> pa.Array:
    return convert("text", _values(headers, name))


def _response_bodies(rows: Rows) -> pa.Array:
    texts, encodings = _listed(rows, "response.content.text"), _listed(rows, "response.content.encoding")
    bodies = [
        _unpacked(text) if encoding == "base64" else text if type(text) is str else None
        for text, encoding in zip(texts, encodings, strict=True)
    ]
    return convert("text", bodies)


def _unpacked(text: Any) -> str | None:
    """A body in base64 as text; None when it is none (an image)."""
    try:
        return base64.b64decode(text, validate=True).decode()
    except (binascii.Error, ValueError, TypeError):
        return None


MAPPING: Final = FormatMapping(
    JsonLines(),
    {
        "ts": From("startedDateTime", kind="time"),
        "method": From("request.method"),
        "target": From("request.url"),
        "protocol": From("request.httpVersion", "response.httpVersion"),
        "upstream": From("serverIPAddress"),
        "status": From("response.status", kind="status"),
        "latency_ms": From("time", kind="millis"),
        "upstream_latency_ms": From("timings.wait", kind="millis"),
        "request_bytes": From("request.bodySize", kind="whole"),
        "response_bytes": From("response.content.size", "response.bodySize", kind="whole"),
        "request_content_type": From("request.postData.mimeType"),
        "response_content_type": From("response.content.mimeType"),
        "body": From("request.postData.text"),
    },
    finish=_finish,
    also=(
        "request.headers",
        "response.headers",
        "response.content.text",
        "response.content.encoding",
    ),
    numbered=True,
    reasons={
        "ts": "the entry has no readable startedDateTime",
        "method": "the entry has no request with a method",
        "path": "the entry is no HTTP request to a server (its URL is missing or local)",
    },
)

read = partial(normalise, MAPPING)
