"""Kong's log records as calls, in every shape Kong versions write them."""

from __future__ import annotations

import base64
import contextlib
import json

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.base.calls import NORMALISED_SCHEMA, RawBatch
from connectors.base.errors import VendorAnswerError
from connectors.base.pushed import json_records
from connectors.kong.calls import SOURCE, Calls, normalise
from connectors.kong.form import KongSettings
from connectors.testkit.running import local_egress


def record(**changes) -> dict:
    """A record of Kong 3.9; ``changes`` replace top-level members."""
    made = {
        "request": {
            "id": "0a1b2c",
            "method": "GET",
            "uri": "/orders/17?expand=lines",
            "url": "https://api.example.com:443/orders/17",
            "size": "412",
            "querystring": {"expand": "lines"},
            "headers": {"host": "api.example.com", "user-agent": "curl/8", "authorization": "REDACTED"},
        },
        "response": {"status": 200, "size": "290", "headers": {"content-type": "application/json"}},
        "latencies": {"request": 78, "kong": 1, "proxy": 77},
        "tries": [{"ip": "10.0.0.7", "port": 443}],
        "client_ip": "198.51.100.7",
        "started_at": 1790553612043,
        "upstream_status": "200",
        "service": {"id": "svc-1", "name": "orders", "host": "orders.internal"},
        "route": {"id": "rt-1", "tags": None},
        "workspace_name": "default",
        "source": "upstream",
    }
    return {**made, **changes}


def one(made: dict) -> dict:
    batch = normalise(RawBatch(SOURCE, (json.dumps(made).encode(),)))
    assert batch.quarantined == ()
    return batch.table.to_pylist()[0]


def with_headers(**headers: object) -> dict:
    made = record()
    made["request"]["headers"] = {"host": "api.example.com", **headers}
    return made


def test_a_record_becomes_a_call_with_everything_kong_knows():
    call = one(record())
    assert call["call_id"] == "0a1b2c"
    assert (call["method"], call["path"], call["query"]) == ("GET", "/orders/17", "expand=lines")
    assert (call["host"], call["client_ip"], call["status"]) == ("api.example.com", "198.51.100.7", 200)
    assert call["ts"] == 1790553612043000
    assert (call["request_bytes"], call["response_bytes"]) == (412, 290)
    assert (call["gateway"], call["declared_route"], call["upstream"]) == ("svc-1", "rt-1", "10.0.0.7:443")
    assert call["auth_present"]
    assert call["waf_action"] is None


@pytest.mark.parametrize(
    "changes",
    [
        {"service": {}, "route": {}, "tries": {}, "consumer": {}},
        {"service": [], "route": [], "tries": [], "latencies": []},
        {"service": None, "route": None, "response": None, "upstream_status": None},
        {"response": {"status": "200", "size": 290}, "latencies": {"request": "78", "proxy": -1}},
    ],
)
def test_empty_lists_nulls_and_number_texts_of_other_versions_are_read(changes):
    assert one(record(**changes))["path"] == "/orders/17"


def test_repeated_headers_and_escaped_slashes_are_read():
    made = with_headers(**{"x-forwarded-for": ["198.51.100.7", "10.0.0.1"]})
    raw = json.dumps(made).replace("/", "\\/").encode()
    call = normalise(RawBatch(SOURCE, (raw,))).table.to_pylist()[0]
    assert call["path"] == "/orders/17"
    assert dict(call["headers"])["x-forwarded-for"] == "198.51.100.7, 10.0.0.1"
    assert call["client_ip_trust"] == "trusted_hop"


def test_records_before_3_5_get_the_same_made_id_each_time():
    made = record()
    made["request"].pop("id")
    made["request"]["request_uri"] = made["request"].pop("uri")
    assert one(made)["call_id"] == one(made)["call_id"]
    assert one(made)["path"] == "/orders/17"


def test_a_request_ended_by_a_plugin_is_a_block_with_our_mark():
    call = one(
        record(
            source="exit",
            upstream_status=None,
            response={"status": 403, "size": 10},
            route={"id": "ours", "tags": ["portcullis", "portcullis-blk_1"]},
        )
    )
    assert (call["waf_action"], call["waf_rules"]) == ("BLOCK", ["portcullis-blk_1"])
    assert one(record(response={"status": 403}))["waf_action"] is None


def test_the_consumer_is_the_principal_and_a_dash_is_nobody():
    call = one(record(consumer={"id": "c1", "username": "partner-globex"}))
    assert (call["principal_kind"], call["principal"], call["consumer"]) == (
        "consumer",
        "partner-globex",
        "partner-globex",
    )
    assert one(record(consumer={"username": "-"}))["principal"] is None


def test_without_a_consumer_the_tokens_subject_or_the_key_is_the_principal():
    claims = base64.urlsafe_b64encode(json.dumps({"sub": "u-17", "sid": "s-9"}).encode()).decode().rstrip("=")
    call = one(with_headers(authorization=f"Bearer aaaa.{claims}.bbbb"))
    assert (call["principal_kind"], call["principal"], call["session"]) == ("user", "u-17", "s-9")
    assert one(with_headers(apikey="k-1"))["principal_kind"] == "key"
    basic = base64.b64encode(b"ann:secret").decode()
    assert one(with_headers(authorization=f"Basic {basic}"))["principal"] == "ann"


def test_a_session_cookie_is_the_session():
    assert one(with_headers(cookie="theme=dark; JSESSIONID=abc123"))["session"] == "abc123"


def test_no_credential_at_all_is_known_to_be_none():
    assert one(with_headers())["auth_present"] is False


def test_a_push_is_an_array_an_object_or_lines():
    calls = Calls(KongSettings(admin_url="http://kong.example"), local_egress())
    body = json.dumps(record()).encode()
    assert len(calls.parse(b"[" + body + b"," + body + b"]", {}).records) == 2
    assert len(calls.parse(body, {}).records) == 1
    assert len(calls.parse(body + b"\n" + body + b"\n", {}).records) == 2
    with pytest.raises(VendorAnswerError):
        calls.parse(b"hello", {})


def test_bad_records_are_set_aside_with_line_reason_and_no_secrets():
    good = json.dumps(record()).encode()
    bad = b'{"request": {"headers": {"cookie": "session=topsecretvalue123"}}, "started_at": "never"'
    batch = normalise(RawBatch(SOURCE, (good, bad, b"", good), {"first_line": "10"}))
    assert batch.table.num_rows == 2
    (quarantined,) = batch.quarantined
    assert quarantined.line == 11
    assert "JSON" in quarantined.reason
    assert "topsecret" not in quarantined.excerpt


def test_bytes_that_are_not_utf8_are_replaced_not_lost():
    raw = json.dumps(record()).encode().replace(b"/orders/17", b"/orders/\xff\xfe")
    assert normalise(RawBatch(SOURCE, (raw,))).table.num_rows == 1


@given(st.lists(st.binary(max_size=200), max_size=5))
def test_arbitrary_bytes_never_raise(records):
    batch = normalise(RawBatch(SOURCE, tuple(records)))
    assert batch.table.schema == NORMALISED_SCHEMA


_json = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)


@given(st.sampled_from(sorted(record())), _json)
def test_any_member_may_hold_anything(name, value):
    batch = normalise(RawBatch(SOURCE, (json.dumps(record(**{name: value})).encode(),)))
    assert isinstance(batch.table, pa.Table)
    assert batch.table.num_rows + len(batch.quarantined) == 1


@given(st.binary(max_size=100))
def test_splitting_a_push_raises_only_our_error(body):
    with contextlib.suppress(VendorAnswerError):
        json_records(body, "records")
