"""OTLP over HTTP at the ingest address: spans are stored, and exporters get the answers their protocol wants."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable
from typing import Any

import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceResponse

from tenants.orgs.types import OrgInfo
from tests.clients import TenantClient
from tests.connectors.otel.test_spans import STABLE, export, in_protobuf, span
from tests.controlplane.traffic.test_ingest import Pusher, connect

DOCUMENT = export(span(STABLE), span(STABLE, spanId="aaaaaaaaaaaaaaaa"), span(STABLE, kind=3))


@pytest.fixture
def exporter(acme: OrgInfo, owner_client: Callable[[OrgInfo], TenantClient]) -> Pusher:
    return connect(owner_client(acme), acme, "otel")


def send(exporter: Pusher, body: Any, content_type: str, **headers: Any) -> Any:
    given = {"HTTP_AUTHORIZATION": f"Bearer {exporter.token}", **headers}
    address = f"/api/v1/ingest/{exporter.connection}"
    return exporter.client.generic("POST", address, body, content_type=content_type, **given)


def test_an_export_in_protobuf_is_stored_and_answered_in_protobuf(exporter):
    body = gzip.compress(in_protobuf(DOCUMENT))
    answer = send(exporter, body, "application/x-protobuf", HTTP_CONTENT_ENCODING="gzip")
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/x-protobuf")
    assert not ExportTraceServiceResponse.FromString(answer.content).HasField("partial_success")
    assert exporter.counted() == (2, 0, 0)


def test_the_same_export_as_json_is_the_same_calls(exporter):
    send(exporter, in_protobuf(DOCUMENT), "application/x-protobuf")
    answer = send(exporter, json.dumps(DOCUMENT).encode(), "application/json")
    assert (answer.status_code, answer.content) == (200, b"{}")
    assert exporter.counted() == (2, 2, 0)


@pytest.mark.asvs("8.2.1")
def test_a_wrong_token_is_a_status_in_the_exporters_encoding(exporter):
    exporter.token = "wrong"
    answer = send(exporter, in_protobuf(DOCUMENT), "application/x-protobuf")
    assert (answer.status_code, answer.headers["content-type"]) == (401, "application/x-protobuf")
    assert b"Nothing was stored" in answer.content
    answer = send(exporter, json.dumps(DOCUMENT).encode(), "application/json")
    assert (answer.status_code, answer.json()["code"]) == (401, 16)


def test_what_cannot_be_read_is_a_bad_request_that_nobody_sends_again(exporter):
    for content_type in ("application/x-protobuf", "application/json"):
        assert send(exporter, b"\x0a\xff{", content_type).status_code == 400


def test_an_export_without_server_spans_is_taken_and_stores_nothing(exporter):
    answer = send(exporter, json.dumps(export(span(STABLE, kind=3))).encode(), "application/json")
    assert answer.status_code == 200
    assert exporter.counted() == (0, 0, 0)
