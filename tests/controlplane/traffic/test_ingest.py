"""Vendors push with their connection's token; what cannot be stored is refused or set aside, with the reason."""

from __future__ import annotations

import base64
import gzip
import json
import time
from collections.abc import Callable
from itertools import islice
from typing import Any

import pyarrow as pa
import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from controlplane.traffic import jobs, queries, receiving
from tenants.isolation.context import tenant_context
from tenants.orgs.types import OrgInfo
from tests.clients import TenantClient, anonymous
from tests.samples import aws_waf, calls, kong

RECORDS = [kong(call) for call in calls()][:50]


class Pusher:
    """A gateway's log plugin with its token."""

    def __init__(self, org: OrgInfo, connection: str, token: str) -> None:
        self.org, self.client, self.connection, self.token = org, anonymous(org), connection, token

    def push(self, body: Any, **headers: Any) -> Any:
        content: Any = body if isinstance(body, bytes) else json.dumps(body).encode()
        given: dict[str, Any] = {"HTTP_AUTHORIZATION": f"Bearer {self.token}", **headers}
        address = f"/api/v1/ingest/{self.connection}"
        return self.client.generic("POST", address, content, content_type="application/json", **given)

    def counted(self) -> tuple[int, int, int]:
        """Calls, duplicates and quarantined records of the connection once all pushes are read."""
        with tenant_context(self.org.schema_name):
            jobs.drain(self.connection)
            rows = queries.source_health(self.connection, time.time())
        return tuple(
            sum(getattr(row, name) for row in rows) for name in ("calls", "duplicates", "quarantined")
        )


def connect(client: TenantClient, org: OrgInfo, connector: str = "kong") -> Pusher:
    settings = {"admin_url": "http://127.0.0.1:1"} if connector == "kong" else {}
    draft = {"connector": connector, "name": f"{connector} gateway", "settings": settings}
    made = client.post("/api/v1/connections", draft).json()
    token = client.post(f"/api/v1/connections/{made['id']}/rotate-token").json()["ingest_token"]
    return Pusher(org, made["id"], token)


@pytest.fixture
def client(acme: OrgInfo, owner_client: Callable[[OrgInfo], TenantClient]) -> TenantClient:
    return owner_client(acme)


@pytest.fixture
def pusher(client: TenantClient, acme: OrgInfo) -> Pusher:
    return connect(client, acme)


def test_an_array_is_stored_and_the_same_array_again_counts_as_duplicates(pusher):
    first, again = pusher.push(RECORDS), pusher.push(RECORDS)
    assert (first.status_code, again.status_code) == (202, 202)
    assert first.json()["records"] == 50
    assert first.json()["push"] != again.json()["push"]
    assert pusher.counted() == (50, 50, 0)


def test_a_single_object_is_stored(pusher):
    assert pusher.push(RECORDS[0]).json()["records"] == 1
    assert pusher.counted() == (1, 0, 0)


@pytest.mark.parametrize("codec", ["gzip", "zstd"])
@pytest.mark.parametrize("named", [True, False])
def test_a_compressed_body_is_stored_whether_its_encoding_is_named_or_not(pusher, codec, named):
    with pa.BufferOutputStream() as sink:
        with pa.CompressedOutputStream(sink, codec) as stream:
            stream.write(json.dumps(RECORDS).encode())
        packed = sink.getvalue().to_pybytes()
    assert pusher.push(packed, **({"HTTP_CONTENT_ENCODING": codec} if named else {})).status_code == 202
    assert pusher.counted() == (50, 0, 0)


def test_log_shippers_may_push_lines(client, acme):
    lines = b"\n".join(json.dumps(record).encode() for record in RECORDS)
    shipper = connect(client, acme, "file")
    assert shipper.push(lines).json()["records"] == 50
    assert shipper.counted() == (50, 0, 0)


