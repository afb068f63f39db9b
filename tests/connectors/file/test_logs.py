"""Access logs as files: every line becomes a call or is set aside with its number."""

from __future__ import annotations

import gzip
import io
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.apigee import messages as apigee
from connectors.base.calls import RawBatch
from connectors.base.detect import detect
from connectors.base.errors import RefusedError
from connectors.base.formats import CallFormat, file_formats
from connectors.base.stream import ReadLimits, chunks, head_of, line_batches
from connectors.file import clf
from connectors.file.read import read_calls

NGINX = (
    b'62.38.191.117 - - [28/Sep/2026:00:00:12 +0000] "POST /users/v1/register?a=1 HTTP/1.1" 200 92 "-" "Mozilla/5.0 (X)"'
    b" books.example.test 0.078"
)
APIGEE = {
    "organization": "acme",
    "environment": "prod",
    "apiproxy": "books",
    "gateway_flow_id": "flow-1",
    "client_received_start_timestamp": "2026-09-28T00:00:12.043Z",
    "request_verb": "POST",
    "proxy_basepath": "/",
    "proxy_pathsuffix": "/users/v1/register",
    "request_uri": "/users/v1/register?a=1",
    "response_status_code": 200,
    "target_response_code": "200",
    "total_response_time": 78,
    "ax_resolved_client_ip": "62.38.191.117",
    "useragent": "Mozilla/5.0 (X)",
    "virtual_host": "books.example.test",
    "developer_app": "-",
}
KONG = {
    "request": {
        "id": "k1",
        "method": "POST",
        "uri": "/users/v1/register?a=1",
        "headers": {"host": "books.example.test", "user-agent": "Mozilla/5.0 (X)"},
    },
    "response": {"status": 200},
    "latencies": {"request": 78},
    "tries": [],
    "client_ip": "62.38.191.117",
    "started_at": 1790553612043,
}
AWS_ACCESS = {
    "requestId": "a1",
    "ip": "62.38.191.117",
    "requestTimeEpoch": 1790553612043,
    "domainName": "books.example.test",
    "httpMethod": "POST",
    "path": "/users/v1/register",
    "queryString": "a=1",
    "status": "200",
    "responseLatency": "78",
    "userAgent": "Mozilla/5.0 (X)",
}
SHAPES = {
    "aws_http.jsonl": json.dumps(AWS_ACCESS).encode(),
    "nginx.log": NGINX,
    "apigee.jsonl": json.dumps(APIGEE).encode(),
    "kong.jsonl": json.dumps(KONG).encode(),
}


def rows(data: bytes, name: str = "", host: str = "") -> tuple[list[dict], list]:
    stream = io.BytesIO(data)
    offered = detect(head_of(stream), name)
    assert isinstance(offered, CallFormat)
    batches = list(read_calls(stream, offered, host))
    return [row for batch in batches for row in batch.table.to_pylist()], [
        q for b in batches for q in b.quarantined
    ]


@pytest.mark.parametrize("name", SHAPES)
def test_one_request_is_the_same_call_in_every_shape(name):
    (call,), bad = rows(SHAPES[name] + b"\n")
    assert bad == []
    seen = {
        key: call[key] for key in ("method", "path", "query", "status", "client_ip", "host", "user_agent")
    }
    assert seen == {
        "method": "POST",
        "path": "/users/v1/register",
        "query": "a=1",
        "status": 200,
        "client_ip": "62.38.191.117",
        "host": "books.example.test",
        "user_agent": "Mozilla/5.0 (X)",
    }
    assert call["latency_ms"] == pytest.approx(78)
    assert call["ts"] // 1_000_000 == 1790553612


@pytest.mark.parametrize("name", SHAPES)
def test_a_gzip_of_it_reads_the_same(name):
    plain, _ = rows(SHAPES[name] + b"\n" + SHAPES[name])
    packed, _ = rows(gzip.compress(SHAPES[name] + b"\n") + gzip.compress(SHAPES[name]))
    assert plain == packed
    assert len(plain) == 2


