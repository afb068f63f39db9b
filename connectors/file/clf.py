"""Common and combined log format with extra fields behind it: nginx, Apache, Kong's own access log.

Sources: Apache ``mod_log_config`` (common, combined, vhost_combined), nginx ``ngx_http_log_module``. Behind
the user agent people append host, request time in seconds and ``key=value`` pairs, recognised by shape.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import Any, Final

import pyarrow as pa
import pyarrow.compute as pc

from connectors.base.calls import CallBatch, RawBatch
from connectors.base.mapping import Cells, From, Mapping, Path, Read, convert, per_distinct, segments
from connectors.base.mapping import normalise as run
from connectors.base.mapping.kernels import split_request

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
_GROUPS: Final = (
    "vhost",
    "peer",
    "ident",
    "user",
    "time",
    "request",
    "status",
    "size",
    "referer",
    "agent",
    "tail",
)
_NONE: Final[dict[str, str]] = {}
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


def looks_like_clf(head: bytes, filename: str) -> float:
    """How many of the first lines are in the format."""
    lines = [line for line in head.decode(errors="replace").splitlines()[:20] if line.strip()]
    whole_lines = lines[:-1] or lines
    hits = sum(_LINE.match(line) is not None for line in whole_lines)
    return 0.9 * hits / len(whole_lines) if whole_lines else 0.0


class _Lines:
    """Takes lines apart by the pattern, and request line and tail into fields of their own."""

    def prepared(self, paths: frozenset[tuple[str, ...]]) -> _Lines:
        """Every field is read anyway."""
        return self

    def read(self, records: Sequence[bytes]) -> Read:
        """The lines' fields by name."""
        rows: list[tuple[str | None, ...]] = []
        reasons: dict[int, str] = {}
        match = _LINE.match
        for place, record in enumerate(records):
            found = match(record.decode(errors="replace"))
            if found is None:
                reasons[place] = "not a line in common or combined log format"
            else:
                rows.append(found.groups())
        places = [place for place in range(len(records)) if place not in reasons] if reasons else None
        return Read(_Fields(rows), places, reasons)


class _Fields:
    """Good lines as columns by name."""

    def __init__(self, rows: Sequence[tuple[str | None, ...]]) -> None:
        self.count = len(rows)
        self._columns: dict[str, Any] = dict(zip(_GROUPS, zip(*rows, strict=True), strict=False))
        if rows:
            self._columns["agent"] = _unescaped(convert("raw", list(self._columns["agent"])))
            self._ask(_unescaped(convert("raw", list(self._columns.pop("request")))))
            self._more(self._columns.pop("tail"))

    def _ask(self, request: pa.Array) -> None:
        parts = split_request(request)
        self._columns.update(zip(("method", "target", "protocol"), parts, strict=True))

    def _more(self, tails: Sequence[str]) -> None:
        extras = [_extra(tail) if tail else _NONE for tail in tails]
        for name in {name for extra in extras for name in extra}:
            self._columns[name] = [extra.get(name) for extra in extras]
        for name in ("request_time", "upstream_time"):
            if name in self._columns:  # of a list over several upstreams the last counts
                texts = convert("raw", self._columns[name])
                self._columns[name] = pc.replace_substring_regex(texts, r"^.*,\s*", "")

    def cells(self, path: Path) -> Cells | None:
        """One field of every line."""
        found = self._columns.get(segments(path)[0])
        return list(found) if isinstance(found, tuple) else found


#: Lines have no id of their own: in a file the number keeps equal ones apart, in a push their count within it.
MAPPING: Final = Mapping(
    _Lines(),
    {
        "call_id": From("request_id", kind="raw"),
        "ts": From("time", kind="time"),
        "host": From("host", "vhost", kind="host"),
        "method": From("method", kind="upper"),
        "target": From("target", kind="raw"),
        "protocol": From("protocol"),
        "upstream": From("upstream_address", kind="raw"),
        "client_ip": From("peer", kind="address"),
        "user_agent": From("agent"),
        "status": From("status", kind="status"),
        "latency_ms": From("request_time", kind="seconds"),
        "upstream_status": From("upstream_status", kind="status"),
        "upstream_latency_ms": From("upstream_time", kind="seconds"),
        "request_bytes": From("request_length", kind="whole"),
        "response_bytes": From("size", kind="whole"),
    },
    principals=(("user", "user"),),
    trust="peer",
    numbered=True,
    reasons={
        "ts": "the time is not in the form 28/Sep/2026:00:00:12 +0000",
        "method": "the request line is not METHOD path PROTOCOL",
        "path": "the request line is not METHOD path PROTOCOL",
    },
)


def normalise(batch: RawBatch) -> CallBatch:
    """Neutral calls of access-log lines; never raises."""
    return run(MAPPING, batch)


def _extra(tail: str) -> dict[str, str]:
    """The fields behind the user agent: named ones by name, bare ones by their shape."""
    found: dict[str, str] = {}
    for name, value in _words(tail[:4096]):
        if not value or value == "-":
            continue
        if name:
            known = _NAMES.get(name.lower())
            if known:
                found[known] = value
            continue
        shape = _shape(value)
        if shape == "request_time":
            found.setdefault("upstream_time" if "request_time" in found else "request_time", value)
        elif shape:
            found.setdefault(shape, value)
    return found


def _words(tail: str) -> Iterable[tuple[str, str]]:
    if '"' in tail or "=" in tail:
        return ((name, quoted or bare) for name, quoted, bare in _TAIL.findall(tail))
    return (("", word) for word in tail.split())


@lru_cache(maxsize=65536)
def _shape(value: str) -> str | None:
    """What a bare word is by its shape."""
    if _SECONDS.match(value):
        return "request_time"
    return "host" if _HOST.match(value) else None


def _unescaped(texts: pa.Array) -> pa.Array:
    """nginx and Apache write ``\\xHH`` and backslash escapes; raw bytes come back percent-encoded."""
    escaped = pc.match_substring(texts, "\\")
    if not pc.any(escaped).as_py():
        return texts
    return per_distinct(texts, lambda value: _ESCAPE.sub(_unescape, value), pa.string())


def _unescape(found: re.Match[str]) -> str:
    code, other = found.groups()
    if not code:
        return str(other)
    char = int(code, 16)
    return chr(char) if 0x20 <= char < 0x7F else f"%{code.upper()}"
