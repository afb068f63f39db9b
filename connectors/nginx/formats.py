"""Files nginx users have: access logs as JSON lines."""

from __future__ import annotations

from typing import Final

from connectors.base.formats import CallFormat, FileFormat
from connectors.nginx.json_log import SOURCE, read

#: nginx variables as keys; the first group is nginx's alone.
_OWN: Final = (
    b'"body_bytes_sent"', b'"time_iso8601"', b'"time_local"', b'"http_user_agent"', b'"remote_addr"',
    b'"upstream_response_time"', b'"request_length"', b'"remote_user"', b'"http_referer"', b'"server_protocol"',
)  # fmt: skip
_COMMON: Final = (
    b'"request_uri"',
    b'"request_method"',
    b'"request_time"',
    b'"uri"',
    b'"request"',
    b'"status"',
)


def _looks_like_nginx(head: bytes, filename: str) -> float:
    """Variables of nginx as keys in the first line."""
    first = head.lstrip()[:16384].split(b"\n", 1)[0].replace(b'" :', b'":')
    if not first.startswith((b"{", b"[")):
        return 0.0
    own, common = sum(key in first for key in _OWN), sum(key in first for key in _COMMON)
    if common < 2 or own + common < 4:
        return 0.0
    return min(0.85, 0.35 + 0.15 * own)


FORMATS: Final[tuple[FileFormat, ...]] = (
    CallFormat(SOURCE, "nginx access log (JSON lines)", _looks_like_nginx, read),
)
