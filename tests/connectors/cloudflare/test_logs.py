"""Cloudflare's Logpush records as calls, however the job writes them."""

from __future__ import annotations

import io
import json

import pytest

from connectors.base.calls import RawBatch
from connectors.base.detect import detect
from connectors.base.errors import VendorAnswerError
from connectors.base.formats import CallFormat
from connectors.cloudflare.calls import Calls
from connectors.cloudflare.logs import EVENTS, REQUESTS, normalise
from connectors.cloudflare.manifest import CloudflareSettings
from connectors.file.read import read_calls
from connectors.testkit.running import local_egress

REQUEST = {
    "RayID": "8c9f1d2e3a4b5c6d",
    "EdgeStartTimestamp": "2026-09-28T00:00:12.043Z",
    "EdgeEndTimestamp": "2026-09-28T00:00:12.121Z",
    "ZoneName": "example.com",
    "ClientRequestHost": "API.example.com",
    "ClientRequestMethod": "POST",
    "ClientRequestURI": "/orders/17?expand=lines",
    "ClientRequestPath": "/orders/17",
    "ClientRequestProtocol": "HTTP/2",
    "ClientIP": "2001:DB8::7",
    "ClientASN": 64496,
    "ClientCountry": "de",
    "ClientRequestUserAgent": "curl/8",
    "ClientRequestBytes": 412,
    "EdgeResponseStatus": 200,
    "EdgeResponseBytes": 1290,
    "EdgeResponseContentType": "application/json",
    "OriginIP": "192.0.2.10",
    "OriginResponseStatus": 0,
    "OriginResponseDurationMs": 70,
    "JA3Hash": "a" * 32,
    "JA4": "t13d1516h2_8daaf6152771_b0da82dd1658",
    "SecurityAction": "",
    "SecurityRuleIDs": [],
    "WebAssetsOperationID": "op-1",
    "RequestHeaders": {"authorization": "Bearer x", "content-type": "application/json"},
}
EVENT = {
    "RayID": "8c9f1d2e3a4b5c6d",
    "Datetime": "2026-09-28T00:00:12Z",
    "Action": "managedChallenge",
    "RuleID": "rule-1",
    "MatchIndex": 0,
    "Source": "firewallcustom",
    "ClientIP": "198.51.100.7",
    "ClientASN": 64496,
    "ClientCountry": "xx",
    "ClientRequestHost": "api.example.com",
    "ClientRequestMethod": "GET",
    "ClientRequestPath": "/orders",
    "ClientRequestQuery": "?id=1",
    "ClientRequestUserAgent": "curl/8",
    "EdgeResponseStatus": 403,
}
GRAPHQL = {
    "rayName": "8c9f1d2e3a4b5c6d",
    "datetime": "2026-09-28T00:00:12Z",
    "action": "block",
    "ruleId": "rule-1",
    "clientIP": "198.51.100.7",
    "clientAsn": "64496",
    "clientCountryName": "DE",
    "clientRequestHTTPHost": "api.example.com",
    "clientRequestHTTPMethodName": "GET",
    "clientRequestPath": "/orders",
    "clientRequestQuery": "?id=1",
    "userAgent": "curl/8",
    "edgeResponseStatus": 403,
}


def read(source: str, *records: dict) -> list[dict]:
    batch = normalise(RawBatch(source, tuple(json.dumps(record).encode() for record in records)))
    assert batch.quarantined == ()
    return batch.table.to_pylist()


def test_a_request_becomes_a_call_with_everything_the_job_sends():
    (call,) = read(REQUESTS, REQUEST)
    assert (call["call_id"], call["ts"]) == ("8c9f1d2e3a4b5c6d", 1_790_553_612_043_000)
    assert (call["method"], call["path"], call["query"]) == ("POST", "/orders/17", "expand=lines")
    assert (call["host"], call["gateway"], call["declared_route"]) == (
        "api.example.com",
        "example.com",
        "op-1",
    )
    assert (call["client_ip"], call["client_ip_trust"]) == ("2001:db8::7", "peer")
    assert (call["country"], call["asn"]) == ("DE", 64496)
    assert (call["status"], call["upstream_status"]) == (200, None)
    assert (call["latency_ms"], call["upstream_latency_ms"]) == (pytest.approx(78), 70)
    assert (call["waf_action"], call["waf_rules"]) == ("ALLOW", [])
    assert (call["auth_present"], call["request_content_type"]) == (True, "application/json")
    assert dict(call["headers"])["authorization"] == "Bearer x"


