"""Envoy's and Istio's access logs, lines and JSON."""

from __future__ import annotations

import io
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.base.calls import CallBatch, RawBatch
from connectors.base.detect import detect
from connectors.base.errors import VendorAnswerError
from connectors.base.formats import CallFormat
from connectors.envoy import json_log, text
from connectors.envoy.calls import Calls
from connectors.envoy.manifest import EnvoySettings
from connectors.file.read import read_calls
from connectors.testkit.running import local_egress

DEFAULT = (
    b'[2026-09-28T00:00:12.043Z] "POST /v1/orders?limit=20 HTTP/2" 200 - 412 1187 103 98 "198.51.100.23" "acme-app/4.1"'
    b' "5f2c1e9a-0b7d-4c3e-9a51-7d2f6b8c9e01" "api.acme.example" "10.4.0.7:8080"'
)
ISTIO = (
    b'[2026-09-28T00:00:12.043Z] "POST /v1/orders?limit=20 HTTP/2" 200 - via_upstream - "-" 412 1187 103 98 "-"'
    b' "acme-app/4.1" "5f2c1e9a-0b7d-4c3e-9a51-7d2f6b8c9e01" "api.acme.example" "10.4.0.7:8080"'
    b" outbound|8080||orders.prod.svc.cluster.local 10.4.0.2:41822 10.4.0.2:8443 198.51.100.23:51812 api.acme.example orders"
)
ISTIO_1_8 = (
    b'[2026-09-28T00:00:12.043Z] "POST /v1/orders?limit=20 HTTP/2" 200 - "-" "-" 412 1187 103 98 "-" "acme-app/4.1"'
    b' "5f2c1e9a-0b7d-4c3e-9a51-7d2f6b8c9e01" "api.acme.example" "10.4.0.7:8080"'
    b" outbound|8080||orders.prod.svc.cluster.local 10.4.0.2:41822 10.4.0.2:8443 198.51.100.23:51812 api.acme.example orders"
)
JSON: dict[str, Any] = {
    "authority": "api.acme.example",
    "bytes_received": 412,
    "bytes_sent": "1187",
    "connection_termination_details": None,
    "downstream_local_address": "10.4.0.2:8443",
    "downstream_remote_address": "198.51.100.23:51812",
    "duration": "103",
    "method": "POST",
    "path": "/v1/orders?limit=20",
    "protocol": "HTTP/2",
    "request_id": "5f2c1e9a-0b7d-4c3e-9a51-7d2f6b8c9e01",
    "requested_server_name": None,
    "response_code": 200,
    "response_code_details": "via_upstream",
    "response_flags": "-",
    "route_name": "orders",
    "start_time": "2026-09-28T00:00:12.043Z",
    "upstream_cluster": "outbound|8080||orders.prod.svc.cluster.local",
    "upstream_host": "10.4.0.7:8080",
    "upstream_service_time": "98",
    "user_agent": "acme-app/4.1",
    "x_forwarded_for": None,
}
SAME = {
    "call_id": "5f2c1e9a-0b7d-4c3e-9a51-7d2f6b8c9e01",
    "ts": 1790553612043000,
    "host": "api.acme.example",
    "method": "POST",
    "path": "/v1/orders",
    "query": "limit=20",
    "protocol": "HTTP/2",
    "status": 200,
    "latency_ms": 103.0,
    "upstream_latency_ms": 98.0,
    "request_bytes": 412,
    "response_bytes": 1187,
    "client_ip": "198.51.100.23",
    "user_agent": "acme-app/4.1",
    "waf_action": None,
}


def lines(*records: bytes) -> CallBatch:
    return text.read(RawBatch(text.SOURCE, records, {"first_line": "1"}))


def one(record: bytes | dict[str, Any]) -> dict[str, Any]:
    if isinstance(record, bytes):
        batch = lines(record)
    else:
        batch = json_log.read(RawBatch(json_log.SOURCE, (json.dumps(record).encode(),)))
    assert batch.quarantined == ()
    (row,) = batch.table.to_pylist()
    return row


@pytest.mark.parametrize("record", [DEFAULT, ISTIO, ISTIO_1_8, JSON])
def test_one_request_is_the_same_call_in_every_format(record):
    row = one(record)
    assert {name: row[name] for name in SAME} == SAME


def test_whose_address_it_is_is_told():
    assert (one(DEFAULT)["client_ip_trust"], one(ISTIO)["client_ip_trust"]) == ("header", "trusted_hop")
    forwarded = {**JSON, "downstream_remote_address": None, "x_forwarded_for": "203.0.113.9, 10.0.0.1"}
    assert (one(forwarded)["client_ip"], one(forwarded)["client_ip_trust"]) == ("203.0.113.9", "header")
    row = one({**JSON, "downstream_remote_address": "[2001:db8::7]:443"})
    assert (row["client_ip"], row["client_ip_trust"]) == ("2001:db8::7", "trusted_hop")
    row = one({**JSON, "downstream_remote_address": None})
    assert (row["client_ip"], row["client_ip_trust"]) == (None, None)


