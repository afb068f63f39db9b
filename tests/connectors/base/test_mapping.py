"""Formats as data: what a mapping promises whatever the records hold."""

from __future__ import annotations

import json
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connectors.base.calls import NORMALISED_SCHEMA, RawBatch
from connectors.base.mapping import (
    CONVERTERS,
    From,
    JsonLines,
    Mapping,
    Separated,
    Words,
    convert,
    folded,
    normalise,
    one_of,
    split_target,
)

COLUMNS = {
    "call_id": From("id"),
    "ts": From("time", "request.at", kind="time"),
    "host": From("request.host", kind="host"),
    "method": From("request.method", kind="upper"),
    "target": From("request.url"),
    "client_ip": From("client.ip", ("client.ip",), kind="address"),
    "status": From("status", kind="status"),
    "latency_ms": From("took", kind="seconds"),
    "response_bytes": From("bytes", kind="whole"),
    "waf_action": From("action", choices=one_of(block="BLOCK", log="COUNT")),
    "waf_rules": From("rules", kind="texts"),
    "headers": From("request.headers", kind="headers"),
    "gateway": From("service.name"),
    "asn": From("asn", kind="whole"),
    "user_agent": From("request.headers.user-agent"),
    "consumer": From("first rule"),
}
MAPPING = Mapping(
    JsonLines(
        headers=("request.headers",),
        computed={
            "first rule": ("rules", lambda rules: rules[0] if isinstance(rules, list) and rules else None)
        },
    ),
    COLUMNS,
    principals=(("user", "user"), ("key", "service.key")),
    trust="peer",
    reasons={"ts": "no time at all"},
)
FOLDED = Mapping(
    JsonLines(fold=folded),
    {
        "ts": From("time", "request_time", kind="time"),
        "method": From("request_method", kind="upper"),
        "target": From("request_uri"),
        "status": From("status", kind="status"),
    },
)
LINES = Mapping(
    Words(("client", "user", "ts", "request", "status", "agent"), least=5, brackets=True),
    {"ts": From("ts", kind="time"), "method": From("request"), "path": From("agent")},
    numbered=True,
)
TABS = Mapping(
    Separated(("ts", "method", "path", "status"), least=3),
    {
        "ts": From("ts", kind="time"),
        "method": From("method"),
        "path": From("path"),
        "status": From("status", kind="status"),
    },
)
ALL = {"json": MAPPING, "folded": FOLDED, "words": LINES, "tabs": TABS}

RECORD: dict[str, Any] = {
    "id": "r-1",
    "time": 1_790_553_612,
    "request": {
        "method": "get",
        "url": "https://API.example.com:443/orders/17?x=1",
        "headers": {"User-Agent": "curl", "Accept": ["a", "b"]},
    },
    "client": {"ip": "198.51.100.7"},
    "status": "502, 200",
    "took": "0.25",
    "bytes": "17",
    "action": "Block",
    "rules": ["r1", 2],
    "user": 4711,
    "service": {"name": "orders", "key": "k"},
}


def run(mapping: Mapping, *records: object, **context: str):
    raw = tuple(entry if isinstance(entry, bytes) else json.dumps(entry).encode() for entry in records)
    return normalise(mapping, RawBatch("test", raw, context))


def one(**changes: object) -> dict:
    batch = run(MAPPING, {**RECORD, **changes})
    assert batch.quarantined == ()
    return batch.table.to_pylist()[0]


def test_a_record_fills_the_columns_its_mapping_names():
    call = one()
    assert (call["call_id"], call["ts"], call["method"]) == ("r-1", 1_790_553_612_000_000, "GET")
    assert (call["host"], call["path"], call["query"]) == ("api.example.com", "/orders/17", "x=1")
    assert (call["client_ip"], call["client_ip_trust"], call["status"]) == ("198.51.100.7", "peer", 200)
    assert (call["latency_ms"], call["response_bytes"]) == (250.0, 17)
    assert (call["waf_action"], call["waf_rules"]) == ("BLOCK", ["r1", "2"])
    assert (call["principal_kind"], call["principal"], call["auth_present"]) == ("user", "4711", True)
    assert call["headers"] == [("user-agent", "curl"), ("accept", "a, b")]
    assert (call["gateway"], call["user_agent"], call["consumer"]) == ("orders", "curl", "r1")
    assert call["country"] is None


@pytest.mark.parametrize(
    ("changes", "column"),
    [
        ({"client": []}, "client_ip"),
        ({"client": {"ip": 7}}, "client_ip"),
        ({"status": {"code": 200}}, "status"),
        ({"status": True}, "status"),
        ({"took": [1]}, "latency_ms"),
        ({"took": -1}, "latency_ms"),
        ({"bytes": 2**80}, "response_bytes"),
        ({"action": "something new"}, "waf_action"),
        ({"service": "orders"}, "gateway"),
        ({"service": None}, "gateway"),
        ({"asn": "AS1"}, "asn"),
        ({"rules": None}, "waf_rules"),
    ],
)
def test_a_field_of_the_wrong_type_is_unknown_and_the_call_stays(changes, column):
    assert one(**changes)[column] is None