@pytest.mark.parametrize("name", SHAPES)
def test_malformed_lines_are_set_aside_with_their_number_and_never_lost(name):
    data = b"\n".join([SHAPES[name], b"garbage", b"", SHAPES[name], SHAPES[name][:40]])
    calls, bad = rows(data)
    assert len(calls) == 2
    assert [(entry.line, bool(entry.reason)) for entry in bad] == [(2, True), (5, True)]


def test_numbers_stay_true_across_batches():
    lines = [SHAPES["kong.jsonl"]] * 9001
    lines[8500] = b"{broken"
    calls, bad = rows(b"\n".join(lines))
    assert len(calls) == 9000
    assert [entry.line for entry in bad] == [8501]


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        (
            b'1.2.3.4 - ann [28/Sep/2026:00:00:12 +0200] "GET /x HTTP/2.0" 204 -',
            {"principal": "ann", "response_bytes": None},
        ),
        (
            b'api.example.com:443 1.2.3.4 - - [28/Sep/2026:00:00:12 +0000] "GET / HTTP/1.1" 200 5',
            {"host": "api.example.com"},
        ),
        (
            b'1.2.3.4 - - [28/Sep/2026:00:00:12 +0000] "GET / HTTP/1.1" 200 5 "-" "a" rt=0.250 urt="0.2" host="h.example"',
            {"latency_ms": 250.0, "upstream_latency_ms": 200.0, "host": "h.example"},
        ),
        (
            rb'1.2.3.4 - - [28/Sep/2026:00:00:12 +0000] "GET /a\x22b\xC3 HTTP/1.1" 400 5 "-" "q\"x"',
            {"path": '/a"b%C3'},
        ),
        (
            b'2001:db8::1 - - [28/Sep/2026:00:00:12 +0000] "GET http://h/p?q HTTP/1.1" 200 5',
            {"path": "/p", "query": "q"},
        ),
    ],
)
def test_common_variants_of_the_combined_format_are_read(line, expected):
    batch = clf.normalise(RawBatch(clf.SOURCE, (line,)))
    assert batch.quarantined == ()
    (row,) = batch.table.to_pylist()
    assert {key: row[key] for key in expected} == expected


def test_equal_lines_of_a_file_are_separate_calls_and_the_same_file_gives_the_same_ids():
    first, _ = rows(NGINX + b"\n" + NGINX)
    second, _ = rows(NGINX + b"\n" + NGINX)
    ids = [row["call_id"] for row in first]
    assert len(set(ids)) == 2
    assert ids == [row["call_id"] for row in second]


def test_apigee_flow_variables_and_cloud_logging_envelopes_are_read():
    entry = {
        "insertId": "i-1",
        "timestamp": "2026-09-28T00:00:12Z",
        "jsonPayload": {
            "proxy.name": "books",
            "proxy.basepath": "/v1",
            "proxy.pathsuffix": "/x",
            "request.verb": "get",
            "response.status.code": "404",
            "client.ip": "198.51.100.7",
            "jwt.Verify.claim.subject": "u-1",
        },
    }
    (row,) = apigee.normalise(RawBatch(apigee.SOURCE, (json.dumps(entry).encode(),))).table.to_pylist()
    assert (row["call_id"], row["method"], row["path"], row["status"]) == ("i-1", "GET", "/v1/x", 404)
    assert (row["principal_kind"], row["principal"], row["gateway"]) == ("user", "u-1", "books")


@pytest.mark.parametrize(
    "value", [1790553612043, "1790553612043", 1790553612.043, "2026-09-28T02:00:12.043+02:00"]
)
def test_apigee_times_are_read_in_every_notation(value):
    entry = {**APIGEE, "client_received_start_timestamp": value}
    (row,) = apigee.normalise(RawBatch(apigee.SOURCE, (json.dumps(entry).encode(),))).table.to_pylist()
    assert abs(row["ts"] - 1790553612043000) < 1000


def test_calls_without_a_host_get_the_uploads_host():
    line = b'1.2.3.4 - - [28/Sep/2026:00:00:12 +0000] "GET / HTTP/1.1" 200 5'
    (row,), _ = rows(line, host="API.example.com")
    assert row["host"] == "api.example.com"


