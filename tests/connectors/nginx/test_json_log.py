"""nginx access logs as JSON, in the spellings that are common."""

from __future__ import annotations

import json
from typing import Any

import pytest

from connectors.base.calls import RawBatch
from connectors.base.detect import detect
from connectors.base.errors import VendorAnswerError
from connectors.base.formats import CallFormat
from connectors.nginx.calls import Calls
from connectors.nginx.json_log import SOURCE, read
from connectors.nginx.manifest import NginxSettings
from connectors.testkit.running import local_egress

ENTRY: dict[str, Any] = {
    "time_iso8601": "2026-09-28T02:00:12+02:00",
    "remote_addr": "198.51.100.23",
    "remote_user": "",
    "request_method": "POST",
    "request_uri": "/v1/orders?limit=20",
    "server_protocol": "HTTP/1.1",
    "host": "api.acme.example",
    "status": "200",
    "body_bytes_sent": "1187",
    "request_length": "412",
    "request_time": "0.103",
    "upstream_addr": "10.4.0.7:8080",
    "upstream_status": "200",
    "upstream_response_time": "0.098",
    "http_user_agent": "acme-app/4.1",
    "request_id": "0f9e8d7c6b5a49382716051423324150",
}


def one(record: dict[str, Any] | bytes) -> dict[str, Any]:
    data = record if isinstance(record, bytes) else json.dumps(record).encode()
    batch = read(RawBatch(SOURCE, (data,)))
    assert batch.quarantined == ()
    (row,) = batch.table.to_pylist()
    return row


def test_a_line_becomes_a_call_with_all_it_says():
    assert {name: value for name, value in one(ENTRY).items() if value is not None} == {
        "call_id": "0f9e8d7c6b5a49382716051423324150",
        "ts": 1790553612000000,
        "host": "api.acme.example",
        "method": "POST",
        "path": "/v1/orders",
        "query": "limit=20",
        "protocol": "HTTP/1.1",
        "upstream": "10.4.0.7:8080",
        "client_ip": "198.51.100.23",
        "client_ip_trust": "peer",
        "user_agent": "acme-app/4.1",
        "status": 200,
        "latency_ms": pytest.approx(103),
        "upstream_status": 200,
        "upstream_latency_ms": pytest.approx(98),
        "request_bytes": 412,
        "response_bytes": 1187,
    }


def without(*names: str, **more: Any) -> dict[str, Any]:
    return {name: value for name, value in ENTRY.items() if name not in names} | more


@pytest.mark.parametrize(
    ("record", "expected"),
    [
        (without("time_iso8601", msec="1790553612.043"), {"ts": 1790553612043000}),
        (without("time_iso8601", time_local="28/Sep/2026:02:00:12 +0200"), {"ts": 1790553612000000}),
        (without("time_iso8601", **{"@timestamp": "2026-09-28T00:00:12Z"}), {"ts": 1790553612000000}),
        (
            without(
                "request_method",
                "request_uri",
                "server_protocol",
                request="GET /a%20b?c HTTP/2.0",
                uri="/a b",
            ),
            {"method": "GET", "path": "/a%20b", "query": "c", "protocol": "HTTP/2.0"},
        ),
        (without("request_uri", uri="/v2/x?y=1"), {"path": "/v2/x", "query": "y=1"}),
        (without("request_uri", uri="/v2/x", args="y=1"), {"path": "/v2/x", "query": "y=1"}),
        (without("request_uri", uri="/v2/x"), {"path": "/v2/x", "query": ""}),
        (
            without(uri="/index.php", request="GET /other HTTP/1.1"),
            {"path": "/v1/orders", "query": "limit=20"},
        ),
        (without(remote_user="ann"), {"principal_kind": "user", "principal": "ann", "auth_present": True}),
        (without(realip_remote_addr="10.0.0.1"), {"client_ip_trust": "trusted_hop"}),
        (
            without(upstream_status="502, 200", upstream_response_time="0.010, 0.020"),
            {"upstream_status": 200, "upstream_latency_ms": pytest.approx(20)},
        ),
        (without(upstream_status="-", upstream_response_time="-"), {"upstream_status": None}),
        (without(http_host="shop.acme.example:8443"), {"host": "shop.acme.example"}),
    ],
)
def test_variants_are_read(record, expected):
    row = one(record)
    assert {name: row[name] for name in expected} == expected


def test_lines_written_without_json_escaping_are_read():
    line = (
        rb'{"time_iso8601":"2026-09-28T00:00:12Z","remote_addr":"198.51.100.23","request_method":"GET",'
        rb'"request_uri":"/a","status":200,"http_user_agent":"say \x22hi\x22","upstream_response_time":-,"request_time":}'
    )
    assert (one(line)["user_agent"], one(line)["latency_ms"]) == ('say "hi"', None)


def test_equal_lines_without_an_id_are_separate_calls():
    line = json.dumps(without("request_id")).encode()
    ids = read(RawBatch(SOURCE, (line, line), {"first_line": "1"})).table.column("call_id").to_pylist()
    assert len(set(ids)) == 2


def test_bad_lines_are_set_aside_with_number_and_reason():
    stream = json.dumps(without("request_method", "request_uri")).encode()
    lines = (b"{", stream, json.dumps(ENTRY).encode(), json.dumps(without("time_iso8601")).encode())
    batch = read(RawBatch(SOURCE, lines, {"first_line": "1"}))
    assert batch.table.num_rows == 1
    assert [(bad.line, bad.reason[:24]) for bad in batch.quarantined] == [
        (1, "not a JSON object: Input"),
        (2, "no readable method and n"),
        (4, "no readable time (time_i"),
    ]


@pytest.mark.parametrize(
    "record",
    [
        ENTRY,
        without("request_method", "request_uri", "upstream_addr", request="GET /a HTTP/1.1"),
        {
            name: ENTRY[name]
            for name in ("time_iso8601", "remote_addr", "request_method", "request_uri", "status")
        },
    ],
)
def test_files_are_recognised(record):
    data = json.dumps(record).encode() + b"\n"
    offered = detect(data * 2, "access.json")
    assert isinstance(offered, CallFormat)
    assert offered.name == SOURCE


def test_pushes_are_read_and_combined_lines_are_sent_elsewhere():
    receiver = Calls(NginxSettings(), local_egress())
    line = json.dumps(ENTRY).encode()
    assert receiver.normalise(receiver.parse(line + b"\n" + line, {})).table.num_rows == 2
    with pytest.raises(VendorAnswerError) as refused:
        receiver.parse(b'198.51.100.23 - - [28/Sep/2026:00:00:12 +0000] "GET / HTTP/1.1" 200 5', {})
    assert "combined format" in refused.value.sentence()