def test_the_first_field_that_says_something_wins():
    assert one(time="-", request={**RECORD["request"], "at": 2_000_000_000})["ts"] == 2_000_000_000_000_000
    assert one(client={}, **{"client.ip": "192.0.2.1"})["client_ip"] == "192.0.2.1"


def test_a_record_without_an_essential_column_is_put_aside_with_line_reason_and_no_values():
    secret = {**RECORD, "time": "never", "password": "hunter2secret"}
    batch = run(MAPPING, b"", RECORD, secret, b"{broken", b"[1]", {**RECORD, "request": {}}, first_line="10")
    assert batch.table.num_rows == 1
    assert [(entry.line, entry.reason.split(":")[0]) for entry in batch.quarantined] == [
        (12, "no time at all"),
        (13, "not a JSON object"),
        (14, "not a JSON object"),
        (15, "no readable method and no path"),
    ]
    assert all("hunter2" not in entry.excerpt for entry in batch.quarantined)


def test_one_bad_record_costs_no_other_record():
    batch = run(MAPPING, *[RECORD] * 700, b"\xff", *[RECORD] * 700)
    assert (batch.table.num_rows, len(batch.quarantined)) == (1400, 1)


@pytest.mark.parametrize("mapping", [MAPPING, FOLDED])
def test_two_records_in_one_line_are_set_aside_and_shift_no_other(mapping):
    known = [{"time": 1_790_553_612, "request_method": "GET", "request_uri": "/a"}, RECORD]
    line = json.dumps(known[mapping is MAPPING]).encode()
    run(mapping, line)  # its keys are known then
    batch = run(mapping, line, line + b"," + line, line, first_line="1")
    assert (batch.table.num_rows, [entry.line for entry in batch.quarantined]) == (2, [2])


def test_a_record_longer_than_a_mebibyte_is_put_aside():
    batch = run(MAPPING, {**RECORD, "pad": "x" * (1 << 20)}, RECORD, first_line="1")
    assert (batch.table.num_rows, batch.quarantined[0].line) == (1, 1)


def test_bytes_that_are_no_utf8_are_replaced():
    raw = json.dumps(RECORD).encode().replace(b"orders/17", b"orders/\xff")
    assert run(MAPPING, raw).table.to_pylist()[0]["path"] == "/orders/�"


def test_keys_the_customer_chose_are_matched_in_any_spelling():
    records = [
        {"Time": "2026-09-28T00:00:12.043Z", "request.method": "GET", "Request-URI": "/a?b", "status": 200},
        {"request_time": 1_790_553_612_043, "REQUEST METHOD": "post", "request/uri": "/c", "Status": "404"},
    ]
    rows = run(FOLDED, *records).table.to_pylist()
    assert [(row["method"], row["path"], row["query"], row["status"]) for row in rows] == [
        ("GET", "/a", "b", 200),
        ("POST", "/c", "", 404),
    ]
    assert {row["ts"] for row in rows} == {1_790_553_612_043_000}


def test_words_keep_what_quotes_and_brackets_hold():
    line = rb'192.0.2.1 ann [28/Sep/2026:02:00:12 +0200] "say \"hi\"" 200 /x more and more'
    row = run(LINES, line).table.to_pylist()[0]
    assert (row["ts"], row["method"], row["path"]) == (1_790_553_612_000_000, r"SAY \"HI\"", "/x")


def test_equal_lines_of_one_push_are_two_calls_and_the_same_again_when_sent_again():
    line = b"a b [28/Sep/2026:02:00:12 +0200] GET 200 /x"
    first = run(LINES, line, line).table.column("call_id").to_pylist()
    assert len(set(first)) == 2
    assert run(LINES, line, line).table.column("call_id").to_pylist() == first


def test_a_line_with_too_few_fields_is_put_aside():
    batch = run(TABS, b"2026-09-28T00:00:12Z\tGET\t/x\t200", b"2026-09-28T00:00:12Z\tGET", first_line="1")
    assert batch.table.num_rows == 1
    assert (batch.quarantined[0].line, batch.quarantined[0].reason) == (
        2,
        "the line has 2 fields, 3 are needed",
    )


