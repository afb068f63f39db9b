"""OTLP trace exports taken apart: one record per HTTP server span, with the attributes of what it ran on.

Source: OpenTelemetry protocol 1.x (``ExportTraceServiceRequest``), its JSON and its protobuf encoding. Spans of other
kinds, and server spans without any HTTP attribute (gRPC, messaging), are no calls and are left out here.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any, Final

import msgspec
from google.protobuf.message import DecodeError  # type: ignore[import-untyped]
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.trace.v1.trace_pb2 import Span

from connectors.base.errors import VendorAnswerError

_SERVER: Final = re.compile(rb'"kind"\s*:\s*(?:2\b|"SPAN_KIND_SERVER")')
_HTTP: Final = (b'"http.', b'"url.')
_RECORD: Final = b'{"resource":'


class _Scope(msgspec.Struct, gc=False):
    spans: list[msgspec.Raw] = []


class _Resource(msgspec.Struct, gc=False):
    resource: msgspec.Raw = msgspec.Raw(b"{}")
    scope_spans: list[_Scope] = msgspec.field(default_factory=list, name="scopeSpans")
    library_spans: list[_Scope] = msgspec.field(default_factory=list, name="instrumentationLibrarySpans")


class _Request(msgspec.Struct, gc=False):
    resource_spans: list[_Resource] = msgspec.field(name="resourceSpans")


_request = msgspec.json.Decoder(_Request)
_encode = msgspec.json.Encoder().encode


def spans_of(record: bytes) -> list[bytes] | None:
    """The HTTP server spans of an export request as JSON; None when it is none (a span by itself, or broken)."""
    if record.startswith(_RECORD):
        return None
    try:
        request = _request.decode(record)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
    found: list[bytes] = []
    for resource in request.resource_spans:
        start = _RECORD + bytes(resource.resource) + b',"span":'
        for scope in (*resource.scope_spans, *resource.library_spans):
            for raw in scope.spans:
                span = bytes(raw)
                if _SERVER.search(span) and any(mark in span for mark in _HTTP):
                    found.append(start + span + b"}")
    return found


def spans_of_protobuf(body: bytes) -> list[bytes]:
    """The HTTP server spans of an export request as protobuf; ``VendorAnswerError`` when it is none."""
    try:
        request = ExportTraceServiceRequest.FromString(body)
    except (DecodeError, RecursionError):
        raise VendorAnswerError(
            "The push was no OTLP trace export in protobuf.", unchanged="No call was stored."
        ) from None
    found: list[bytes] = []
    for resource in request.resource_spans:
        start = (
            _RECORD + _encode({"attributes": list(_attributes(resource.resource.attributes))}) + b',"span":'
        )
        for scope in resource.scope_spans:
            for span in scope.spans:
                if span.kind == Span.SPAN_KIND_SERVER:
                    made = _span(span)
                    if any(mark in made for mark in _HTTP):
                        found.append(start + made + b"}")
    return found


def _span(span: Span) -> bytes:
    return _encode(
        {
            "traceId": span.trace_id.hex(),
            "spanId": span.span_id.hex(),
            "kind": 2,
            "startTimeUnixNano": str(span.start_time_unix_nano),
            "endTimeUnixNano": str(span.end_time_unix_nano),
            "attributes": list(_attributes(span.attributes)),
        }
    )


_SCALARS: Final = {
    "string_value": "stringValue",
    "int_value": "intValue",
    "bool_value": "boolValue",
    "double_value": "doubleValue",
}


def _attributes(attributes: Iterable[Any]) -> Iterator[dict[str, Any]]:
    for attribute in attributes:
        value = _value(attribute.value)
        if value is not None:
            yield {"key": attribute.key, "value": value}


def _value(value: Any) -> dict[str, Any] | None:
    """A scalar, or a list of scalars; HTTP attributes have nothing else."""
    kind = value.WhichOneof("value")
    name = _SCALARS.get(kind)
    if name is not None:
        return {name: getattr(value, kind)}
    if kind != "array_value":
        return None
    return {
        "arrayValue": {"values": [made for entry in value.array_value.values if (made := _scalar(entry))]}
    }


def _scalar(value: Any) -> dict[str, Any] | None:
    kind = value.WhichOneof("value")
    name = _SCALARS.get(kind)
    return None if name is None else {name: getattr(value, kind)}
