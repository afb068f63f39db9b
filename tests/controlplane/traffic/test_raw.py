"""Raw records are kept sealed, opened only where they belong, read exactly once, and gone when their time is over."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from django.db import connection, transaction

from connectors.base.calls import RawBatch
from controlplane.connections import services as connections
from controlplane.traffic import jobs, pushes, queries
from controlplane.traffic.models import Push, RawFile, RawKey, RawWindow, Segment
from controlplane.traffic.raw import frames, window
from controlplane.traffic.replay import replay_signatures
from controlplane.traffic.store import segments
from controlplane.traffic.types import MICROSECONDS, CallFilter, Window
from tenants.isolation.context import tenant_context
from tenants.isolation.storage import tenant_folder
from tenants.orgs.types import OrgInfo
from tenants.vault import rotation
from tests.samples import calls, kong

NOW = 1_790_500_000.0
SECRET = b"sk_live_4eC39HqLyjWDarjtT1zdp7dc"
EVER = Window(0, 2**62)


@pytest.fixture
def inside(acme: OrgInfo) -> Iterator[OrgInfo]:
    with tenant_context(acme.schema_name):
        yield acme


@pytest.fixture
def gateway(inside: OrgInfo) -> str:
    return connections.create("kong", "gateway", {"admin_url": "http://127.0.0.1:1"}).id


def batch(first: int = 0, count: int = 5) -> RawBatch:
    lines = [json.dumps(kong(call)).encode() for call in islice(calls(), first, first + count)]
    return RawBatch("kong.http_log", tuple(lines), {"workspace": "default"})


def push(gateway: str, raw: RawBatch, now: float = NOW) -> str:
    with transaction.atomic():
        return pushes.keep(gateway, raw, now)


def stored(gateway: str) -> int:
    return queries.calls_stored(gateway)


def test_what_waits_cannot_be_read_from_the_table(gateway):
    push(gateway, RawBatch("kong.http_log", (SECRET,)))
    body = bytes(Push.objects.get().body)
    assert SECRET not in body
    assert b"kong" not in body


def test_pushes_become_calls_once_and_move_into_the_window(gateway):
    first, second = batch(0, 5), batch(5, 5)
    push(gateway, first), push(gateway, second)
    assert pushes.drain(gateway, NOW) == 2
    assert pushes.drain(gateway, NOW) == 0
    assert (stored(gateway), Push.objects.count()) == (10, 0)
    assert [raw for _, raw in window.read(EVER)] == [first, second]


def test_calls_pushed_twice_are_stored_once(gateway):
    for _ in range(3):
        push(gateway, batch())
    pushes.drain(gateway, NOW)
    push(gateway, batch())
    pushes.drain(gateway, NOW)
    assert stored(gateway) == 5


def test_what_was_rolled_back_is_read_again(gateway):
    push(gateway, batch())
    with transaction.atomic():
        pushes.drain(gateway, NOW)
        transaction.set_rollback(True)
    assert (stored(gateway), Push.objects.count(), RawFile.objects.count()) == (0, 1, 0)
    pushes.drain(gateway, NOW)
    assert (stored(gateway), RawFile.objects.count()) == (5, 1)


def test_a_push_that_cannot_be_read_holds_up_no_other_and_is_set_aside_with_the_reason(gateway):
    push(gateway, batch(0, 5))
    broken = push(gateway, batch(5, 5))
    push(gateway, batch(10, 5))
    body = bytearray(Push.objects.get(pk=broken).body)
    body[40] ^= 1
    Push.objects.filter(pk=broken).update(body=bytes(body))
    pushes.drain(gateway, NOW)
    assert stored(gateway) == 10
    waiting = queries.backlog(gateway, NOW)
    assert (waiting.pushes, waiting.failed) == (0, 1)
    assert "do not open" in waiting.problem
    body[40] ^= 1
    Push.objects.filter(pk=broken).update(body=bytes(body))
    jobs.retry_failed()
    pushes.drain(gateway, NOW)
    assert (stored(gateway), queries.backlog(gateway, NOW).failed) == (15, 0)


@pytest.mark.asvs("11.3.4")
def test_records_moved_to_another_row_day_or_connection_do_not_open(gateway):
    push(gateway, batch())
    row = Push.objects.get()
    frame = window.Frame(row.pk, row.key_day, bytes(row.body))
    assert window.opened(gateway, frame) == batch()
    other_day = datetime(2026, 1, 1, tzinfo=UTC).date()
    for connection_id, moved in (
        ("con_other", frame),
        (gateway, window.Frame("psh_other", frame.day, frame.sealed)),
        (gateway, window.Frame(frame.id, other_day, frame.sealed)),
        (gateway, window.Frame(frame.id, frame.day, frame.sealed[:-1] + bytes([frame.sealed[-1] ^ 1]))),
    ):
        with pytest.raises(ValueError, match="do not open"):
            window.opened(connection_id, moved)


def test_another_tenants_records_do_not_open(gateway, globex):
    push(gateway, batch())
    row = Push.objects.get()
    frame = window.Frame(row.pk, row.key_day, bytes(row.body))
    answers: list[str] = []
    outside = threading.Thread(target=_opens_in, args=(globex, gateway, frame, answers))
    outside.start()
    outside.join()
    assert answers == ["the sealed records do not open"]


def _opens_in(org: OrgInfo, gateway: str, frame: window.Frame, answers: list[str]) -> None:
    try:
        with tenant_context(org.schema_name):
            window.opened(gateway, frame)
    except ValueError as error:
        answers.append(str(error))
    finally:
        connection.close()


def files() -> list[Path]:
    return list(tenant_folder("raw").rglob("*.frames"))


def test_the_window_holds_no_secret_in_clear_and_nothing_opens_without_its_key(gateway):
    window.keep(gateway, RawBatch("kong.http_log", (SECRET,)), NOW)
    (file,) = files()
    assert SECRET not in file.read_bytes()
    assert next(window.read(EVER))[1].records == (SECRET,)
    RawKey.objects.all().delete()
    with pytest.raises(ValueError, match="do not open"):
        list(window.read(EVER))


def test_records_are_gone_when_their_time_is_over_and_the_days_key_with_them(gateway):
    old = NOW - 80 * 3600
    window.keep(gateway, batch(0, 5), old)
    window.keep(gateway, batch(5, 5), NOW - 3600)
    before = len(files())
    assert window.expire(NOW) == 1
    assert len(files()) == before - 1
    assert [raw for _, raw in window.read(EVER)] == [batch(5, 5)]
    assert list(RawKey.objects.values_list("day", flat=True)) == [window.day_of(NOW - 3600).isoformat()]


def test_a_key_stays_while_a_push_of_its_day_waits(gateway):
    push(gateway, batch(), NOW - 200 * 3600)
    window.expire(NOW)
    pushes.drain(gateway, NOW)
    assert stored(gateway) == 5


def test_a_workspace_that_keeps_no_raw_records_keeps_none(gateway):
    RawWindow.objects.create(hours=0)
    push(gateway, batch())
    pushes.drain(gateway, NOW)
    window.keep(gateway, batch(5, 5), NOW)
    assert (stored(gateway), RawFile.objects.count()) == (5, 0)


def test_raw_records_open_after_the_data_key_was_replaced(gateway):
    push(gateway, batch())
    pushes.drain(gateway, NOW)
    sealed = RawKey.objects.get().key
    rotation.rotate_data()
    rotation.reseal()
    assert RawKey.objects.get().key != sealed
    assert [raw for _, raw in window.read(EVER)] == [batch()]


def test_only_what_was_received_in_the_window_is_read(gateway):
    for hours in range(4):
        window.keep(gateway, batch(hours, 1), NOW + hours * 3600)
    start = int((NOW + 3600) * MICROSECONDS)
    found = [raw for _, raw in window.read(Window(start, start + 2 * 3600 * MICROSECONDS))]
    assert found == [batch(1, 1), batch(2, 1)]


@pytest.mark.parametrize(
    "records", [(), (b"",), (b"\x00\xff" * 10, b"{}"), tuple(b"x" * n for n in range(300))]
)
def test_packing_gives_back_every_record(records):
    raw = RawBatch("a", records, {"b": "c"})
    assert frames.unpack(frames.pack(raw)) == raw


def test_owners_choose_how_long_raw_records_are_kept_and_see_what_is_kept(acme, owner_client):
    client = owner_client(acme)
    fresh = client.get("/api/v1/raw-window").json()
    assert (fresh["hours"], fresh["records"], fresh["oldest_at"]) == (72, 0, None)
    with tenant_context(acme.schema_name):
        window.keep("con_1", batch(), NOW)
    assert client.patch("/api/v1/raw-window", {"hours": 24}).json()["hours"] == 24
    kept = client.get("/api/v1/raw-window").json()
    assert (kept["hours"], kept["records"]) == (24, 5)
    assert kept["bytes"] > 0
    assert kept["oldest_at"].startswith("2026-09-27T")
    refused = client.patch("/api/v1/raw-window", {"hours": 9999})
    assert refused.status_code == 400
    assert client.get("/api/v1/raw-window").json()["hours"] == 24


INJECTED = {"body": '{"q":"1 UNION SELECT password FROM users--"}', "path": "/search", "query": ""}


def file_push(records: list[dict[str, Any]]) -> tuple[str, RawBatch]:
    """A gateway whose records carry bodies."""
    gateway = connections.create("kong", "with bodies", {"admin_url": "http://127.0.0.1:1"}).id
    return gateway, RawBatch(
        "kong.http_log", tuple(json.dumps(record).encode() for record in records), {"workspace": "default"}
    )


def record_with(call: Any, **request: Any) -> dict[str, Any]:
    record = kong(call)
    return record | {"request": record["request"] | request}


def test_signatures_of_today_judge_raw_records_with_their_bodies(inside):
    plain, sent = islice(calls(), 2)
    gateway, raw = file_push([kong(plain), record_with(sent, body=INJECTED["body"])])
    push(gateway, raw)
    pushes.drain(gateway, NOW)
    forget_hits(gateway)
    result = replay_signatures(EVER, CallFilter(connection=gateway))
    assert (result.raw, result.stored, result.unevaluable) == (2, 0, ())
    (hit,) = result.hits
    assert (hit.connection, hit.on) == (gateway, "raw")
    assert any(name.startswith("sqli:") for name in hit.signatures)


def test_without_raw_records_stored_calls_are_judged_and_what_cannot_be_seen_is_named(inside):
    RawWindow.objects.create(hours=0)
    in_body, in_path = islice(calls(), 2)
    gateway, raw = file_push(
        [
            record_with(in_body, body=INJECTED["body"]),
            record_with(in_path, uri="/search?q=1%20UNION%20SELECT%20password%20FROM%20users--"),
        ]
    )
    push(gateway, raw)
    pushes.drain(gateway, NOW)
    forget_hits(gateway)
    result = replay_signatures(EVER, CallFilter(connection=gateway))
    assert (result.raw, result.stored) == (0, 2)
    assert "request body" in result.unevaluable
    assert [(hit.on, hit.call_id) for hit in result.hits] == [
        ("stored", json.loads(raw.records[1])["request"]["id"])
    ]


def test_what_was_found_when_it_came_is_not_new(inside):
    (sent,) = islice(calls(), 1)
    gateway, raw = file_push([record_with(sent, body=INJECTED["body"])])
    push(gateway, raw)
    pushes.drain(gateway, NOW)
    assert replay_signatures(EVER, CallFilter(connection=gateway)).hits == []


def forget_hits(gateway: str) -> None:
    """Write the stored calls anew as an older release would have, that knew no signature."""
    for row in Segment.objects.filter(connection=gateway):
        table = pq.read_table(segments.absolute(row.path), partitioning=None)
        empty = pa.array([[] for _ in range(table.num_rows)], pa.list_(pa.string()))
        table = table.set_column(
            table.schema.get_field_index("signatures"), table.schema.field("signatures"), empty
        )
        pq.write_table(table, segments.absolute(row.path))