MOMENT = 1_790_553_612_043_000


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (1_790_553_612, MOMENT // 1_000_000 * 1_000_000),
        (1_790_553_612_043, MOMENT),
        (1_790_553_612_043_000, MOMENT),
        (1_790_553_612_043_000_123, MOMENT),
        (1_790_553_612.043, MOMENT),
        ("1790553612.043", MOMENT),
        ("1790553612043", MOMENT),
        ("2026-09-28T00:00:12.043Z", MOMENT),
        ("2026-09-28T02:00:12.043000123+02:00", MOMENT),
        ("28/Sep/2026:00:00:12 +0000", MOMENT - 43_000),
        ("[27/Sep/2026:17:00:12 -0700]", MOMENT - 43_000),
        ("2026-09-28T00:00:12", None),
        ("2026-13-28T00:00:12Z", None),
        ("0026-09-28T00:00:12Z", None),
        ("9999-09-28T00:00:12Z", None),
        ("28/Foo/2026:00:00:12 +0000", None),
        ("28/Sep/2026:00:00:12 +9900", None),
        (0, None),
        (-5, None),
        (2**63 - 1, None),
        (2**80, None),
        (True, None),
        ("", None),
        ("soon", None),
        (["x"], None),
        (float("nan"), None),
    ],
)
def test_a_time_reads_alike_alone_and_beside_times_of_another_kind(value, expected):
    assert convert("time", [value]).to_pylist() == [expected]
    assert convert("time", [value, "2026-09-28T00:00:12Z", None, 5, {}]).to_pylist()[0] == expected
    if isinstance(value, str):
        assert convert("time", pa.array([value, None])).to_pylist() == [expected, None]


@pytest.mark.parametrize(
    ("kind", "value", "expected"),
    [
        ("text", "-", None),
        ("text", 5, None),
        ("text", "\ud800", "?"),
        ("written", 5, "5"),
        ("written", {"a": 1}, None),
        ("raw", "", ""),
        ("host", "[2001:DB8::1]:443", "2001:db8::1"),
        ("address", "256.1.1.1", None),
        ("address", "01.1.1.1", None),
        ("address", "2001:DB8::1", "2001:db8::1"),
        ("peer", "192.0.2.1:443", "192.0.2.1"),
        ("peer", "[2001:db8::1]:443", "2001:db8::1"),
        ("peer", "2001:db8::1", "2001:db8::1"),
        ("first_address", "192.0.2.1, 10.0.0.1", "192.0.2.1"),
        ("whole", "12", 12),
        ("whole", "1e3", None),
        ("status", 99, None),
        ("millis", "-1", None),
        ("millis", True, None),
        ("micros", 1500, 1.5),
        ("nanos", "2000000", 2.0),
        ("flag", "false", False),
        ("flag", "perhaps", None),
        ("texts", "one", ["one"]),
        ("texts", "-", []),
    ],
)
def test_a_converter_reads_its_kind_and_nothing_else(kind, value, expected):
    assert convert(kind, [value]).to_pylist() == [expected]
    assert convert(kind, [None, value]).to_pylist()[1] == expected


@pytest.mark.parametrize(
    ("target", "expected"),
    [
        ("/a?b=c?d", ("/a", "b=c?d", None)),
        ("/a", ("/a", "", None)),
        ("/a?", ("/a", "", None)),
        ("", ("/", "", None)),
        ("https://h.example:443/a?b", ("/a", "b", "h.example:443")),
        ("https://h.example", ("/", "", "h.example")),
        ("https://h.example?b", ("/", "b", "h.example")),
        ("*", ("*", "", None)),
        (None, (None, None, None)),
    ],
)
def test_a_target_is_split_alike_alone_and_beside_absolute_ones(target, expected):
    for others in ([], ["https://other.example/x"], ["/y?z"]):
        path, query, host = split_target(pa.array([target, *others], pa.string()))
        assert (path[0].as_py(), query[0].as_py(), None if host is None else host[0].as_py()) == expected


_json = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**70), 2**70) | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)
_known = st.sampled_from(sorted(RECORD))
_record = st.dictionaries(_known, _json, max_size=4).map(
    lambda changes: json.dumps({**RECORD, **changes}).encode()
)
_raw = st.binary(max_size=60) | st.text(max_size=60).map(lambda text: text.encode(errors="replace")) | _record


@pytest.mark.parametrize("name", sorted(ALL))
@settings(deadline=None, max_examples=40)
@given(records=st.lists(_raw, max_size=6), first=st.sampled_from(["", "1", "x"]))
def test_whatever_comes_is_a_call_or_put_aside(name, records, first):
    batch = normalise(ALL[name], RawBatch("test", tuple(records), {"first_line": first}))
    assert batch.table.schema == NORMALISED_SCHEMA
    batch.table.validate(full=True)
    filled = [record for record in records if record and not record.isspace()]
    assert batch.table.num_rows + len(batch.quarantined) == len(filled)


@pytest.mark.parametrize("kind", sorted(CONVERTERS))
@settings(deadline=None, max_examples=40)
@given(cells=st.lists(_json | st.sampled_from(["1", "-1.5", "2026-09-28T00:00:12Z", "a,b"]), max_size=5))
def test_a_converter_never_raises_and_gives_one_value_per_cell(kind, cells):
    assert len(convert(kind, cells)) == len(cells)


def test_a_mapping_of_an_unknown_column_or_converter_is_refused():
    with pytest.raises(ValueError, match="no such columns"):
        Mapping(JsonLines(), {"colour": From("x")})
    with pytest.raises(ValueError, match="no converter"):
        From("x", kind="colour")
