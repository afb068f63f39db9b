"""Records of Front Door and Application Gateway in the shapes Azure Monitor gives them."""

from __future__ import annotations

import io
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.azure.calls import Calls
from connectors.azure.manifest import AzureSettings
from connectors.azure.records import SOURCE, read
from connectors.base.calls import CallBatch, RawBatch
from connectors.base.detect import detect
from connectors.base.errors import VendorAnswerError
from connectors.base.formats import CallFormat
from connectors.file.read import read_calls
from connectors.testkit.running import local_egress

FRONT_DOOR: dict[str, Any] = {
    "time": "2026-09-28T00:00:12.0431234Z",
    "resourceId": "/SUBSCRIPTIONS/0000/RESOURCEGROUPS/EDGE/PROVIDERS/MICROSOFT.CDN/PROFILES/ACME",
    "category": "FrontDoorAccessLog",
    "operationName": "Microsoft.Cdn/Profiles/AccessLog/Write",
    "properties": {
        "trackingReference": "20260928T000012Z-17f9b",
        "httpMethod": "POST",
        "httpVersion": "2.0.0.0",
        "requestUri": "https://api.acme.example:443/v1/orders?limit=20",
        "requestBytes": "412",
        "responseBytes": "1187",
        "userAgent": "acme-app/4.1",
        "clientIp": "198.51.100.23",
        "clientPort": "51812",
        "socketIp": "198.51.100.23",
        "timeTaken": "0.103",
        "routingRuleName": "orders",
        "httpStatusCode": "200",
        "clientCountry": "DE",
        "originName": "orders.acme.example:443",
        "hostName": "api.acme.example",
    },
}
FRONT_DOOR_WAF: dict[str, Any] = {
    "time": "2026-09-28T00:00:12.0431234Z",
    "resourceId": FRONT_DOOR["resourceId"],
    "category": "FrontDoorWebApplicationFirewallLog",
    "operationName": "Microsoft.Cdn/Profiles/WebApplicationFirewallLog/Write",
    "properties": {
        "clientIP": "198.51.100.23",
        "clientPort": "51812",
        "socketIP": "198.51.100.23",
        "requestUri": "https://api.acme.example:443/v1/orders?limit=20",
        "ruleName": "Microsoft_DefaultRuleSet-2.1-SQLI-942100",
        "policy": "edge",
        "action": "AnomalyScoring",
        "host": "api.acme.example",
        "trackingReference": "20260928T000012Z-17f9b",
        "policyMode": "prevention",
        "details": {"matches": [{"matchVariableName": "QueryParamValue:q", "matchVariableValue": "' OR 1"}]},
        "clientJA4FingerPrint": "t13d1516h2_8daaf6152771_b186095e22b6",
    },
}
GATEWAY: dict[str, Any] = {
    "timeStamp": "2026-09-28T00:00:12+00:00",
    "resourceId": "/SUBSCRIPTIONS/0000/RESOURCEGROUPS/EDGE/PROVIDERS/MICROSOFT.NETWORK/APPLICATIONGATEWAYS/GW",
    "listenerName": "https",
    "category": "ApplicationGatewayAccessLog",
    "properties": {
        "instanceId": "appgw_2",
        "clientIP": "198.51.100.23",
        "clientPort": 51812,
        "httpMethod": "GET",
        "originalRequestUriWithArgs": "/v1/orders?limit=20",
        "requestUri": "/internal/orders",
        "requestQuery": "limit=20",
        "userAgent": "acme-app/4.1",
        "httpStatus": 200,
        "httpVersion": "HTTP/1.1",
        "receivedBytes": 412,
        "sentBytes": 1187,
        "timeTaken": 0.103,
        "transactionId": "d1e4ff5ee5f5d5fa5ab1d4c4d5e4f5a5",
        "serverRouted": "10.4.0.7:8080",
        "serverStatus": "200",
        "serverResponseLatency": "0.098",
        "originalHost": "api.acme.example",
        "host": "10.4.0.7",
    },
}
GATEWAY_WAF: dict[str, Any] = {
    "timeStamp": "2026-09-28T00:00:12+00:00",
    "resourceId": GATEWAY["resourceId"],
    "category": "ApplicationGatewayFirewallLog",
    "properties": {
        "instanceId": "appgw_2",
        "clientIp": "198.51.100.23",
        "requestUri": "/v1/orders?limit=20",
        "ruleSetType": "OWASP_CRS",
        "ruleId": "942100",
        "message": "SQL Injection Attack",
        "action": "Blocked",
        "hostname": "api.acme.example",
        "transactionId": GATEWAY["properties"]["transactionId"],
    },
}


