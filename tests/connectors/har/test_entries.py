"""HTTP archives as browsers and proxies export them."""

from __future__ import annotations

import base64
import io
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.base.calls import RawBatch
from connectors.base.detect import detect
from connectors.base.errors import VendorAnswerError
from connectors.base.formats import CallFormat
from connectors.file.calls import Calls
from connectors.file.manifest import FileSettings
from connectors.file.read import read_calls
from connectors.har.entries import SOURCE, entries, read
from connectors.testkit.running import local_egress

ENTRY: dict[str, Any] = {
    "startedDateTime": "2026-09-28T02:00:12.043+02:00",
    "time": 103.25,
    "request": {
        "method": "POST",
        "url": "https://api.acme.example/v1/orders?limit=20",
        "httpVersion": "http/2.0",
        "headers": [
            {"name": ":authority", "value": "api.acme.example"},
            {"name": "Content-Type", "value": "application/json"},
            {"name": "User-Agent", "value": "acme-app/4.1"},
            {"name": "Authorization", "value": "Bearer x"},
        ],
        "queryString": [{"name": "limit", "value": "20"}],
        "cookies": [],
        "headersSize": -1,
        "bodySize": 14,
        "postData": {"mimeType": "application/json", "text": '{"item":"pen"}'},
    },
    "response": {
        "status": 201,
        "statusText": "Created",
        "httpVersion": "http/2.0",
        "headers": [{"name": "content-type", "value": "application/json"}],
        "content": {"size": 11, "mimeType": "application/json", "text": '{"id":"17"}'},
        "bodySize": 40,
    },
    "cache": {},
    "timings": {"send": 1, "wait": 98.5, "receive": 3},
    "serverIPAddress": "203.0.113.80",
}


def archive(*found: Any) -> bytes:
    creator = {"name": "WebInspector", "version": "537.36"}
    return json.dumps(
        {"log": {"version": "1.2", "creator": creator, "pages": [], "entries": found}}, indent=2
    ).encode()


def one(entry: dict[str, Any]) -> dict[str, Any]:
    batch = read(RawBatch(SOURCE, (json.dumps(entry).encode(),)))
    assert batch.quarantined == ()
    (row,) = batch.table.to_pylist()
    return row


def changed(part: str, **changes: Any) -> dict[str, Any]:
    return {**ENTRY, part: {**ENTRY[part], **changes}}


def test_an_entry_becomes_a_call_with_its_bodies():
    row = one(ENTRY)
    assert {name: value for name, value in row.items() if value is not None and name != "call_id"} == {
        "ts": 1790553612043000,
        "host": "api.acme.example",
        "method": "POST",
        "path": "/v1/orders",
        "query": "limit=20",
        "protocol": "http/2.0",
        "upstream": "203.0.113.80",
        "user_agent": "acme-app/4.1",
        "status": 201,
        "latency_ms": 103.25,
        "upstream_latency_ms": 98.5,
        "request_bytes": 14,
        "response_bytes": 11,
        "request_content_type": "application/json",
        "response_content_type": "application/json",
        "auth_present": True,
        "headers": [
            ("host", "api.acme.example"),
            ("content-type", "application/json"),
            ("user-agent", "acme-app/4.1"),
            ("authorization", "Bearer x"),
        ],
        "body": '{"item":"pen"}',
        "response_body": '{"id":"17"}',
    }


def packed(data: bytes) -> dict[str, Any]:
    return {
        "size": len(data),
        "mimeType": "x/y",
        "text": base64.b64encode(data).decode(),
        "encoding": "base64",
    }


@pytest.mark.parametrize(
    ("entry", "expected"),
    [
        (changed("response", content=packed(b'{"a":1}')), {"response_body": '{"a":1}'}),
        (changed("response", content=packed(b"\x89PNG\xff")), {"response_body": None}),
        (changed("response", content={"size": 0}), {"response_body": None}),
        (changed("response", status=0), {"status": None}),
        (
            changed("request", headers=[]),
            {"auth_present": None, "user_agent": None, "host": "api.acme.example"},
        ),
        (changed("request", headers="odd", postData=None), {"headers": None, "body": None}),
        (changed("request", url="https://api.acme.example"), {"path": "/", "query": ""}),
        ({**ENTRY, "time": -1}, {"latency_ms": None}),
    ],
)
def test_variants_are_read(entry, expected):
    row = one(entry)
    assert {name: row[name] for name in expected} == expected


def read_file(data: bytes) -> tuple[int, list[tuple[int | None, str]]]:
    offered = detect(data, "session.har")
    assert isinstance(offered, CallFormat)
    assert offered.name == SOURCE
    batches = list(read_calls(io.BytesIO(data), offered))
    return sum(batch.table.num_rows for batch in batches), [
        (bad.line, bad.reason) for batch in batches for bad in batch.quarantined
    ]


def test_an_archive_is_read_whole_and_bad_entries_are_set_aside_with_their_number():
    local = changed("request", url="data:image/png;base64,AAAA")
    count, bad = read_file(b"\xef\xbb\xbf" + archive(ENTRY, local, ENTRY, {"time": 5}, 7))
    assert count == 2
    assert bad[0] == (2, "the entry is no HTTP request to a server (its URL is missing or local)")
    assert [line for line, _ in bad] == [2, 4, 5]


def test_an_archive_that_breaks_off_is_refused_in_a_sentence():
    count, ((line, reason),) = read_file(archive(ENTRY)[:-40])
    assert (count, line) == (0, 1)
    assert reason == "The file is no whole HTTP archive: it has no log with entries. No call was read."


def test_an_archive_may_be_pushed_like_log_lines():
    receiver = Calls(FileSettings(), local_egress())
    batch = receiver.parse(archive(ENTRY, ENTRY), {})
    assert receiver.normalise(batch).table.num_rows == 2


@given(st.binary(max_size=200))
def test_any_bytes_are_entries_or_refused(data):
    try:
        entries(data)
    except VendorAnswerError as error:
        said = error.sentence()
    else:
        said = "read"
    assert said
