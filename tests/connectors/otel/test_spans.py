"""HTTP server spans in OTLP, by both semantic conventions and in both encodings."""

from __future__ import annotations

import json
from typing import Any

import pytest
from google.protobuf.json_format import ParseDict  # type: ignore[import-untyped]
from hypothesis import given
from hypothesis import strategies as st
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import (
    ExportTraceServiceRequest,
    ExportTraceServiceResponse,
)

from connectors.base.calls import CallBatch, RawBatch
from connectors.base.detect import detect
from connectors.base.errors import VendorAnswerError
from connectors.base.formats import CallFormat
from connectors.otel.calls import Calls
from connectors.otel.manifest import OtelSettings
from connectors.otel.spans import SOURCE, read
from connectors.testkit.running import local_egress

STABLE = {
    "http.request.method": "POST",
    "url.scheme": "https",
    "url.path": "/v1/orders/17",
    "url.query": "limit=20",
    "http.route": "/v1/orders/{id}",
    "http.response.status_code": 200,
    "server.address": "api.acme.example",
    "server.port": 443,
    "client.address": "198.51.100.23",
    "network.peer.address": "198.51.100.23",
    "network.protocol.version": "1.1",
    "user_agent.original": "acme-app/4.1",
    "http.request.body.size": 412,
    "http.response.body.size": 1187,
}
OLD = {
    "http.method": "POST",
    "http.scheme": "https",
    "http.target": "/v1/orders/17?limit=20",
    "http.route": "/v1/orders/{id}",
    "http.status_code": 200,
    "http.host": "api.acme.example:443",
    "net.peer.ip": "198.51.100.23",
    "http.flavor": "1.1",
    "http.user_agent": "acme-app/4.1",
    "http.request_content_length": 412,
    "http.response_content_length": 1187,
}
SAME = {
    "call_id": "5b8efff798038103d269b633813fc60c/eee19b7ec3c1b174",
    "ts": 1790553612043000,
    "gateway": "orders",
    "stage": "prod",
    "host": "api.acme.example",
    "method": "POST",
    "path": "/v1/orders/17",
    "query": "limit=20",
    "declared_route": "POST /v1/orders/{id}",
    "protocol": "1.1",
    "client_ip": "198.51.100.23",
    "client_ip_trust": "peer",
    "user_agent": "acme-app/4.1",
    "status": 200,
    "request_bytes": 412,
    "response_bytes": 1187,
    "principal": None,
    "auth_present": None,
}


def value(given: Any) -> dict[str, Any]:
    if isinstance(given, list):
        return {"arrayValue": {"values": [value(entry) for entry in given]}}
    if isinstance(given, bool):
        return {"boolValue": given}
    return {"intValue": str(given)} if isinstance(given, int) else {"stringValue": given}


def attributes(named: dict[str, Any]) -> list[dict[str, Any]]:
    return [{"key": name, "value": value(given)} for name, given in named.items()]


def span(named: dict[str, Any], **changes: Any) -> dict[str, Any]:
    return {
        "traceId": "5b8efff798038103d269b633813fc60c",
        "spanId": "eee19b7ec3c1b174",
        "name": "POST /v1/orders/{id}",
        "kind": 2,
        "startTimeUnixNano": "1790553612043000000",
        "endTimeUnixNano": "1790553612146000000",
        "attributes": attributes(named),
    } | changes


def export(*spans: dict[str, Any]) -> dict[str, Any]:
    resource = {"attributes": attributes({"service.name": "orders", "deployment.environment.name": "prod"})}
    return {"resourceSpans": [{"resource": resource, "scopeSpans": [{"scope": {}, "spans": list(spans)}]}]}


def calls(*documents: Any) -> CallBatch:
    return read(RawBatch(SOURCE, tuple(json.dumps(document).encode() for document in documents)))


def one(named: dict[str, Any], **changes: Any) -> dict[str, Any]:
    batch = calls(export(span(named, **changes)))
    assert batch.quarantined == ()
    (row,) = batch.table.to_pylist()
    return row


@pytest.mark.parametrize("named", [STABLE, OLD])
def test_a_span_is_the_same_call_by_the_old_and_the_stable_convention(named):
    row = one(named)
    assert {name: row[name] for name in SAME} == SAME
    assert row["latency_ms"] == pytest.approx(103)


@pytest.mark.parametrize(
    ("named", "expected"),
    [
        (
            {name: given for name, given in STABLE.items() if name != "url.query"},
            {"query": "", "path": "/v1/orders/17"},
        ),
        (
            {"http.method": "GET", "http.url": "https://shop.acme.example/a?b=1", "http.status_code": "404"},
            {"host": "shop.acme.example", "path": "/a", "query": "b=1", "status": 404},
        ),
        ({**STABLE, "network.peer.address": "10.0.0.4"}, {"client_ip_trust": "header"}),
        (
            {name: given for name, given in STABLE.items() if name != "client.address"},
            {"client_ip": "198.51.100.23", "client_ip_trust": "peer"},
        ),
        (
            {**STABLE, "http.request.method": "_OTHER", "http.request.method_original": "PURGE"},
            {"method": "PURGE"},
        ),
        (
            {**STABLE, "enduser.id": "u-17"},
            {"principal": "u-17", "principal_kind": "user", "auth_present": True},
        ),
        (
            {
                **STABLE,
                "http.request.header.content-type": ["application/json"],
                "http.request.header.x-tag": ["a", "b"],
            },
            {
                "request_content_type": "application/json",
                "headers": [("content-type", "application/json"), ("x-tag", "a, b")],
            },
        ),
        ({**STABLE, "http.response.status_code": "none"}, {"status": None}),
    ],
)
def test_variants_are_read(named, expected):
    row = one(named)
    assert {name: row[name] for name in expected} == expected