def changed(record: dict[str, Any], **properties: Any) -> dict[str, Any]:
    return {**record, "properties": {**record["properties"], **properties}}


def calls(*records: Any) -> CallBatch:
    return read(RawBatch(SOURCE, tuple(json.dumps(record).encode() for record in records)))


def one(*records: Any) -> dict[str, Any]:
    batch = calls(*records)
    assert batch.quarantined == ()
    (row,) = batch.table.to_pylist()
    return row


SAME = {
    "path": "/v1/orders",
    "query": "limit=20",
    "host": "api.acme.example",
    "status": 200,
    "client_ip": "198.51.100.23",
    "client_ip_trust": "peer",
    "user_agent": "acme-app/4.1",
    "request_bytes": 412,
    "response_bytes": 1187,
    "waf_action": None,
    "waf_rules": None,
}


def test_front_door_records_become_calls():
    row = one(FRONT_DOOR)
    assert {name: row[name] for name in SAME} == SAME
    assert (row["method"], row["ts"], row["call_id"]) == ("POST", 1790553612043123, "20260928T000012Z-17f9b")
    assert (row["declared_route"], row["upstream"], row["country"]) == (
        "orders",
        "orders.acme.example:443",
        "DE",
    )
    assert row["gateway"].endswith("/microsoft.cdn/profiles/acme")
    assert row["latency_ms"] == pytest.approx(103)


def test_application_gateway_records_become_calls():
    row = one(GATEWAY)
    assert {name: row[name] for name in SAME} == SAME
    assert (row["method"], row["call_id"]) == ("GET", GATEWAY["properties"]["transactionId"])
    assert (row["upstream"], row["upstream_status"]) == ("10.4.0.7:8080", 200)
    assert (row["latency_ms"], row["upstream_latency_ms"]) == pytest.approx((103, 98))


def diagnostics(record: dict[str, Any]) -> dict[str, Any]:
    columns = {
        f"{name}_{'d' if isinstance(value, int | float) else 's'}": value
        for name, value in record["properties"].items()
    }
    return {
        "TimeGenerated": record.get("time") or record["timeStamp"],
        "ResourceId": record["resourceId"],
        "Category": record["category"],
        **columns,
    }


def table_row(record: dict[str, Any]) -> dict[str, Any]:
    columns = {name[0].upper() + name[1:]: value for name, value in record["properties"].items()}
    return {
        "TimeGenerated": record.get("time") or record["timeStamp"],
        "_ResourceId": record["resourceId"].lower(),
        "Type": "AGWAccessLogs",
        **columns,
    }


@pytest.mark.parametrize("record", [FRONT_DOOR, GATEWAY, changed(GATEWAY, httpStatus="200", clientPort="")])
@pytest.mark.parametrize(
    "shape",
    [
        diagnostics,
        table_row,
        lambda record: {**record, "properties": json.dumps(record["properties"])},
        lambda record: {"records": [record]},
    ],
)
def test_every_wrapping_gives_the_same_call(record, shape):
    assert one(shape(record)) == one(record)


def test_firewall_records_go_into_the_access_record_of_their_request():
    final = changed(FRONT_DOOR_WAF, action="Block", ruleName="Microsoft_DefaultRuleSet-2.1-BLOCKING-949110")
    other = changed(FRONT_DOOR, trackingReference="other")
    first, second = calls(FRONT_DOOR_WAF, FRONT_DOOR, final, other).table.to_pylist()
    assert (first["method"], first["status"], first["waf_action"]) == ("POST", 200, "BLOCK")
    assert first["waf_rules"] == [
        "Microsoft_DefaultRuleSet-2.1-SQLI-942100",
        "Microsoft_DefaultRuleSet-2.1-BLOCKING-949110",
    ]
    assert first["ja4"] == "t13d1516h2_8daaf6152771_b186095e22b6"
    assert (second["call_id"], second["waf_action"]) == ("other", None)
    row = one(GATEWAY, GATEWAY_WAF)
    assert (row["method"], row["waf_action"], row["waf_rules"]) == ("GET", "BLOCK", ["942100"])


def test_a_firewall_record_alone_is_a_call_without_method_and_status_that_takes_nobodys_place():
    row = one(GATEWAY_WAF, changed(GATEWAY_WAF, ruleId="942110", action="Matched"))
    assert (row["method"], row["status"], row["path"]) == ("UNKNOWN", None, "/v1/orders")
    assert (row["waf_action"], row["waf_rules"]) == ("BLOCK", ["942100", "942110"])
    assert row["call_id"] != one(GATEWAY)["call_id"]


