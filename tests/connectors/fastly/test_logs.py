"""Fastly's log lines and Next-Gen WAF requests as calls."""

from __future__ import annotations

import io
import json
import re

import pytest

from connectors.base.calls import RawBatch
from connectors.base.detect import detect
from connectors.base.errors import VendorAnswerError
from connectors.base.formats import CallFormat
from connectors.fastly import setup
from connectors.fastly.calls import Calls
from connectors.fastly.logs import LINES, WAF, normalise
from connectors.fastly.manifest import FastlySettings
from connectors.file.read import read_calls
from connectors.testkit.running import local_egress

LINE = {
    "fastly_service_id": "svc1",
    "request_id": "r-1",
    "time_start": 1_790_553_612_043,
    "time_elapsed": 78_000,
    "client_ip": "198.51.100.7",
    "request_method": "POST",
    "host": "API.example.com",
    "url": "/orders/17?expand=lines",
    "protocol": "HTTP/2",
    "status": 200,
    "request_user_agent": "curl/8",
    "authorization_present": "true",
    "geo_country_code": "DE",
    "asn": 64496,
    "req_body_size": 12,
    "resp_body_size": 1290,
}
OTHER = {
    "service_id": "svc1",
    "time_start": "2026-09-28T00:00:12Z",
    "time_elapsed": "78000",
    "client_ip": "198.51.100.7",
    "request": "GET",
    "host": "api.example.com",
    "url": "/orders",
    "is_tls": "true",
    "status": "200",
    "waf_executed": "1",
    "waf_blocked": "0",
}
CAMEL = {
    "id": "54de69dcba53b02fbf000018",
    "timestamp": "2026-09-28T00:00:12Z",
    "serverHostname": "api.example.com",
    "serverName": "shop",
    "remoteIP": "198.51.100.7",
    "remoteCountryCode": "DE",
    "method": "GET",
    "path": "/orders",
    "protocol": "HTTP/1.1",
    "responseCode": 406,
    "responseSize": 12,
    "responseMillis": 3,
    "agentResponseCode": 406,
    "tags": [{"type": "SQLI", "location": "QUERYSTRING", "value": "x"}, {"type": "BLOCKED"}],
    "headersIn": [["User-Agent", "sqlmap"], ["Host", "api.example.com"]],
}
SNAKE = {
    "id": "54de69dcba53b02fbf000018",
    "timestamp": "2026-09-28T00:00:12Z",
    "server_hostname": "api.example.com",
    "remote_ip": "198.51.100.7",
    "country": "DE",
    "method": "GET",
    "path": "/orders",
    "response_code": 200,
    "response_time": 3,
    "agent_response_code": 200,
    "signals": [{"id": "SQLI", "location": "QUERYSTRING"}],
    "request_headers": [{"name": "User-Agent", "value": "sqlmap"}],
}


def read(source: str, *records: dict) -> list[dict]:
    batch = normalise(RawBatch(source, tuple(json.dumps(record).encode() for record in records)))
    assert batch.quarantined == ()
    return batch.table.to_pylist()


def test_a_line_in_our_format_becomes_a_call():
    (call,) = read(LINES, LINE)
    assert (call["call_id"], call["ts"], call["latency_ms"]) == ("r-1", 1_790_553_612_043_000, 78)
    assert (call["method"], call["path"], call["query"]) == ("POST", "/orders/17", "expand=lines")
    assert (call["host"], call["gateway"], call["country"], call["asn"]) == (
        "api.example.com",
        "svc1",
        "DE",
        64496,
    )
    assert (call["status"], call["auth_present"], call["response_bytes"]) == (200, True, 1290)
    assert call["waf_action"] is None


def test_our_format_names_only_keys_that_are_read():
    (text, *_) = setup.texts({}, {})
    keys = set(re.findall(r'"(\w+)":', text.body))
    values = {key: LINE.get(key, "1") for key in keys}
    (call,) = read(LINES, values)
    assert (call["upstream"], call["ja3"], call["response_content_type"]) == ("1", "1", "1")


def test_lines_of_other_formats_are_read_by_their_usual_keys():
    (call,) = read(LINES, OTHER)
    assert (call["method"], call["path"], call["status"], call["latency_ms"]) == ("GET", "/orders", 200, 78)
    assert call["waf_action"] == "ALLOW"
    assert read(LINES, {**OTHER, "waf_blocked": "1"})[0]["waf_action"] == "BLOCK"


def test_a_request_of_the_web_application_firewall_becomes_a_call_in_both_spellings():
    camel, snake = read(WAF, CAMEL, SNAKE)
    for call in (camel, snake):
        assert (call["method"], call["path"], call["host"]) == ("GET", "/orders", "api.example.com")
        assert (call["client_ip"], call["user_agent"], call["latency_ms"]) == ("198.51.100.7", "sqlmap", 3)
    assert (camel["waf_action"], camel["waf_rules"]) == ("BLOCK", ["SQLI", "BLOCKED"])
    assert (snake["waf_action"], snake["waf_rules"]) == ("COUNT", ["SQLI"])


def test_a_push_is_lines_an_array_or_an_answer_of_the_feed():
    calls = Calls(FastlySettings(), local_egress())
    lines = json.dumps(LINE).encode() + b"\n" + json.dumps(LINE).encode()
    assert (calls.parse(lines, {}).source, len(calls.parse(lines, {}).records)) == (LINES, 2)
    assert len(calls.parse(json.dumps([LINE, LINE]).encode(), {}).records) == 2
    feed = calls.parse(json.dumps({"next": {"uri": ""}, "data": [CAMEL, CAMEL]}).encode(), {})
    assert (feed.source, len(feed.records)) == (WAF, 2)
    assert calls.parse(b'{"data": []}', {}).records == ()
    with pytest.raises(VendorAnswerError):
        calls.parse(b"hello", {})


@pytest.mark.parametrize(("record", "source"), [(LINE, LINES), (OTHER, LINES), (CAMEL, WAF), (SNAKE, WAF)])
def test_a_file_is_recognised_and_damaged_lines_are_set_aside(record, source):
    line = json.dumps(record).encode()
    data = b"\n".join([line, line[: len(line) // 2], b"garbage", line])
    offered = detect(data, "x.log")
    assert isinstance(offered, CallFormat)
    assert offered.name == source
    (batch,) = read_calls(io.BytesIO(data), offered)
    assert (batch.table.num_rows, [entry.line for entry in batch.quarantined]) == (2, [2, 3])
