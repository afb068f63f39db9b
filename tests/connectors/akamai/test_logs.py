"""Akamai's security events and stream records as calls."""

from __future__ import annotations

import base64
import io
import json
from typing import Any
from urllib.parse import quote

import pytest

from connectors.akamai.calls import Calls
from connectors.akamai.logs import EVENTS, STREAM, normalise
from connectors.akamai.manifest import AkamaiSettings
from connectors.base.calls import RawBatch
from connectors.base.detect import detect
from connectors.base.errors import VendorAnswerError
from connectors.base.formats import CallFormat
from connectors.file.read import read_calls
from connectors.testkit.running import local_egress


def listed(*values: str) -> str:
    return quote(";".join(base64.b64encode(value.encode()).decode() for value in values), safe="")


EVENT: dict[str, Any] = {
    "format": "json",
    "type": "akamai_siem",
    "version": "1.0",
    "attackData": {
        "clientIP": "198.51.100.7",
        "configId": "14227",
        "policyId": "shop_1",
        "rules": listed("950002", "950006", "CMD-INJECTION-ANOMALY"),
        "ruleActions": listed("alert", "alert", "deny"),
    },
    "geo": {"asn": "64496", "country": "DE"},
    "httpMessage": {
        "bytes": "266",
        "host": "API.example.com",
        "method": "GET",
        "path": "/orders",
        "port": "443",
        "protocol": "HTTP/2",
        "query": "option=com%20x",
        "requestHeaders": quote(
            "User-Agent: BOT/0.1 (x)\r\nAuthorization: Bearer t\r\nHost: api.example.com\r\n", safe=""
        ),
        "requestId": "2d442db6",
        "start": "1790553612",
        "status": "403",
    },
}
RECORD = {
    "version": "1",
    "cp": "123456",
    "reqId": "1239f220",
    "reqTimeSec": "1790553612.043",
    "cliIP": "198.51.100.7",
    "reqHost": "api.example.com",
    "reqMethod": "POST",
    "reqPath": "orders/17",
    "queryStr": "expand=lines",
    "proto": "HTTP/2",
    "statusCode": "200",
    "UA": "Mozilla%2F5.0%20(X)",
    "totalBytes": "1290",
    "turnAroundTimeMSec": "11",
    "country": "DE",
    "securityRules": "shop_1|3900000:BOT-ANOMALY-HEADER|",
}


def read(source: str, *records: dict) -> list[dict]:
    batch = normalise(RawBatch(source, tuple(json.dumps(record).encode() for record in records)))
    assert batch.quarantined == ()
    return batch.table.to_pylist()


def changed(part: str, **changes: object) -> dict:
    return {**EVENT, part: {**EVENT[part], **changes}}


def test_a_security_event_becomes_a_call_with_its_rules_and_headers():
    (call,) = read(EVENTS, EVENT)
    assert (call["ts"], call["method"], call["path"], call["query"]) == (
        1_790_553_612_000_000,
        "GET",
        "/orders",
        "option=com%20x",
    )
    assert (call["host"], call["client_ip"], call["status"]) == ("api.example.com", "198.51.100.7", 403)
    assert (call["country"], call["asn"], call["gateway"]) == ("DE", 64496, "shop_1")
    assert (call["waf_action"], call["waf_rules"]) == ("BLOCK", ["950002", "950006", "CMD-INJECTION-ANOMALY"])
    assert (call["user_agent"], call["auth_present"]) == ("BOT/0.1 (x)", True)
    assert dict(call["headers"])["authorization"] == "Bearer t"


@pytest.mark.parametrize(
    ("applied", "actions", "expected"),
    [
        ("deny_custom_1234", listed("alert"), "BLOCK"),
        ("monitor", listed("deny"), "COUNT"),
        ("crypto_challenge", "", "CAPTCHA"),
        (None, listed("alert", "monitor"), "COUNT"),
        (None, "", None),
    ],
)
def test_the_applied_action_counts_and_without_it_the_strongest_of_the_rules(applied, actions, expected):
    (call,) = read(EVENTS, changed("attackData", appliedAction=applied, ruleActions=actions))
    assert call["waf_action"] == expected


