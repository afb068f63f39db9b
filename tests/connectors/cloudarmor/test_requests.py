"""Entries of Google Cloud load balancers as Cloud Logging writes them."""

from __future__ import annotations

import base64
import io
import json
from copy import deepcopy
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.base.calls import RawBatch
from connectors.base.detect import detect
from connectors.base.errors import VendorAnswerError
from connectors.base.formats import CallFormat
from connectors.cloudarmor.calls import Calls
from connectors.cloudarmor.manifest import CloudArmorSettings
from connectors.cloudarmor.requests import SOURCE, read
from connectors.file.read import read_calls
from connectors.testkit.running import local_egress

ENTRY: dict[str, Any] = {
    "httpRequest": {
        "latency": "0.102957s",
        "remoteIp": "198.51.100.23:51812",
        "requestMethod": "GET",
        "requestSize": "412",
        "requestUrl": "https://api.acme.example/v1/orders?limit=20",
        "responseSize": "1187",
        "serverIp": "10.128.0.9",
        "status": 200,
        "userAgent": "acme-app/4.1",
    },
    "insertId": "1qz0kq3fxyz",
    "jsonPayload": {
        "@type": "type.googleapis.com/google.cloud.loadbalancing.type.LoadBalancerLogEntry",
        "backendTargetProjectNumber": "projects/81",
        "enforcedSecurityPolicy": {
            "configuredAction": "ALLOW",
            "name": "edge",
            "outcome": "ACCEPT",
            "priority": 2147483647,
        },
        "remoteIp": "198.51.100.23",
        "securityPolicyRequestData": {
            "remoteIpInfo": {"asn": 64500, "regionCode": "DE"},
            "tlsJa3Fingerprint": "e7d705a3286e19ea42f587b344ee6865",
            "tlsJa4Fingerprint": "t13d1516h2_8daaf6152771_b186095e22b6",
        },
        "statusDetails": "response_sent_by_backend",
    },
    "logName": "projects/acme/logs/requests",
    "receiveTimestamp": "2026-09-28T00:00:13.043123456Z",
    "resource": {
        "labels": {
            "backend_service_name": "orders",
            "forwarding_rule_name": "fw",
            "project_id": "acme",
            "url_map_name": "api-map",
        },
        "type": "http_load_balancer",
    },
    "severity": "INFO",
    "timestamp": "2026-09-28T00:00:12.043123Z",
}


def entry(payload: dict[str, Any] | None = None, **http: Any) -> dict[str, Any]:
    made = deepcopy(ENTRY)
    made["httpRequest"] |= http
    made["jsonPayload"] |= payload or {}
    return made


def one(record: dict[str, Any]) -> dict[str, Any]:
    batch = read(RawBatch(SOURCE, (json.dumps(record).encode(),)))
    assert batch.quarantined == ()
    (row,) = batch.table.to_pylist()
    return row


def test_an_entry_becomes_a_call_with_all_it_says():
    row = one(ENTRY)
    assert {name: value for name, value in row.items() if value is not None and name != "latency_ms"} == {
        "call_id": "1qz0kq3fxyz",
        "ts": 1790553612043123,
        "gateway": "api-map",
        "host": "api.acme.example",
        "method": "GET",
        "path": "/v1/orders",
        "query": "limit=20",
        "upstream": "orders",
        "client_ip": "198.51.100.23",
        "client_ip_trust": "peer",
        "user_agent": "acme-app/4.1",
        "ja3": "e7d705a3286e19ea42f587b344ee6865",
        "ja4": "t13d1516h2_8daaf6152771_b186095e22b6",
        "country": "DE",
        "asn": 64500,
        "status": 200,
        "request_bytes": 412,
        "response_bytes": 1187,
        "waf_action": "ALLOW",
        "waf_rules": [],
    }
    assert row["latency_ms"] == pytest.approx(102.957)


DENY = {
    "configuredAction": "DENY",
    "name": "edge",
    "outcome": "DENY",
    "priority": 900,
    "preconfiguredExprIds": ["owasp-crs-v030301-id942100-sqli"],
}