@pytest.mark.parametrize("header", ["", "Bearer", "Bearer wrong", "Basic YTpi"])
@pytest.mark.asvs("8.2.1")
def test_a_missing_or_wrong_token_is_refused(pusher, header):
    answer = pusher.push(RECORDS, HTTP_AUTHORIZATION=header)
    assert answer.status_code == 401
    assert "Nothing was stored" in answer.json()["detail"]


def test_an_unknown_connection_is_refused_like_a_wrong_token(pusher):
    known = pusher.push(RECORDS, HTTP_AUTHORIZATION="Bearer wrong").json()
    pusher.connection = "con_unknown"
    answer = pusher.push(RECORDS)
    assert answer.status_code == 401
    assert answer.json()["detail"] == known["detail"]


def test_the_token_of_another_connection_is_refused(pusher, client, acme):
    other = connect(client, acme, "file")
    assert pusher.push(RECORDS, HTTP_AUTHORIZATION=f"Bearer {other.token}").status_code == 401
    assert (pusher.counted(), other.counted()) == ((0, 0, 0), (0, 0, 0))


@pytest.mark.asvs("8.4.1")
def test_the_token_of_another_tenant_is_refused(pusher, globex, owner_client):
    other = connect(owner_client(globex), globex)
    assert pusher.push(RECORDS, HTTP_AUTHORIZATION=f"Bearer {other.token}").status_code == 401
    pusher.client = anonymous(globex)
    assert pusher.push(RECORDS).status_code == 401


def test_a_disabled_connection_takes_nothing(client, pusher):
    client.post(f"/api/v1/connections/{pusher.connection}/disable")
    assert pusher.push(RECORDS).status_code == 401
    client.post(f"/api/v1/connections/{pusher.connection}/enable")
    assert pusher.push(RECORDS).status_code == 202


@pytest.mark.parametrize("packed", [False, True])
@pytest.mark.asvs("15.2.2")
def test_a_body_over_the_limit_is_refused(pusher, monkeypatch, packed):
    monkeypatch.setattr(receiving, "MAX_PUSH_BYTES", 2000)
    body = json.dumps(RECORDS).encode()
    answer = pusher.push(gzip.compress(body) if packed else body)
    assert answer.status_code == 413
    assert "Send smaller batches" in answer.json()["detail"]


@pytest.mark.parametrize("body", [b"", b"garbage", b"[1, 2", b"\x1f\x8bgarbage", b"\xff\xfe"])
def test_a_body_in_no_known_shape_is_refused_with_a_sentence(pusher, body):
    answer = pusher.push(body)
    assert answer.status_code == 422
    assert answer.json()["detail"].endswith(".")
    assert "stored" in answer.json()["detail"]


def test_records_that_cannot_be_read_are_set_aside_with_the_reason(client, pusher):
    assert pusher.push([*RECORDS[:3], {"started_at": "never"}, 7]).json()["records"] == 5
    assert pusher.counted() == (3, 0, 2)
    rows = client.get(f"/api/v1/connections/{pusher.connection}/quarantine").json()["data"]
    assert len(rows) == 2
    assert all(row["reason"] and row["received_at"] for row in rows)


def test_the_traffic_page_shows_each_source_with_what_it_can_tell(client, pusher):
    pusher.push([*RECORDS, 7])
    pusher.counted()
    page = client.get(f"/api/v1/connections/{pusher.connection}/traffic").json()
    assert set(page) == {"sources", "series", "waiting"}
    assert (page["waiting"]["pushes"], page["waiting"]["failed"]) == (0, 0)
    (source,) = page["sources"]
    assert (source["calls"], source["quarantined"], source["gaps"]) == (50, 1, [])
    names = {
        "source",
        "calls_last_hour",
        "rate_per_second",
        "lag_seconds",
        "last_call_at",
        "known",
        "unknown",
    }
    assert names <= set(source)
    assert source["known"]
    assert source["last_call_at"].startswith("2026-09-28T")


