"""Receive OTLP/HTTP trace exports and answer them as the protocol wants."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import msgspec
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceResponse

from connectors.base.calls import CallBatch, RawBatch
from connectors.base.errors import VendorAnswerError
from connectors.base.receiving import PushAnswer, Receiver
from connectors.egress import Egress
from connectors.otel.export import spans_of, spans_of_protobuf
from connectors.otel.manifest import OtelSettings
from connectors.otel.spans import SOURCE, read

_PROTOBUF: Final = "application/x-protobuf"
_JSON: Final = "application/json"
#: gRPC's codes for what is refused; senders show them.
_CODES: Final = {400: 3, 401: 16, 403: 7, 404: 5, 413: 8, 422: 3, 429: 8, 503: 14}


class Calls(Receiver):
    """The receive-calls capability for OpenTelemetry SDKs and collectors."""

    def __init__(self, settings: OtelSettings, egress: Egress) -> None:
        """Nothing of the settings is needed to read spans."""

    def parse(self, body: bytes, headers: Mapping[str, str]) -> RawBatch:
        """The HTTP server spans of one export request, in protobuf or JSON; other spans are left out."""
        if _encoding(headers) == _PROTOBUF:
            return RawBatch(SOURCE, tuple(spans_of_protobuf(body)))
        found = spans_of(body)
        if found is None:
            raise VendorAnswerError(
                "The push was no OTLP trace export as JSON.", unchanged="No call was stored."
            )
        return RawBatch(SOURCE, tuple(found))

    def normalise(self, batch: RawBatch) -> CallBatch:
        """Neutral calls; a span that cannot be read is quarantined with its reason."""
        return read(batch)

    @classmethod
    def acknowledged(cls, headers: Mapping[str, str], push_id: str, records: int, now: float) -> PushAnswer:
        """Full success: every span was taken, those that are no HTTP server spans too."""
        if _encoding(headers) == _PROTOBUF:
            return PushAnswer(200, ExportTraceServiceResponse().SerializeToString(), _PROTOBUF)
        return PushAnswer(200, b"{}", _JSON)

    @classmethod
    def refused(cls, headers: Mapping[str, str], status: int, detail: str, now: float) -> PushAnswer | None:
        """A ``Status`` in the sender's encoding. Only 429 and 502 to 504 make an exporter try again."""
        code = _CODES.get(status, 2)
        status = 400 if status == 422 else status
        if _encoding(headers) == _PROTOBUF:
            return PushAnswer(status, _status(code, detail), _PROTOBUF)
        return PushAnswer(status, msgspec.json.encode({"code": code, "message": detail}), _JSON)


def _encoding(headers: Mapping[str, str]) -> str:
    return _PROTOBUF if "protobuf" in headers.get("content-type", "").lower() else _JSON


def _status(code: int, message: str) -> bytes:
    """``google.rpc.Status`` with its two scalar fields (1: code, 2: message)."""
    text = message.encode()[:16000]
    return b"\x08" + _varint(code) + b"\x12" + _varint(len(text)) + text


def _varint(number: int) -> bytes:
    made = bytearray()
    while number > 0x7F:
        made.append(number & 0x7F | 0x80)
        number >>= 7
    return bytes([*made, number])