def test_where_the_request_went_and_what_it_answered_is_told():
    row = one(ISTIO)
    assert row["upstream"] == "outbound|8080||orders.prod.svc.cluster.local"
    assert (row["declared_route"], row["upstream_status"]) == ("orders", 200)
    assert (one(DEFAULT)["upstream"], one(DEFAULT)["upstream_status"]) == ("10.4.0.7:8080", None)


@pytest.mark.parametrize(
    ("flags", "details", "expected"),
    [
        ("-", "rbac_access_denied_matched_policy[ns[prod]-policy[deny-admin]-rule[0]]", ["BLOCK", "ns[prod"]),
        ("-", "rbac_access_denied_matched_policy[none]", ["BLOCK", "none"]),
        ("UAEX", "ext_authz_denied", ["BLOCK", "ext_authz_denied"]),
        ("RL", "request_rate_limited", ["BLOCK", "request_rate_limited"]),
        ("RL,DC", None, ["BLOCK", "RL,DC"]),
        ("UF", "upstream_reset", [None, None]),
        ("URX", None, [None, None]),
        (None, None, [None, None]),
    ],
)
def test_what_envoy_refused_itself_is_a_block(flags, details, expected):
    row = one({**JSON, "response_flags": flags, "response_code_details": details, "response_code": 403})
    assert [row["waf_action"], (row["waf_rules"] or [None])[0]] == expected


def test_keys_that_customers_chose_are_read():
    row = one(
        {
            "Timestamp": "2026-09-28T00:00:12.043Z",
            "http-method": "get",
            "X-Envoy-Original-Path": "/v1/orders?limit=20",
            "path": "/internal",
            ":authority": "api.acme.example:443",
            "Status-Code": "404",
            "response.flags": "NR",
            "downstream_peer_uri_san": "spiffe://acme/ns/prod/sa/shop",
        }
    )
    assert (row["method"], row["path"], row["host"], row["status"]) == (
        "GET",
        "/v1/orders",
        "api.acme.example",
        404,
    )
    assert (row["principal_kind"], row["principal"]) == ("caller", "spiffe://acme/ns/prod/sa/shop")


@pytest.mark.parametrize("wrapping", ["json", "jsonPayload", "log"])
def test_entries_that_a_shipper_wrapped_are_read(wrapping):
    assert one({wrapping: JSON, "stream": "stdout"}) == one(JSON)


def test_lines_of_different_formats_may_be_mixed_and_bad_ones_keep_their_number():
    tcp = b'[2026-09-28T00:00:12.043Z] "- - -" 0 - 0 0 12 - "-" "-" "-" "-" "10.4.0.7:5432"'
    quoted = DEFAULT.replace(b"acme-app/4.1", b'say "hi"')
    batch = lines(ISTIO, tcp, DEFAULT, b"", b"garbage", quoted, ISTIO_1_8, DEFAULT[:60])
    assert batch.table.num_rows == 3
    assert [bad.line for bad in batch.quarantined] == [2, 5, 6, 8]
    assert all(bad.reason for bad in batch.quarantined)
    assert "no HTTP request" in batch.quarantined[0].reason


@pytest.mark.parametrize(
    ("data", "name"),
    [
        (DEFAULT, text.SOURCE),
        (ISTIO, text.SOURCE),
        (ISTIO_1_8, text.SOURCE),
        (json.dumps(JSON).encode(), json_log.SOURCE),
    ],
)
def test_files_are_recognised(data, name):
    offered = detect(data + b"\n" + data, "access.log")
    assert isinstance(offered, CallFormat)
    assert offered.name == name
    assert sum(batch.table.num_rows for batch in read_calls(io.BytesIO(data), offered)) == 1


@pytest.mark.parametrize(
    ("body", "source"),
    [
        (DEFAULT + b"\n\n" + ISTIO, text.SOURCE),
        (json.dumps(JSON).encode() + b"\n" + json.dumps(JSON).encode(), json_log.SOURCE),
        (json.dumps([JSON, JSON], indent=1).encode(), json_log.SOURCE),
    ],
)
def test_pushes_of_shippers_are_read(body, source):
    receiver = Calls(EnvoySettings(), local_egress())
    batch = receiver.parse(body, {})
    assert batch.source == source
    assert receiver.normalise(batch).table.num_rows == 2


@given(st.binary(max_size=200))
def test_a_push_is_taken_or_refused_in_our_words(body):
    receiver = Calls(EnvoySettings(), local_egress())
    try:
        batch = receiver.parse(body, {})
    except VendorAnswerError:
        return
    receiver.normalise(batch)
