"""Load balancer and CloudFront logs as calls: every line a call or set aside."""

from __future__ import annotations

import gzip
import io
import json

import pytest

from connectors.aws import cloudfront, load_balancer
from connectors.base.calls import RawBatch
from connectors.base.detect import detect
from connectors.base.formats import CallFormat
from connectors.base.stream import head_of
from connectors.file.calls import Calls
from connectors.file.manifest import FileSettings
from connectors.file.read import read_calls
from connectors.testkit.running import local_egress

ALB = (
    "h2 2026-09-28T00:00:12.543210Z app/shop-edge/4f1c2d3e4a5b6c7d 198.51.100.7:40112 10.0.1.9:8080 0.001 0.070 0.000 "
    '200 201 412 1290 "POST https://API.example.com:443/orders/17?expand=lines HTTP/2.0" "Mozilla/5.0 (X; \\"y\\")" '
    "TLS_AES_128_GCM_SHA256 TLSv1.3 "
    "arn:aws:elasticloadbalancing:eu-west-1:111122223333:targetgroup/shop/0123456789abcdef "
    '"Root=1-66f74c8c-0a1b2c3d4e5f60718293a4b5" "api.example.com" '
    '"arn:aws:acm:eu-west-1:111122223333:certificate/0f0e0d0c" 3 2026-09-28T00:00:12.472000Z "waf,forward" "-" "-" '
    '"10.0.1.9:8080" "201" "-" "-" TID_0a1b2c3d4e5f'
)


def alb(*lines: str) -> list[dict]:
    batch = load_balancer.normalise(RawBatch(load_balancer.SOURCE, tuple(line.encode() for line in lines)))
    assert batch.quarantined == ()
    return batch.table.to_pylist()


def test_a_load_balancer_line_becomes_a_call():
    (call,) = alb(ALB)
    assert call["ts"] == 1_790_553_612_472_000
    assert (call["method"], call["path"], call["query"]) == ("POST", "/orders/17", "expand=lines")
    assert (call["host"], call["protocol"], call["gateway"]) == (
        "api.example.com",
        "HTTP/2.0",
        "app/shop-edge/4f1c2d3e4a5b6c7d",
    )
    assert (call["client_ip"], call["client_ip_trust"], call["upstream"]) == (
        "198.51.100.7",
        "peer",
        "10.0.1.9:8080",
    )
    assert (call["status"], call["upstream_status"]) == (200, 201)
    assert (call["latency_ms"], call["upstream_latency_ms"]) == (pytest.approx(71), pytest.approx(70))
    assert (call["request_bytes"], call["response_bytes"]) == (412, 1290)
    assert call["user_agent"].startswith("Mozilla/5.0 (X")
    assert (call["waf_action"], call["waf_rules"], call["auth_present"]) == ("ALLOW", None, None)


@pytest.mark.parametrize(
    ("actions", "expected"),
    [
        ("waf", "BLOCK"),
        ("waf,authenticate,forward", "ALLOW"),
        ("forward", None),
        ("waf-failed", None),
        ("-", None),
    ],
)
def test_the_last_action_says_whether_the_web_application_firewall_refused(actions, expected):
    (call,) = alb(ALB.replace('"waf,forward"', f'"{actions}"'))
    assert call["waf_action"] == expected


def test_a_phase_that_did_not_happen_leaves_the_latency_unknown():
    line = ALB.replace("10.0.1.9:8080 0.001 0.070 0.000 200 201", "- -1 -1 -1 502 -", 1)
    (call,) = alb(line)
    assert (call["latency_ms"], call["upstream"], call["status"], call["upstream_status"]) == (
        None,
        None,
        502,
        None,
    )


def test_addresses_of_version_6_and_lines_of_before_new_fields_are_read():
    (call,) = alb(ALB.replace("198.51.100.7:40112", "[2001:DB8::7]:40112").partition(" arn:aws:elastic")[0])
    assert (call["client_ip"], call["host"]) == ("2001:db8::7", "api.example.com")


def test_the_same_line_has_the_same_id_in_every_file():
    assert [call["call_id"] for call in alb(ALB, ALB.replace("40112", "40113"), ALB)][0::2] == [
        alb(ALB)[0]["call_id"]
    ] * 2


def test_requests_that_are_none_and_cut_lines_are_set_aside():
    lines = (ALB.replace("POST https", "- https").encode(), ALB[:90].encode(), b"garbage", b"\xff\xfe")
    batch = load_balancer.normalise(RawBatch(load_balancer.SOURCE, lines, {"first_line": "5"}))
    assert [entry.line for entry in batch.quarantined] == [5, 6, 7, 8]
    assert "request line" in batch.quarantined[0].reason


