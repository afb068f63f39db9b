"""Rows of Konnect's api-requests."""

from __future__ import annotations

import io
import json
from typing import Any

import pytest

from connectors.base.calls import RawBatch
from connectors.base.detect import detect
from connectors.base.formats import CallFormat
from connectors.file.read import read_calls
from connectors.kong.konnect import SOURCE, read

ROW: dict[str, Any] = {
    "request_id": "8f1c4b7a2d3e4f5061728394a5b6c7d8",
    "request_start": "2026-09-28T00:00:12.043Z",
    "http_method": "POST",
    "request_uri": "/v1/orders?limit=20",
    "client_ip": "198.51.100.23",
    "header_host": "api.acme.example",
    "header_user_agent": "acme-app/4.1",
    "response_http_status": "200",
    "upstream_status": "200",
    "response_source": "upstream",
    "latencies_response_ms": 103,
    "latencies_upstream_ms": 98,
    "latencies_kong_gateway_ms": 5,
    "request_body_size": 412,
    "response_body_size": 1187,
    "gateway_service": "cp-1:svc-orders",
    "route": "cp-1:route-orders",
    "consumer": "cp-1:mobile-app",
    "control_plane": "cp-1",
    "auth_type": "key-auth",
    "country_code": "DE",
}


def one(row: dict[str, Any]) -> dict[str, Any]:
    batch = read(RawBatch(SOURCE, (json.dumps(row).encode(),)))
    assert batch.quarantined == ()
    (call,) = batch.table.to_pylist()
    return call


def test_a_row_becomes_a_call_with_all_it_says():
    assert {name: value for name, value in one(ROW).items() if value is not None} == {
        "call_id": "8f1c4b7a2d3e4f5061728394a5b6c7d8",
        "ts": 1790553612043000,
        "gateway": "cp-1:svc-orders",
        "stage": "cp-1",
        "host": "api.acme.example",
        "method": "POST",
        "path": "/v1/orders",
        "query": "limit=20",
        "declared_route": "cp-1:route-orders",
        "upstream": "cp-1:svc-orders",
        "client_ip": "198.51.100.23",
        "client_ip_trust": "trusted_hop",
        "principal_kind": "consumer",
        "principal": "cp-1:mobile-app",
        "consumer": "cp-1:mobile-app",
        "user_agent": "acme-app/4.1",
        "country": "DE",
        "status": 200,
        "latency_ms": 103.0,
        "upstream_status": 200,
        "upstream_latency_ms": 98.0,
        "request_bytes": 412,
        "response_bytes": 1187,
        "auth_present": True,
    }


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        (
            {
                "response_source": "kong",
                "response_http_status": 403,
                "upstream_status": "",
                "latencies_upstream_ms": 0,
            },
            {"waf_action": "BLOCK", "status": 403, "upstream_latency_ms": None},
        ),
        (
            {"response_http_status": 403, "upstream_status": "403"},
            {"waf_action": None, "upstream_status": 403},
        ),
        ({"consumer": "", "application": "shop"}, {"principal": "shop", "consumer": "shop"}),
        ({"consumer": None}, {"principal": None, "auth_present": None}),
    ],
)
def test_variants_are_read(changes, expected):
    call = one({**ROW, **changes})
    assert {name: call[name] for name in expected} == expected


def test_saved_answers_and_rows_are_recognised_and_bad_rows_set_aside():
    page = {
        "meta": {"query_id": "q", "size": 3},
        "results": [ROW, {**ROW, "request_uri": None}, {**ROW, "request_id": "b"}],
    }
    data = json.dumps(page).encode() + b"\n" + json.dumps({**ROW, "request_id": "c"}).encode() + b"\n{broken"
    offered = detect(data, "requests.json")
    assert isinstance(offered, CallFormat)
    assert offered.name == SOURCE
    (batch,) = list(read_calls(io.BytesIO(data), offered))
    assert batch.table.num_rows == 3
    assert [(bad.line, bad.reason.partition(":")[0]) for bad in batch.quarantined] == [
        (1, "the row has no request_uri"),
        (3, "not a JSON object"),
    ]
