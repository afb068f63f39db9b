"""Common and combined log format with extra fields behind it: nginx, Apache, Kong's own access log.

Sources: Apache ``mod_log_config`` (common, combined, vhost_combined), nginx ``ngx_http_log_module``. Behind
the user agent people append host, request time in seconds and ``key=value`` pairs, recognised by shape.
"""

from __future__ import annotations

import re
from collections import Counter
from datetime import datetime
from functools import lru_cache
from typing import Any, Final

from connectors.base.calls import CallBatch, Quarantined, RawBatch
from connectors.base.columns import (
    MAX_RECORD_BYTES,
    address,
    calls_from_columns,
    http_status,
    made_id,
    plain_host,
    quarantined,
    text,
    whole,
)

SOURCE: Final = "file.clf"

_QUOTED: Final = r'"((?:[^"\\]|\\.)*)"'
_LINE = re.compile(
    r"^(?:(?P<vhost>[\w.-]+:\d{1,5}) )?(\S+) (\S+) ([^\[]*?) ?\[([^\]]{20,32})\] "
    + _QUOTED
    + r" (\d{3}|-) (\d+|-)(?: "
    + _QUOTED
    + " "
    + _QUOTED
    + r")?(.*)$"
)
_REQUEST = re.compile(r"^([A-Za-z][A-Za-z_-]{1,31}) (\S.*?)(?: (HTTP/\d(?:\.\d)?))?$")
_TAIL = re.compile(r'(?:([A-Za-z_]\w*)=)?(?:"((?:[^"\\]|\\.)*)"|(\S+))')
_ESCAPE = re.compile(r"\\(?:x([0-9A-Fa-f]{2})|(.))")
_SECONDS = re.compile(r"^\d{1,6}\.\d{1,6}$")
_HOST = re.compile(r"^(?=.*[A-Za-z])[\w-]+(?:\.[\w-]+)+(?::\d+)?$|^localhost(?::\d+)?$")

_NAMES: Final = {
    "host": "host", "vhost": "host", "server_name": "host", "http_host": "host",
    "rt": "request_time", "request_time": "request_time",
    "urt": "upstream_time", "upstream_response_time": "upstream_time",
    "ua": "upstream_address", "upstream_addr": "upstream_address",
    "us": "upstream_status", "upstream_status": "upstream_status",
    "request_id": "request_id", "rid": "request_id", "req_id": "request_id", "kong_request_id": "request_id",
    "rl": "request_length", "request_length": "request_length",
}  # fmt: skip

#: The columns this source fills, in the order ``_row`` gives them.
COLUMNS: Final = (
    "call_id", "ts", "host", "method", "path", "query", "protocol", "upstream", "client_ip",
    "client_ip_trust", "principal_kind", "principal", "user_agent", "status", "latency_ms", "upstream_status",
    "upstream_latency_ms",
    "request_bytes", "response_bytes", "auth_present",
)  # fmt: skip


def looks_like_clf(head: bytes, filename: str) -> float:
    """How many of the first lines are in the format."""
    lines = [line for line in head.decode(errors="replace").splitlines()[:20] if line.strip()]
    whole_lines = lines[:-1] or lines
    hits = sum(_LINE.match(line) is not None for line in whole_lines)
    return 0.9 * hits / len(whole_lines) if whole_lines else 0.0


def normalise(batch: RawBatch) -> CallBatch:
    """Neutral calls of access-log lines; never raises. Lines have no id of their own.

    In a file the line's number keeps equal lines apart; in a push their count within the push does.
    """
    first_line = whole(batch.context.get("first_line"))
    seen: Counter[bytes] = Counter()
    rows: list[tuple[Any, ...]] = []
    bad: list[Quarantined] = []
    for number, raw in enumerate(batch.records):
        if not raw or raw.isspace():
            continue
        line = None if first_line is None else first_line + number
        if line is None:
            seen[raw] += 1
        row = _row(raw, seen[raw] if line is None else line)
        if isinstance(row, str):
            bad.append(quarantined(raw, row, line))
        else:
            rows.append(row)
    columns = dict(zip(COLUMNS, zip(*rows, strict=True), strict=False))
    return CallBatch(batch.source, calls_from_columns(columns, len(rows)), tuple(bad))


def _row(raw: bytes, occurrence: int) -> tuple[Any, ...] | str:
    """One call's values in the order of ``COLUMNS``, or the reason why the line cannot be a call."""
    if len(raw) > MAX_RECORD_BYTES:
        return "the line is longer than 1 MiB"
    found = _LINE.match(raw.decode(errors="replace"))
    if found is None:
        return "not a line in common or combined log format"
    vhost, peer, _, user, time_text, request, status, size, _, agent, tail = found.groups()
    ts = _micros(time_text)
    if ts is None:
        return "the time is not in the form 28/Sep/2026:00:00:12 +0000"
    asked = _REQUEST.match(_unescaped(request))
    if asked is None:
        return "the request line is not METHOD path PROTOCOL"
    method, target, protocol = asked.groups()
    path, mark, query = target.partition("?")
    extra = _extra(tail) if tail else {}
    client, principal = address(peer), text(user)
    return (
        extra.get("request_id") or made_id(raw.decode(errors="backslashreplace"), occurrence),
        ts,
        plain_host(extra.get("host") or vhost),
        method.upper(),
        _origin_form(path),
        query if mark else "",
        protocol,
        extra.get("upstream_address"),
        client,
        None if client is None else "peer",
        "user" if principal else None,
        principal,
        text(_unescaped(agent)) if agent else None,
        http_status(status),
        _milliseconds(extra.get("request_time")),
        http_status(extra.get("upstream_status")),
        _milliseconds(extra.get("upstream_time")),
        whole(extra.get("request_length")),
        whole(size),
        True if principal else None,
    )


def _extra(tail: str) -> dict[str, str]:
    """The fields behind the user agent: named ones by name, bare ones by their shape."""
    found: dict[str, str] = {}
    for name, quoted, bare in _TAIL.findall(tail[:4096]):
        value = quoted or bare
        if not value or value == "-":
            continue
        if name:
            known = _NAMES.get(name.lower())
            if known:
                found[known] = value
        elif _SECONDS.match(value):
            found.setdefault("upstream_time" if "request_time" in found else "request_time", value)
        elif _HOST.match(value):
            found.setdefault("host", value)
    return found


def _origin_form(path: str) -> str:
    """The path of an absolute-form request target (``http://host/path``)."""
    if path.startswith("/"):
        return path
    _, scheme, rest = path.partition("://")
    return "/" + rest.partition("/")[2] if scheme else path


def _milliseconds(seconds: str | None) -> float | None:
    """nginx writes seconds; of a list over several upstreams the last counts."""
    if not seconds:
        return None
    try:
        value = float(seconds.rsplit(",", 1)[-1])
    except ValueError:
        return None
    return value * 1000 if 0 <= value < 1e6 else None


def _unescaped(value: str) -> str:
    """nginx and Apache write ``\\xHH`` and backslash escapes; raw bytes come back percent-encoded."""
    return _ESCAPE.sub(_unescape, value) if "\\" in value else value


def _unescape(found: re.Match[str]) -> str:
    code, other = found.groups()
    if not code:
        return str(other)
    char = int(code, 16)
    return chr(char) if 0x20 <= char < 0x7F else f"%{code.upper()}"


@lru_cache(maxsize=65536)
def _micros(value: str) -> int | None:
    try:
        return int(datetime.strptime(value, "%d/%b/%Y:%H:%M:%S %z").timestamp()) * 1_000_000
    except (ValueError, OverflowError):
        return None