@pytest.mark.parametrize(
    ("properties", "action"),
    [
        ({"action": "Block"}, "BLOCK"),
        ({"action": "Block", "policyMode": "detection"}, "COUNT"),
        ({"action": "Log"}, "COUNT"),
        ({"action": "Allow"}, "ALLOW"),
        ({"action": "JSChallengeIssued"}, "CHALLENGE"),
        ({"action": "Juggled"}, None),
    ],
)
def test_what_the_firewall_did_is_told(properties, action):
    assert one(changed(FRONT_DOOR_WAF, **properties))["waf_action"] == action


@pytest.mark.parametrize(
    ("record", "expected"),
    [
        (
            changed(FRONT_DOOR, socketIp="203.0.113.9"),
            {"client_ip": "198.51.100.23", "client_ip_trust": "header"},
        ),
        (changed(FRONT_DOOR, requestUri="https://api.acme.example:443/"), {"path": "/", "query": ""}),
        (changed(FRONT_DOOR, httpStatusCode="0", timeTaken="-"), {"status": None, "latency_ms": None}),
        (changed(FRONT_DOOR, clientCountry="Germany"), {"country": None}),
        (
            changed(GATEWAY, originalRequestUriWithArgs=None, requestUri="/a", requestQuery="b=1"),
            {"path": "/a", "query": "b=1"},
        ),
        (changed(GATEWAY, originalRequestUriWithArgs="/a", requestQuery=""), {"path": "/a", "query": ""}),
        (
            changed(
                GATEWAY,
                instanceId="ApplicationGatewayRole_IN_0",
                originalRequestUriWithArgs=None,
                requestUri="/a",
                requestQuery="X-AzureApplicationGateway-CACHE-HIT=0&SERVER-ROUTED=10.4.0.4&SERVER-STATUS=200",
                timeTaken=205,
            ),
            {"path": "/a", "query": None, "latency_ms": 205.0},
        ),
    ],
)
def test_variants_are_read(record, expected):
    row = one(record)
    assert {name: row[name] for name in expected} == expected


def test_what_is_neither_is_set_aside_with_its_line_and_reason():
    probe = {
        "time": "2026-09-28T00:00:12Z",
        "category": "FrontDoorHealthProbeLog",
        "properties": {"result": "OK"},
    }
    nested = {"records": [FRONT_DOOR, changed(FRONT_DOOR, requestUri="")]}
    lines = (
        b"{broken",
        json.dumps(probe).encode(),
        json.dumps(nested).encode(),
        b"",
        b'{"records":[]}',
        b"7",
    )
    batch = read(RawBatch(SOURCE, lines, {"first_line": "11"}))
    assert batch.table.num_rows == 1
    assert [(bad.line, bad.reason.partition(":")[0]) for bad in batch.quarantined] == [
        (11, "not a JSON object"),
        (12, "neither an access record (no httpMethod) nor a firewall record (no action)"),
        (13, "the record has no requestUri"),
        (16, "not a JSON object"),
    ]


@pytest.mark.parametrize("record", [FRONT_DOOR, FRONT_DOOR_WAF, GATEWAY, GATEWAY_WAF, table_row(GATEWAY)])
def test_blobs_and_exported_rows_are_recognised(record):
    data = b"\r\n".join([json.dumps(record).encode()] * 2)
    offered = detect(data, "PT1H.json")
    assert isinstance(offered, CallFormat)
    assert offered.name == SOURCE
    assert sum(batch.table.num_rows for batch in read_calls(io.BytesIO(data), offered)) in (1, 2)


@pytest.mark.parametrize(
    "body",
    [
        {"records": [FRONT_DOOR, GATEWAY]},
        [{"records": [FRONT_DOOR]}, {"records": [GATEWAY]}],
        [FRONT_DOOR, GATEWAY],
    ],
)
@pytest.mark.parametrize("indent", [None, 1])
def test_pushes_are_read_in_every_shape_a_forwarder_makes(body, indent):
    receiver = Calls(AzureSettings(), local_egress())
    batch = receiver.parse(json.dumps(body, indent=indent).encode(), {})
    assert len(batch.records) == 2
    assert receiver.normalise(batch).table.num_rows == 2


@given(st.binary(max_size=200))
def test_a_push_is_taken_whole_or_refused_in_our_words(body):
    receiver = Calls(AzureSettings(), local_egress())
    try:
        batch = receiver.parse(body, {})
    except VendorAnswerError:
        return
    receiver.normalise(batch)