@pytest.mark.parametrize(
    "stamp", [1_790_553_612_043_000_000, 1_790_553_612, "2026-09-28T00:00:12Z", "1790553612"]
)
def test_times_are_read_in_every_notation_a_job_can_choose(stamp):
    (call,) = read(REQUESTS, {**REQUEST, "EdgeStartTimestamp": stamp})
    assert call["ts"] // 1_000_000 == 1_790_553_612


@pytest.mark.parametrize(
    ("word", "expected"),
    [
        ("block", "BLOCK"),
        ("BLOCK", "BLOCK"),
        ("managed_challenge", "CHALLENGE"),
        ("managedChallenge", "CHALLENGE"),
        ("jschallenge", "CHALLENGE"),
        ("challenge", "CAPTCHA"),
        ("log", "COUNT"),
        ("skip", "ALLOW"),
        ("a word of tomorrow", None),
    ],
)
def test_actions_are_read_in_every_spelling_and_new_words_are_unknown(word, expected):
    assert read(REQUESTS, {**REQUEST, "SecurityAction": word})[0]["waf_action"] == expected


def test_fields_that_were_not_chosen_are_unknown():
    few = {
        name: REQUEST[name]
        for name in ("RayID", "EdgeStartTimestamp", "ClientRequestMethod", "ClientRequestPath")
    }
    (call,) = read(REQUESTS, few)
    assert (call["waf_action"], call["waf_rules"], call["auth_present"], call["headers"]) == (
        None,
        None,
        None,
        None,
    )
    assert (call["latency_ms"], call["country"]) == (None, None)


@pytest.mark.parametrize("record", [EVENT, GRAPHQL])
def test_a_firewall_event_becomes_a_call(record):
    (call,) = read(EVENTS, record)
    assert (call["call_id"], call["method"], call["path"], call["query"]) == (
        "8c9f1d2e3a4b5c6d",
        "GET",
        "/orders",
        "id=1",
    )
    assert (call["status"], call["client_ip"], call["asn"]) == (403, "198.51.100.7", 64496)
    assert call["waf_rules"] == ["rule-1"]
    assert call["country"] in ("DE", None)  # XX is "not known"


def test_the_events_of_one_request_say_all_rules_and_the_strongest_action():
    calls = read(
        EVENTS,
        {**EVENT, "Action": "log", "RuleID": "a"},
        {**EVENT, "Action": "block", "RuleID": "b", "MatchIndex": 1},
        {**EVENT, "RayID": "other", "Action": "log", "RuleID": "c"},
    )
    assert [(call["call_id"], call["waf_action"], call["waf_rules"]) for call in calls] == [
        ("8c9f1d2e3a4b5c6d", "BLOCK", ["a", "b"]),
        ("8c9f1d2e3a4b5c6d", "BLOCK", ["a", "b"]),
        ("other", "COUNT", ["c"]),
    ]


def test_a_push_is_read_by_its_dataset_and_the_test_of_a_job_is_taken():
    calls = Calls(CloudflareSettings(), local_egress())
    assert calls.parse(b'{"content":"tests"}\n', {}).records == ()
    for source, record in ((REQUESTS, REQUEST), (EVENTS, EVENT)):
        batch = calls.parse(json.dumps(record).encode() + b"\n" + json.dumps(record).encode(), {})
        assert (batch.source, len(batch.records)) == (source, 2)
        assert calls.normalise(batch).table.num_rows == 2
    for body in (b"hello", b'{"QueryName":"example.com"}'):
        with pytest.raises(VendorAnswerError):
            calls.parse(body, {})


@pytest.mark.parametrize(("record", "source"), [(REQUEST, REQUESTS), (EVENT, EVENTS), (GRAPHQL, EVENTS)])
def test_a_file_is_recognised_and_damaged_lines_are_set_aside(record, source):
    line = json.dumps(record).encode()
    data = b"\n".join([line, line[: len(line) // 2], b"garbage", line])
    offered = detect(data, "x.log")
    assert isinstance(offered, CallFormat)
    assert offered.name == source
    (batch,) = read_calls(io.BytesIO(data), offered)
    assert (batch.table.num_rows, [entry.line for entry in batch.quarantined]) == (2, [2, 3])