@pytest.mark.parametrize(
    ("payload", "action", "rules"),
    [
        (
            {"enforcedSecurityPolicy": DENY, "statusDetails": "denied_by_security_policy"},
            "BLOCK",
            ["edge/900", "owasp-crs-v030301-id942100-sqli"],
        ),
        (
            {"previewSecurityPolicy": DENY},
            "ALLOW",
            ["preview:edge/900", "preview:owasp-crs-v030301-id942100-sqli"],
        ),
        (
            {"enforcedSecurityPolicy": None, "previewSecurityPolicy": DENY},
            "COUNT",
            ["preview:edge/900", "preview:owasp-crs-v030301-id942100-sqli"],
        ),
        (
            {
                "enforcedSecurityPolicy": {
                    "configuredAction": "GOOGLE_RECAPTCHA",
                    "name": "edge",
                    "outcome": "REDIRECT",
                    "priority": 7,
                },
                "statusDetails": "redirected_by_security_policy",
            },
            "CAPTCHA",
            ["edge/7"],
        ),
        (
            {
                "enforcedEdgeSecurityPolicy": {"name": "cdn", "outcome": "DENY", "priority": 1},
                "statusDetails": "denied_by_edge_security_policy",
            },
            "BLOCK",
            ["cdn/1"],
        ),
        (
            {
                "enforcedSecurityPolicy": {
                    "configuredAction": "THROTTLE",
                    "name": "edge",
                    "outcome": "DENY",
                    "priority": 30,
                    "rateLimitAction": {"key": "198.51.100.23", "outcome": "RATE_LIMIT_THRESHOLD_EXCEED"},
                },
                "statusDetails": "denied_by_security_policy",
            },
            "BLOCK",
            ["edge/30"],
        ),
        ({"enforcedSecurityPolicy": None, "statusDetails": "body_denied_by_security_policy"}, "BLOCK", None),
        ({"enforcedSecurityPolicy": None}, None, None),
        ({"enforcedSecurityPolicy": "odd", "previewSecurityPolicy": {"outcome": ["odd"]}}, None, None),
    ],
)
def test_what_the_policies_decided_is_told(payload, action, rules):
    row = one(entry(payload))
    assert (row["waf_action"], row["waf_rules"]) == (action, rules)


@pytest.mark.parametrize(
    ("http", "expected"),
    [
        ({"remoteIp": "[2001:db8::7]:443"}, {"client_ip": "2001:db8::7"}),
        ({"remoteIp": "2001:db8::7"}, {"client_ip": "2001:db8::7"}),
        ({"latency": "soon"}, {"latency_ms": None}),
        ({"latency": 3}, {"latency_ms": None}),
        ({"status": 0}, {"status": None}),
        ({"requestUrl": "http://203.0.113.9/"}, {"host": "203.0.113.9", "path": "/", "query": ""}),
        (
            {"requestUrl": "https://api.acme.example:8443/a%2Fb?"},
            {"host": "api.acme.example", "path": "/a%2Fb"},
        ),
        ({"requestSize": 9, "responseSize": None}, {"request_bytes": 9, "response_bytes": None}),
    ],
)
def test_variants_are_read(http, expected):
    row = one(entry(**http))
    assert {name: row[name] for name in expected} == expected


def test_what_is_no_request_is_set_aside_with_the_reason():
    audit = {"protoPayload": {}, "insertId": "a", "timestamp": "2026-09-28T00:00:12Z"}
    lines = [b"{", b"[1]", json.dumps(audit).encode(), json.dumps(entry(requestUrl="")).encode()]
    batch = read(RawBatch(SOURCE, (*lines, json.dumps(ENTRY).encode()), {"first_line": "1"}))
    assert batch.table.num_rows == 1
    assert [(bad.line, bad.reason.partition(":")[0]) for bad in batch.quarantined] == [
        (1, "not a JSON object"),
        (2, "not a JSON object"),
        (3, "the entry is no request of a load balancer (it has no httpRequest with a method)"),
        (4, "the entry's httpRequest has no URL"),
    ]


@pytest.mark.parametrize("indent", [None, 2])
def test_files_of_a_bucket_and_of_gcloud_are_recognised(indent):
    lines = json.dumps(ENTRY).encode() if indent is None else json.dumps([ENTRY], indent=indent).encode()
    offered = detect(lines, "00:00:00_00:59:59_S0.json")
    assert isinstance(offered, CallFormat)
    assert offered.name == SOURCE
    (batch,) = list(read_calls(io.BytesIO(lines), offered))
    assert (batch.table.num_rows, batch.quarantined) == (1, ())


def pushed(body: bytes) -> int:
    calls = Calls(CloudArmorSettings(), local_egress())
    batch = calls.normalise(calls.parse(body, {}))
    return batch.table.num_rows


def test_pushes_of_pub_sub_with_and_without_its_envelope_are_read():
    line = json.dumps(ENTRY).encode()
    message = {"data": base64.b64encode(line).decode(), "messageId": "7", "attributes": {}}
    wrapped = {"message": message, "subscription": "projects/acme/subscriptions/p"}
    assert pushed(json.dumps(wrapped, indent=2).encode()) == 1
    assert pushed(line) == 1
    assert pushed(line + b"\n" + line) == 2
    assert pushed(b"[" + line + b"," + line + b"]") == 2


@pytest.mark.parametrize("data", ["%%%", "YQ=", "\u00e9"])
def test_a_message_that_is_not_base64_is_refused_in_a_sentence(data):
    body = json.dumps({"message": {"data": data}, "subscription": "s"}).encode()
    with pytest.raises(VendorAnswerError, match=r"base64\.$"):
        pushed(body)


@given(st.binary(max_size=200))
def test_a_push_is_taken_or_refused_in_our_words(body):
    try:
        count, said = pushed(body), ""
    except VendorAnswerError as error:
        count, said = 0, error.sentence()
    assert count or not said or said.endswith(".")
