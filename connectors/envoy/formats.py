"""Files Envoy users have: access log lines in Envoy's and Istio's default formats, and as JSON."""

from __future__ import annotations

import re
from typing import Final

from connectors.base.formats import CallFormat, FileFormat
from connectors.envoy import json_log, text

#: Time in brackets, the request, a status and Envoy's flags.
_LINE: Final = re.compile(rb'\[\d{4}-\d\d-\d\dT[0-9:.]+Z?\] "[^"]*" \d{1,3} [A-Za-z,-]+ ')
#: Keys that only Envoy's operators are named after.
_KEYS: Final = (
    b'"response_flags"', b'"upstream_cluster"', b'"downstream_remote_address"', b'"upstream_service_time"',
    b'"requested_server_name"', b'"response_code_details"', b'"x-envoy-origin-path"', b'"upstream_host"',
    b'"x_envoy_original_path"', b'"downstream_local_address"',
)  # fmt: skip


def _looks_like_text(head: bytes, filename: str) -> float:
    return 0.95 if _LINE.match(head.lstrip()[:8192]) else 0.0


def _looks_like_json(head: bytes, filename: str) -> float:
    """Two of Envoy's own keys in the first line."""
    first = head.lstrip()[:16384].split(b"\n", 1)[0]
    if not first.startswith((b"{", b"[")):
        return 0.0
    hits = sum(key in first for key in _KEYS)
    return (0.0, 0.3, 0.8, 0.9)[min(hits, 3)]


FORMATS: Final[tuple[FileFormat, ...]] = (
    CallFormat(text.SOURCE, "Envoy or Istio access log (default lines)", _looks_like_text, text.read),
    CallFormat(json_log.SOURCE, "Envoy or Istio access log (JSON lines)", _looks_like_json, json_log.read),
)