def test_only_http_server_spans_are_calls():
    client = span(STABLE, kind=3)
    grpc = span({"rpc.system": "grpc", "rpc.service": "Orders"})
    text_kind = span(STABLE, kind="SPAN_KIND_SERVER", spanId="aaaaaaaaaaaaaaaa")
    batch = calls(export(client, grpc, text_kind, span(OLD)), export(client))
    assert (batch.table.num_rows, batch.quarantined) == (2, ())


def test_spans_that_cannot_be_read_are_set_aside_with_the_line_they_are_in():
    lines = (
        json.dumps(export(span(STABLE))).encode(),
        json.dumps(
            export(span(STABLE), span({"http.method": "GET"}), span(OLD, startTimeUnixNano=0))
        ).encode(),
        b'{"resourceMetrics":[]}',
        b"{broken",
        json.dumps(
            export(span({"http.target": "/a"}), span({"http.route": 1}, attributes={"http.x": 1}))
        ).encode(),
        json.dumps(export(span({"http.method": "GET", "url.path": "/"}, endTimeUnixNano="5"))).encode(),
    )
    batch = read(RawBatch(SOURCE, lines, {"first_line": "1"}))
    assert batch.table.num_rows == 3
    assert [(bad.line, bad.reason.partition(":")[0]) for bad in batch.quarantined] == [
        (2, "the span has no url.path, http.target or URL"),
        (2, "the span has no readable startTimeUnixNano"),
        (3, "no OTLP export request and no span"),
        (4, "no OTLP export request and no span"),
        (5, "the span has no HTTP method"),
        (5, "no OTLP export request and no span"),
    ]
    assert batch.table.column("latency_ms").to_pylist()[-1] is None


PROTOBUF = {"content-type": "application/x-protobuf"}
JSON = {"content-type": "application/json"}


def in_protobuf(document: dict[str, Any]) -> bytes:
    document = json.loads(json.dumps(document))
    message = ExportTraceServiceRequest()
    for resource in document["resourceSpans"]:
        for scope in resource["scopeSpans"]:
            for entry in scope["spans"]:
                trace, name = entry.pop("traceId"), entry.pop("spanId")
                entry["_ids"] = (bytes.fromhex(trace), bytes.fromhex(name))
    ids = [s.pop("_ids") for r in document["resourceSpans"] for c in r["scopeSpans"] for s in c["spans"]]
    ParseDict(document, message)
    spans = [s for r in message.resource_spans for c in r.scope_spans for s in c.spans]
    for made, (trace, name) in zip(spans, ids, strict=True):
        made.trace_id, made.span_id = trace, name
    return message.SerializeToString()


def receiver() -> Calls:
    return Calls(OtelSettings(), local_egress())


@pytest.mark.parametrize(
    "named", [STABLE, OLD, {**STABLE, "http.request.header.x-tag": ["a", "b"], "odd": True}]
)
def test_both_encodings_give_the_same_calls(named):
    document = export(span(named), span(named, kind=3), span({"rpc.system": "grpc"}))
    as_json = receiver().parse(json.dumps(document, indent=1).encode(), JSON)
    as_protobuf = receiver().parse(in_protobuf(document), PROTOBUF)
    assert len(as_json.records) == len(as_protobuf.records) == 1
    first, second = receiver().normalise(as_json), receiver().normalise(as_protobuf)
    assert first.table.to_pylist() == second.table.to_pylist() == [one(named)]


def test_the_answers_are_in_the_senders_encoding():
    taken = Calls.acknowledged(PROTOBUF, "psh_1", 5, 0.0)
    assert (taken.status, taken.content_type) == (200, "application/x-protobuf")
    assert not ExportTraceServiceResponse.FromString(taken.body).HasField("partial_success")
    taken = Calls.acknowledged({"content-type": "application/json; charset=utf-8"}, "psh_1", 5, 0.0)
    assert (taken.status, taken.body, taken.content_type) == (200, b"{}", "application/json")


@pytest.mark.parametrize(
    ("status", "told", "code"), [(401, 401, 16), (413, 413, 8), (422, 400, 3), (429, 429, 8)]
)
def test_refusals_are_a_status_message_in_the_senders_encoding(status, told, code):
    detail = "Nothing was stored. " + "x" * 200
    answer = Calls.refused(JSON, status, detail, 0.0)
    assert answer is not None
    assert (answer.status, json.loads(answer.body)) == (told, {"code": code, "message": detail})
    answer = Calls.refused(PROTOBUF, status, detail, 0.0)
    assert answer is not None
    assert (answer.status, answer.content_type) == (told, "application/x-protobuf")
    assert answer.body == b"\x08" + bytes([code]) + b"\x12\xdc\x01" + detail.encode()


@pytest.mark.parametrize("headers", [PROTOBUF, JSON, {}])
@given(body=st.binary(max_size=200))
def test_a_push_is_taken_or_refused_in_our_words(headers, body):
    try:
        batch = receiver().parse(body, headers)
    except VendorAnswerError:
        return
    receiver().normalise(batch)


def test_files_of_the_collector_are_recognised():
    line = json.dumps(export(span(STABLE))).encode()
    offered = detect(line + b"\n" + line, "traces.json")
    assert isinstance(offered, CallFormat)
    assert offered.name == SOURCE