@pytest.mark.asvs("2.4.1", "15.2.2")
@pytest.mark.parametrize("read", [False, True])
def test_too_much_that_nobody_has_dealt_with_asks_the_sender_to_wait(pusher, monkeypatch, read):
    pusher.push(RECORDS[:25])
    if read:
        assert pusher.counted() == (25, 0, 0)
    monkeypatch.setattr(receiving, "MAX_WAITING_BYTES", 10)
    answer = pusher.push(RECORDS[25:])
    assert answer.status_code == 429
    assert int(answer.headers["Retry-After"]) > 0
    monkeypatch.undo()
    assert pusher.push(RECORDS[25:]).status_code == 202
    assert pusher.counted() == (50, 0, 0)


def test_an_object_that_never_ends_is_set_aside(pusher):
    assert pusher.push(b"{" * 9000).status_code == 202
    assert pusher.counted() == (0, 0, 1)


def test_what_waits_is_shown_until_it_is_read(client, pusher):
    pusher.push(RECORDS[:30])
    pusher.push(RECORDS[30:])
    waiting = client.get(f"/api/v1/connections/{pusher.connection}/traffic").json()["waiting"]
    assert (waiting["pushes"], waiting["records"], waiting["failed"]) == (2, 50, 0)
    assert waiting["oldest_seconds"] >= 0
    assert pusher.counted() == (50, 0, 0)
    waiting = client.get(f"/api/v1/connections/{pusher.connection}/traffic").json()["waiting"]
    assert (waiting["pushes"], waiting["records"]) == (0, 0)


@pytest.mark.asvs("15.2.2")
@pytest.mark.parametrize(
    "body", [b"[" + b"0," * 3_000_000 + b"0]", b"[" + b"{}," * 1_200_000 + b"{}]", b"[" * 9_000_000]
)
def test_a_push_that_is_short_as_text_and_endless_as_values_is_refused_before_it_is_parsed(pusher, body):
    answer = pusher.push(gzip.compress(body, 1))
    assert answer.status_code == 413
    assert "Send smaller batches" in answer.json()["detail"]


AWS = {"account_id": "1" * 12, "regions": ["eu-west-1"], "role_arn": f"arn:aws:iam::{'1' * 12}:role/read"}


def test_firehose_pushes_with_its_own_header_and_is_answered_in_its_own_form(client, acme):
    made = client.post("/api/v1/connections", {"connector": "aws", "name": "AWS", "settings": AWS}).json()
    token = client.post(f"/api/v1/connections/{made['id']}/rotate-token").json()["ingest_token"]
    stream = Pusher(acme, made["id"], token)
    lines = b"".join(json.dumps(aws_waf(call)).encode() + b"\n" for call in islice(calls(), 20))
    body = {"requestId": "r-1", "timestamp": 1, "records": [{"data": base64.b64encode(lines).decode()}]}
    headers = {"HTTP_AUTHORIZATION": "", "HTTP_X_AMZ_FIREHOSE_REQUEST_ID": "r-1"}
    wrong = stream.push(body, **headers, HTTP_X_AMZ_FIREHOSE_ACCESS_KEY="wrong")
    assert (wrong.status_code, wrong.json()["requestId"]) == (401, "r-1")
    assert "Nothing was stored" in wrong.json()["errorMessage"]
    taken = stream.push(body, **headers, HTTP_X_AMZ_FIREHOSE_ACCESS_KEY=token)
    assert (taken.status_code, taken.json()["requestId"]) == (200, "r-1")
    assert stream.counted() == (20, 0, 0)


def test_a_push_reads_its_connection_once(pusher):
    pusher.push(RECORDS)
    with CaptureQueriesContext(connection) as asked:
        assert pusher.push(RECORDS).status_code == 202
    about = [query["sql"] for query in asked.captured_queries if "connections_connection" in query["sql"]]
    assert len(about) == 1