def test_headers_and_lists_that_somebody_decoded_before_are_read_too():
    decoded = changed("httpMessage", requestHeaders={"User-Agent": "x"})
    decoded["attackData"] = {**EVENT["attackData"], "rules": "950002;950006"}
    (call,) = read(EVENTS, decoded)
    assert (call["user_agent"], call["waf_rules"]) == ("x", ["950002", "950006"])


def test_a_short_request_id_that_comes_again_is_another_call():
    later = changed("httpMessage", start="1790553999")
    first, second, again = read(EVENTS, EVENT, later, EVENT)
    assert first["call_id"] == again["call_id"] != second["call_id"]


def test_the_offset_behind_the_events_is_set_aside_with_the_reason():
    batch = normalise(
        RawBatch(EVENTS, (json.dumps(EVENT).encode(), b'{"total":1,"offset":"x","limit":1000}'))
    )
    assert (batch.table.num_rows, len(batch.quarantined)) == (1, 1)
    assert "offset" in batch.quarantined[0].reason


def test_a_stream_record_becomes_a_call():
    (call,) = read(STREAM, RECORD)
    assert (call["ts"], call["method"], call["path"], call["query"]) == (
        1_790_553_612_043_000,
        "POST",
        "/orders/17",
        "expand=lines",
    )
    assert (call["status"], call["user_agent"], call["response_bytes"]) == (200, "Mozilla/5.0 (X)", 1290)
    assert (call["waf_action"], call["waf_rules"]) == ("COUNT", ["3900000", "BOT-ANOMALY-HEADER"])


def test_a_stream_without_rules_or_query_leaves_them_unknown():
    few = {name: RECORD[name] for name in ("reqId", "reqTimeSec", "cliIP", "reqMethod", "reqPath")}
    (call,) = read(
        STREAM,
        few,
    )
    assert (call["waf_action"], call["waf_rules"], call["query"], call["user_agent"]) == (
        None,
        None,
        None,
        None,
    )


def test_a_push_is_read_by_its_source_and_the_test_of_a_stream_is_taken():
    calls = Calls(AkamaiSettings(), local_egress())
    assert calls.parse(b'{"access_validation":true}', {}).records == ()
    for source, record in ((EVENTS, EVENT), (STREAM, RECORD)):
        batch = calls.parse(json.dumps(record).encode() + b"\n", {})
        assert (batch.source, calls.normalise(batch).table.num_rows) == (source, 1)
    with pytest.raises(VendorAnswerError):
        calls.parse(b'{"hello":1}', {})


@pytest.mark.asvs("6.2.1")
def test_the_token_is_the_password_of_basic_authentication():
    basic = base64.b64encode(b"portcullis:t0ken").decode()
    assert Calls.presented_token({"authorization": f"Basic {basic}"}) == "t0ken"
    assert Calls.presented_token({"authorization": "Bearer t0ken"}) == "t0ken"
    for wrong in ("Basic ***", "Basic", "", "Digest x"):
        assert Calls.presented_token({"authorization": wrong}) == ""


@pytest.mark.parametrize(("record", "source"), [(EVENT, EVENTS), (RECORD, STREAM)])
def test_a_file_is_recognised_and_damaged_lines_are_set_aside(record, source):
    line = json.dumps(record).encode()
    data = b"\n".join([line, line[: len(line) // 2], b"garbage", line])
    offered = detect(data, "x.log")
    assert isinstance(offered, CallFormat)
    assert offered.name == source
    (batch,) = read_calls(io.BytesIO(data), offered)
    assert (batch.table.num_rows, [entry.line for entry in batch.quarantined]) == (2, [2, 3])
