"""Building blocks of normalisers."""

from __future__ import annotations

import pyarrow as pa
import pytest

from connectors.base.calls import NORMALISED_SCHEMA
from connectors.base.columns import (
    address,
    as_sent,
    calls_from_columns,
    epoch_micros,
    header_column,
    http_status,
    millis,
    plain_host,
    quarantined,
    whole,
)


def test_columns_that_are_not_given_are_null():
    table = calls_from_columns({"call_id": ["a"], "ts": [1], "method": ["GET"], "path": ["/"]}, 1)
    assert table.schema == NORMALISED_SCHEMA
    assert table.column("status").null_count == 1


def test_headers_of_no_request_are_null_and_of_a_bare_request_empty():
    assert header_column([None, {}, {"a": "1"}]).to_pylist() == [None, [], [("a", "1")]]


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (200, 200),
        ("404", 404),
        ("502, 200", 200),
        (0, None),
        ("-", None),
        (999, None),
        (None, None),
        ([], None),
    ],
)
def test_a_status_is_a_code_or_nothing(value, expected):
    assert http_status(value) == expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("API.Example.com:443", "api.example.com"),
        ("[2001:db8::1]:80", "2001:db8::1"),
        ("-", None),
        ("", None),
        (7, None),
    ],
)
def test_a_host_is_lower_case_and_without_its_port(value, expected):
    assert plain_host(value) == expected


@pytest.mark.asvs("1.4.2")
def test_numbers_out_of_range_are_nothing():
    assert whole(2**70) is None
    assert whole("1" * 30) is None
    assert millis(-1) is None
    assert millis(float("nan")) is None
    assert epoch_micros(10**18) is None
    assert epoch_micros("1790553612043") == 1790553612043000
    assert address("300.1.1.1") is None
    assert address(" 2001:DB8::1") == "2001:db8::1"


def test_what_no_uri_may_hold_is_encoded_and_the_rest_is_left():
    paths = pa.array(["/a b/é", "/a%20b", None, "/x"])
    assert as_sent(paths).to_pylist() == ["/a%20b/%C3%A9", "/a%20b", None, "/x"]


@pytest.mark.asvs("14.2.4")
def test_an_excerpt_of_a_bad_record_holds_no_values():
    record = b'{"authorization": "Bearer abc", "uri": "/x?token=hunter2xyz"} eyJhbGciOiJIUzI1NiJ9.payload4242424242'
    excerpt = quarantined(record, "why", 3).excerpt
    for secret in ("Bearer", "hunter2", "eyJ", "payload4242"):
        assert secret not in excerpt