VALUES = {
    "date": "2026-09-28",
    "time": "00:00:12",
    "x-edge-location": "FRA56-P8",
    "sc-bytes": "1290",
    "c-ip": "198.51.100.7",
    "cs-method": "GET",
    "cs(Host)": "d111111abcdef8.cloudfront.net",
    "cs-uri-stem": "/orders/a%20b",
    "sc-status": "200",
    "cs(User-Agent)": "Mozilla/5.0%20(X)",
    "cs-uri-query": "expand=lines",
    "x-edge-request-id": "req-1",
    "x-host-header": "api.example.com",
    "cs-protocol": "https",
    "cs-bytes": "412",
    "time-taken": "0.071",
    "cs-protocol-version": "HTTP/2.0",
    "sc-content-type": "application/json",
    "c-country": "DE",
    "asn": "64496",
}


def lines_of(fields: str, **changes: str) -> bytes:
    values = {**VALUES, **changes}
    return "\t".join(values.get(name, "-") for name in fields.split()).encode()


def rows(data: bytes, name: str = "") -> tuple[list[dict], list]:
    stream = io.BytesIO(data)
    offered = detect(head_of(stream), name)
    assert isinstance(offered, CallFormat)
    batches = list(read_calls(stream, offered))
    return [row for b in batches for row in b.table.to_pylist()], [q for b in batches for q in b.quarantined]


def seen(call: dict) -> tuple:
    return tuple(
        call[name]
        for name in (
            "call_id",
            "method",
            "path",
            "query",
            "host",
            "status",
            "client_ip",
            "user_agent",
            "response_bytes",
        )
    )


EXPECTED = (
    "req-1", "GET", "/orders/a%20b", "expand=lines", "api.example.com", 200, "198.51.100.7", "Mozilla/5.0 (X)", 1290,
)  # fmt: skip


def w3c(fields: str, *lines: bytes) -> bytes:
    return b"\n".join([b"#Version: 1.0", b"#Fields: " + fields.encode(), *lines]) + b"\n"


def test_a_standard_log_is_read_with_its_heading():
    (call,), bad = rows(gzip.compress(w3c(cloudfront.STANDARD, lines_of(cloudfront.STANDARD))))
    assert bad == []
    assert seen(call) == EXPECTED
    assert (call["ts"], call["latency_ms"]) == (1_790_553_612_000_000, pytest.approx(71))
    assert (call["gateway"], call["protocol"]) == ("d111111abcdef8.cloudfront.net", "HTTP/2.0")


def test_fields_that_a_customer_chose_are_read_in_their_order_in_every_batch_of_a_file():
    chosen = "cs-method cs-uri-stem x-edge-request-id c-ip sc-status date time x-host-header c-country asn"
    calls, bad = rows(w3c(chosen, *[lines_of(chosen)] * 9000, b"broken\tline"))
    assert (len(calls), [entry.line for entry in bad]) == (9000, [9003])
    assert (calls[-1]["country"], calls[-1]["asn"]) == ("DE", 64496)
    assert calls[-1]["query"] is None  # the field was not chosen: unknown, not "none"


def test_a_request_without_a_query_is_known_to_have_none():
    (call,), _ = rows(w3c(cloudfront.STANDARD, lines_of(cloudfront.STANDARD, **{"cs-uri-query": "-"})))
    assert call["query"] == ""


def test_a_connection_that_broke_off_has_no_status():
    (call,), _ = rows(w3c(cloudfront.STANDARD, lines_of(cloudfront.STANDARD, **{"sc-status": "000"})))
    assert call["status"] is None


def test_standard_lines_without_a_heading_and_real_time_records_are_recognised():
    (call,), _ = rows(lines_of(cloudfront.STANDARD) + b"\n")
    assert seen(call) == EXPECTED
    real_time = {
        "timestamp": "1790553612.043",
        "cs-host": "d1.cloudfront.net",
        "cs-user-agent": "Mozilla/5.0%20(X)",
    }
    (call,), _ = rows(lines_of(cloudfront.REAL_TIME, **real_time) + b"\n")
    assert seen(call) == EXPECTED
    assert call["ts"] == 1_790_553_612_043_000


def test_json_records_of_any_fields_are_read():
    (call,), bad = rows(
        json.dumps({**VALUES, "timestamp(ms)": "1790553612043", "DistributionId": "E1"}).encode() + b"\n{"
    )
    assert seen(call) == EXPECTED
    assert (call["ts"], call["gateway"], len(bad)) == (1_790_553_612_043_000, "E1", 1)


def test_a_shippers_push_of_lines_with_a_heading_is_read():
    calls = Calls(FileSettings(), local_egress())
    chosen = "cs-method cs-uri-stem x-edge-request-id c-ip sc-status date time x-host-header"
    batch = calls.normalise(calls.parse(w3c(chosen, lines_of(chosen)), {}))
    assert (batch.table.num_rows, batch.quarantined) == (1, ())