def test_paths_that_aws_logs_decoded_are_encoded_again():
    (row,), _ = rows(json.dumps({**AWS_ACCESS, "path": "/books/Amber harbor/\u00e9%27"}).encode())
    assert row["path"] == "/books/Amber%20harbor/%C3%A9%27"


def test_waf_lines_are_read_with_the_action_and_without_a_status():
    record = {
        "timestamp": 1790553612043,
        "webaclId": "arn:aws:wafv2:eu-west-1:111122223333:regional/webacl/main/a",
        "terminatingRuleId": "Default_Action",
        "action": "ALLOW",
        "httpSourceName": "APIGW",
        "httpSourceId": "111122223333:api:prod",
        "httpRequest": {
            "clientIp": "62.38.191.117",
            "country": "DE",
            "headers": [{"name": "Host", "value": "books.example.test"}],
            "uri": "/users/v1/register",
            "args": "a=1",
            "httpMethod": "POST",
            "requestId": "w1",
        },
    }
    (row,), bad = rows(json.dumps(record).encode())
    assert bad == []
    assert (row["method"], row["path"], row["host"]) == ("POST", "/users/v1/register", "books.example.test")
    assert (row["status"], row["waf_action"]) == (None, "ALLOW")


def test_a_saved_push_of_kong_as_one_array_is_read():
    calls, bad = rows(b"[" + SHAPES["kong.jsonl"] + b",\n" + SHAPES["kong.jsonl"] + b"]")
    assert (len(calls), bad) == (2, [])


@pytest.mark.asvs("5.2.2")
def test_an_unknown_file_is_no_format():
    assert detect(b"hello world, this is a letter\n", "letter.txt") is None
    assert detect(b"", "empty.json") is None


@pytest.mark.asvs("5.2.3")
def test_a_gzip_bomb_is_stopped():
    bomb = io.BytesIO(gzip.compress(b"\0" * (64 << 20)))
    with pytest.raises(RefusedError):
        list(chunks(bomb, ReadLimits(grace_bytes=1 << 20)))


def test_a_damaged_gzip_keeps_what_came_before_and_says_where_it_broke():
    packed = gzip.compress(b"\n".join([SHAPES["kong.jsonl"]] * 20000), compresslevel=1)
    calls, bad = rows(packed[: len(packed) // 2])
    assert calls
    assert "gzip" in bad[-1].reason


def test_a_line_longer_than_a_record_may_be_is_set_aside_alone():
    data = SHAPES["kong.jsonl"] + b"\n" + b"x" * (3 << 20) + b"\n" + SHAPES["kong.jsonl"]
    calls, bad = rows(data)
    assert len(calls) == 2
    assert [entry.line for entry in bad] == [2]


@given(st.binary(max_size=400), st.integers(1, 7))
def test_splitting_into_lines_loses_nothing(data, size):
    pieces = [data[i : i + size] for i in range(0, len(data), size)]
    lines = [line for _, batch in line_batches(iter(pieces), 3) for line in batch]
    expected = [part.removesuffix(b"\r") for part in data.removeprefix(b"\xef\xbb\xbf").split(b"\n")]
    if expected and expected[-1] == b"":
        expected.pop()
    if not data.startswith(b"\xef\xbb\xbf"[: min(3, max(1, len(data)))]):
        assert [line for line in lines if line] == [part for part in expected if part]


@given(
    st.sampled_from(["file.clf", "apigee.messages", "kong.http_log"]),
    st.lists(st.binary(max_size=200), max_size=4),
)
def test_arbitrary_bytes_never_raise(name, records):
    offered = file_formats()[name]
    assert isinstance(offered, CallFormat)
    batch = offered.normalise(RawBatch(name, tuple(records)))
    blank = sum(not record or record.isspace() for record in records)
    assert batch.table.num_rows + len(batch.quarantined) == len(records) - blank


@given(st.text(max_size=60))
def test_any_text_in_place_of_a_request_line_never_raises(text):
    line = f'1.2.3.4 - - [28/Sep/2026:00:00:12 +0000] "{text}" 200 5 "-" "a"'.encode(errors="replace")
    batch = clf.normalise(RawBatch(clf.SOURCE, (line,)))
    assert batch.table.num_rows + len(batch.quarantined) == 1
