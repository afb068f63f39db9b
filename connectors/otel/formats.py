"""Files OpenTelemetry users have: OTLP JSON lines as the collector's file exporter writes them."""

from __future__ import annotations

from typing import Final

from connectors.base.formats import CallFormat, FileFormat
from connectors.otel.spans import SOURCE, read


def _looks_like_traces(head: bytes, filename: str) -> float:
    start = head.lstrip()[:4096]
    return 0.97 if start.startswith((b"{", b"[")) and b'"resourceSpans"' in start else 0.0


FORMATS: Final[tuple[FileFormat, ...]] = (
    CallFormat(SOURCE, "OpenTelemetry traces (OTLP JSON lines)", _looks_like_traces, read),
)
