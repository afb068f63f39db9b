"""Reading records: every format a stage may choose, broken lines salvaged, unknown kept apart from "none"."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connectors.aws.log_format import parse_format
from connectors.aws.normalise import joined, normalise
from connectors.base.calls import NORMALISED_SCHEMA, RawBatch

JSON_FORMAT = (
    '{"requestId":"$context.requestId","extendedRequestId":"$context.extendedRequestId",'
    '"requestTimeEpoch":$context.requestTimeEpoch,"ip":"$context.identity.sourceIp",'
    '"ua":"$context.identity.userAgent","httpMethod":"$context.httpMethod","path":"$context.path",'
    '"resourcePath":"$context.resourcePath","status":"$context.status","responseLatency":"$context.responseLatency",'
    '"responseLength":"$context.responseLength","principal":"$context.authorizer.principalId",'
    '"integration":{"status":"$context.integration.status"}}'
)
VALUES = {
    "requestId": "r-1",
    "extendedRequestId": "x-1=",
    "requestTimeEpoch": "1790553612043",
    "requestTime": "28/Sep/2026:00:00:12 +0000",
    "identity.sourceIp": "198.51.100.7",
    "identity.userAgent": "curl/8.5.0",
    "identity.caller": "-",
    "identity.user": "-",
    "httpMethod": "GET",
    "path": "/prod/orders/17",
    "resourcePath": "/orders/{orderId}",
    "protocol": "HTTP/1.1",
    "status": "200",
    "responseLatency": "31",
    "responseLength": "814",
    "authorizer.principalId": "u-9",
    "integration.status": "200",
}


def line(template: str, **changes: str) -> bytes:
    """A line as API Gateway writes it: variables replaced, nothing escaped."""
    text = template
    for name, value in sorted({**VALUES, **changes}.items(), key=lambda item: -len(item[0])):
        text = text.replace(f"$context.{name}", value)
    return text.encode()


def one(source: str, *records: bytes, **context: str) -> dict:
    batch = normalise(RawBatch(source, records, context))
    assert batch.quarantined == ()
    assert batch.table.schema.equals(NORMALISED_SCHEMA)
    return batch.table.to_pylist()[0]


def test_a_json_line_is_read_through_the_stages_own_format():
    row = one("aws.access", line(JSON_FORMAT), format=JSON_FORMAT, api_id="a1", stage="prod")
    assert row["call_id"] == "r-1"
    assert row["ts"] == 1790553612043000
    assert (row["gateway"], row["stage"]) == ("a1", "prod")
    assert (row["method"], row["path"]) == ("GET", "/prod/orders/17")
    assert row["declared_route"] == "GET /orders/{orderId}"
    assert (row["status"], row["latency_ms"], row["response_bytes"], row["upstream_status"]) == (
        200,
        31.0,
        814,
        200,
    )
    assert (row["principal"], row["principal_kind"], row["auth_present"]) == ("u-9", "user", True)


def test_a_quote_in_the_user_agent_breaks_the_json_but_not_the_reading():
    broken = line(JSON_FORMAT, **{"identity.userAgent": 'evil" , "status":"999'})
    with pytest.raises(ValueError):
        json.loads(broken.decode() + "x")
    row = one("aws.access", broken, line(JSON_FORMAT), format=JSON_FORMAT)
    assert row["path"] == "/prod/orders/17"
    quote = line(JSON_FORMAT, **{"identity.userAgent": 'say "hi"'})
    assert one("aws.access", quote, format=JSON_FORMAT)["user_agent"] == 'say "hi"'


def test_a_dash_is_unknown_and_not_a_value():
    dashes = {"status": "-", "responseLatency": "-", "authorizer.principalId": "-", "identity.userAgent": "-"}
    row = one("aws.access", line(JSON_FORMAT, **dashes), format=JSON_FORMAT)
    for column in ("status", "latency_ms", "principal", "user_agent", "auth_present", "query"):
        assert row[column] is None, column


@pytest.mark.parametrize(
    "template",
    [
        '$context.identity.sourceIp $context.identity.caller $context.identity.user [$context.requestTime]"'
        '$context.httpMethod $context.resourcePath $context.protocol" $context.status $context.responseLength '
        "$context.requestId $context.extendedRequestId",
        "$context.identity.sourceIp,$context.identity.caller,$context.identity.user,$context.requestTime,"
        "$context.httpMethod,$context.resourcePath,$context.protocol,$context.status,$context.responseLength,"
        "$context.requestId,$context.extendedRequestId",
        '<request id="$context.requestId"> <ip>$context.identity.sourceIp</ip> <caller>$context.identity.caller'
        "</caller> <requestTime>$context.requestTime</requestTime> <httpMethod>$context.httpMethod</httpMethod> "
        "<resourcePath>$context.resourcePath</resourcePath> <status>$context.status</status> "
        "<protocol>$context.protocol</protocol> <responseLength>$context.responseLength</responseLength> </request>",
    ],
    ids=["clf", "csv", "xml"],
)
def test_the_other_shapes_aws_suggests_are_read(template):
    row = one("aws.access", line(template), format=template)
    assert row["call_id"] == "r-1"
    assert row["client_ip"] == "198.51.100.7"
    assert row["ts"] == 1790553612000000
    assert (row["method"], row["status"], row["response_bytes"]) == ("GET", 200, 814)
    assert row["declared_route"] == "GET /orders/{orderId}"
    assert row["principal"] is None


def test_a_format_without_a_time_uses_the_logs_own():
    template = '{"id":"$context.requestId","m":"$context.httpMethod","p":"$context.path"}'
    row = one("aws.access", line(template), format=template, event_times="1790553612043")
    assert row["ts"] == 1790553612043000


def test_an_http_api_line_takes_its_route_from_the_route_key():
    template = '{"id":"$context.requestId","t":"$context.requestTimeEpoch","r":"$context.routeKey","p":"$context.path"}'
    record = b'{"id":"r","t":"1790553612043","r":"GET /pets/{id}","p":"/pets/3"}'
    row = one("aws.access", record, format=template)
    assert (row["method"], row["path"], row["declared_route"]) == ("GET", "/pets/3", "GET /pets/{id}")


def test_lines_that_do_not_fit_are_quarantined_with_a_reason_and_no_content():
    batch = normalise(
        RawBatch("aws.access", (line(JSON_FORMAT), b"password=hunter2 garbage"), {"format": JSON_FORMAT})
    )
    assert batch.table.num_rows == 1
    assert [entry.line for entry in batch.quarantined] == [2]
    assert "format" in batch.quarantined[0].reason
    assert "hunter2" not in batch.quarantined[0].excerpt


def test_a_format_that_names_nothing_quarantines_every_line():
    batch = normalise(RawBatch("aws.access", (b"x", b"y"), {"format": "hello"}))
    assert batch.table.num_rows == 0
    assert len(batch.quarantined) == 2


def test_a_template_written_over_several_lines_is_the_same_format():
    spread = JSON_FORMAT.replace(",", ",\n  ")
    assert parse_format(spread).variables == parse_format(JSON_FORMAT).variables
    assert one("aws.access", line(JSON_FORMAT), format=spread)["call_id"] == "r-1"


FILE_LINE = (
    b'{"requestId":"60caf84b","ip":"170.11.144.200","requestTime":"28/May/2026:20:26:40 +0000",'
    b'"requestTimeEpoch":1780000000702,"domainName":"files.api.test","httpMethod":"get","path":"/files/1",'
    b'"queryString":"","protocol":"HTTP/1.1","status":"200","responseLength":"814","responseLatency":"31",'
    b'"userAgent":"Postman","sub":"u207764"}'
)


def test_a_file_without_a_known_format_is_read_by_its_keys():
    row = one("aws.access_json", FILE_LINE)
    assert (row["host"], row["method"], row["path"], row["query"]) == (
        "files.api.test",
        "GET",
        "/files/1",
        "",
    )
    assert (row["principal"], row["principal_kind"]) == ("u207764", "user")
    assert row["ts"] == 1780000000702000


def test_a_query_left_in_the_path_of_a_file_moves_to_its_column():
    record = FILE_LINE.replace(b'"queryString":"",', b"").replace(b"/files/1", b"/files/1?a=1&b=2")
    row = one("aws.access_json", record)
    assert (row["path"], row["query"]) == ("/files/1", "a=1&b=2")


def test_a_record_without_an_id_gets_the_same_one_each_time():
    record = FILE_LINE.replace(b'"requestId":"60caf84b",', b"")
    first, second = one("aws.access_json", record), one("aws.access_json", record)
    assert first["call_id"] == second["call_id"]
    assert len(first["call_id"]) == 32


def waf_record(**changes) -> bytes:
    request = {
        "clientIp": "203.0.113.9",
        "country": "DE",
        "headers": [
            {"name": "Host", "value": "shop.example"},
            {"name": "User-Agent", "value": "sqlmap/1.8"},
            {"name": "Content-Type", "value": "application/json"},
            {"name": "X-Dup", "value": "1"},
            {"name": "X-Dup", "value": "2"},
        ],
        "uri": "/prod/orders/17",
        "args": "id=1%27",
        "httpVersion": "HTTP/2.0",
        "httpMethod": "GET",
        "requestId": "r-1",
        **changes.pop("request", {}),
    }
    return json.dumps(
        {
            "timestamp": 1790553612000,
            "formatVersion": 1,
            "webaclId": "arn:acl",
            "terminatingRuleId": "Default_Action",
            "terminatingRuleType": "REGULAR",
            "action": "ALLOW",
            "httpSourceName": "APIGW",
            "httpSourceId": "111122223333:a1:prod",
            "ruleGroupList": [],
            "rateBasedRuleList": [],
            "nonTerminatingMatchingRules": [],
            "responseCodeSent": None,
            "httpRequest": request,
            "labels": [],
            **changes,
        }
    ).encode()


def test_a_waf_record_gives_query_headers_country_and_fingerprints():
    row = one(
        "aws.waf", waf_record(ja3Fingerprint="j3", ja4Fingerprint="j4", clientAsn=64500, requestBodySize=12)
    )
    assert (row["gateway"], row["stage"], row["host"], row["query"]) == (
        "a1",
        "prod",
        "shop.example",
        "id=1%27",
    )
    assert (row["ja3"], row["ja4"], row["asn"], row["country"]) == ("j3", "j4", 64500, "DE")
    assert ("x-dup", "1") in row["headers"]
    assert ("x-dup", "2") in row["headers"]
    assert (row["user_agent"], row["request_content_type"]) == ("sqlmap/1.8", "application/json")
    assert row["status"] is None
    assert row["waf_rules"] == []


def test_matched_and_counting_rules_and_labels_are_named():
    row = one(
        "aws.waf",
        waf_record(
            action="BLOCK",
            terminatingRuleId="portcullis-1",
            ruleGroupList=[
                {
                    "ruleGroupId": "arn:group",
                    "terminatingRule": {"ruleId": "blk_1", "action": "BLOCK"},
                    "nonTerminatingMatchingRules": [{"ruleId": "cnt_1", "action": "COUNT"}],
                    "excludedRules": None,
                }
            ],
            nonTerminatingMatchingRules=[{"ruleId": "counted", "action": "COUNT"}],
            labels=[{"name": "awswaf:managed:x"}],
        ),
    )
    assert row["waf_action"] == "BLOCK"
    assert row["status"] == 403
    assert row["waf_rules"] == ["portcullis-1", "blk_1", "cnt_1", "counted", "label:awswaf:managed:x"]


def test_redacted_values_are_unknown_and_a_redacted_path_is_quarantined():
    row = one("aws.waf", waf_record(request={"args": "REDACTED"}))
    assert row["query"] is None
    batch = normalise(RawBatch("aws.waf", (waf_record(request={"uri": "REDACTED"}),)))
    assert batch.table.num_rows == 0
    assert batch.quarantined[0].reason == "no path"


def test_no_credential_is_only_said_where_the_log_is_seen_to_keep_credentials():
    authorised = waf_record(
        request={"headers": [{"name": "Authorization", "value": "REDACTED"}], "requestId": "r-2"}
    )
    alone = normalise(RawBatch("aws.waf", (waf_record(),))).table
    assert alone["auth_present"].to_pylist() == [None]
    both = normalise(RawBatch("aws.waf", (waf_record(), authorised))).table
    assert both["auth_present"].to_pylist() == [False, True]


def test_an_access_line_and_its_waf_record_are_one_call():
    record = joined(line(JSON_FORMAT, responseLatency="31"), waf_record())
    row = one("aws.request", record, format=JSON_FORMAT, api_id="a1", stage="prod")
    assert (row["status"], row["latency_ms"], row["principal"]) == (200, 31.0, "u-9")
    assert (row["query"], row["country"], row["waf_action"]) == ("id=1%27", "DE", "ALLOW")
    assert row["user_agent"] == "curl/8.5.0"
    assert row["declared_route"] == "GET /orders/{orderId}"


def test_requests_with_and_without_a_waf_record_keep_their_rows():
    plain = line(JSON_FORMAT, requestId="r-2", path="/prod/plain")
    both = joined(line(JSON_FORMAT), waf_record())
    rows = normalise(RawBatch("aws.request", (plain, both, plain), {"format": JSON_FORMAT})).table.to_pylist()
    assert [row["query"] for row in rows] == [None, "id=1%27", None]
    assert [row["path"] for row in rows] == ["/prod/plain", "/prod/orders/17", "/prod/plain"]
    assert [row["headers"] is None for row in rows] == [True, False, True]


def test_garbage_never_raises():
    garbage = (b"", b"\x00\xff", b"[]", b"null", b'{"a":', b"{}", b'{"timestamp":"x"}', b"\x1e", b"-")
    for source in ("aws.access", "aws.waf", "aws.access_json", "aws.request"):
        for context in ({}, {"format": JSON_FORMAT}):
            batch = normalise(RawBatch(source, garbage, context))
            assert batch.table.num_rows == 0
            assert len(batch.quarantined) == len(garbage)


KEYS = (
    "requestId",
    "requestTimeEpoch",
    "requestTime",
    "httpMethod",
    "path",
    "status",
    "responseLatency",
    "sub",
    "ip",
)
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=4), inner, max_size=2),
    max_leaves=4,
)
objects = st.dictionaries(
    st.sampled_from((*KEYS, "timestamp", "httpRequest", "action", "labels", "ua", "queryString")),
    json_values,
    max_size=8,
)
records = st.lists(objects.map(lambda entry: json.dumps(entry).encode()) | st.binary(max_size=40), max_size=6)


@settings(max_examples=150, deadline=None)
@given(lines=records, source=st.sampled_from(("aws.access", "aws.access_json", "aws.waf", "aws.request")))
def test_whatever_is_in_a_record_it_is_a_call_or_quarantined(lines, source):
    for context in ({}, {"format": JSON_FORMAT}):
        batch = normalise(RawBatch(source, tuple(lines), context))
        assert batch.table.num_rows + len(batch.quarantined) == len(lines)
        assert batch.table.schema.equals(NORMALISED_SCHEMA)


@pytest.mark.parametrize("text", ["\\ud800", "\\u0000", "💥", "\\u001e"])
def test_odd_characters_in_a_value_do_no_harm(text):
    record = FILE_LINE.replace(b"Postman", text.encode())
    batch = normalise(RawBatch("aws.access_json", (record, FILE_LINE)))
    assert batch.table.num_rows + len(batch.quarantined) == 2
    assert batch.table["user_agent"].to_pylist()[-1] == "Postman"
