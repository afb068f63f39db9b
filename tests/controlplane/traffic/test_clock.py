"""A clock that jumps makes no fresh call old, no late call early, and no file under way nobody's."""

from __future__ import annotations

import threading
import time

import pytest
from django.db import connections as databases
from django.db import transaction

from connectors.base.calls import CallBatch, RawBatch
from controlplane.connections import services as connections
from controlplane.traffic import clock, engine, pushes, queries, services, upkeep
from controlplane.traffic.models import RawFile, Segment
from controlplane.traffic.raw import window
from controlplane.traffic.types import MICROSECONDS, Window
from tenants.isolation.context import tenant_context
from tests.controlplane.traffic.test_store import batch

HOUR, DAY = 3600.0, 86_400.0
NOW = 1_795_800_000.0


def at(ts: int, *ids: str) -> CallBatch:
    """Calls that happened then (µs)."""
    return batch(*({"call_id": call, "ts": ts} for call in ids))


def hourly(start: float, hours: int) -> list[bool]:
    """What the sweeps of so many hours are told."""
    return [clock.is_steady(start + hour * HOUR) for hour in range(1, hours + 1)]


def test_a_steady_clock_may_say_what_is_old(tenant):
    assert clock.is_steady(NOW)
    assert hourly(NOW, 30) == [True] * 30


@pytest.mark.parametrize("jump", [3 * HOUR, 40 * DAY, -HOUR, -40 * DAY])
def test_after_a_jump_the_clock_says_nothing_is_old_until_it_ran_for_a_day(tenant, jump):
    clock.is_steady(NOW)
    assert not clock.is_steady(NOW + jump)
    assert hourly(NOW + jump, 24) == [False] * 23 + [True]


def test_a_clock_that_jumped_and_was_set_right_is_watched_anew(tenant):
    clock.is_steady(NOW)
    clock.is_steady(NOW + 40 * DAY)
    assert hourly(NOW, 24) == [False] * 24  # the first of them is the jump back


def test_fresh_calls_are_stored_however_far_the_clock_was_set_back(tenant):
    first = services.accept("con_1", at(int(NOW * MICROSECONDS), "a", "b"), NOW)
    later = int((NOW + 60) * MICROSECONDS)
    second = services.accept("con_1", at(later, "c", "d"), NOW - 30 * DAY)
    assert (first.stored, second.stored, second.quarantined) == (2, 2, 0)
    times = Segment.objects.order_by("id").values_list("received_at", flat=True)
    assert list(times) == [int(NOW * MICROSECONDS)] * 2


def test_calls_that_came_while_the_clock_was_ahead_are_not_kept_for_ever(tenant):
    ahead = NOW + 4000 * DAY
    services.accept(
        "con_1",
        at(
            int(NOW * MICROSECONDS),
            "a",
        ),
        ahead,
    )
    window.keep("con_1", RawBatch("kong.http_log", (b"{}",)), ahead)
    clock.date_anew(NOW)
    assert RawFile.objects.get().received_at == int(NOW * MICROSECONDS)
    assert window.expire(NOW + 73 * HOUR) == 1
    assert upkeep.drop_expired(NOW + 29 * DAY) == 0
    assert upkeep.drop_expired(NOW + 32 * DAY) == 1


def test_no_file_whose_row_is_about_to_be_committed_is_taken_for_a_crashs(committed_db, acme):
    """The writer is at work while the sweep's clock is hours ahead of the one that dated the file."""
    written, go_on = threading.Event(), threading.Event()

    def write() -> None:
        with tenant_context(acme.schema_name), transaction.atomic():
            services.accept("con_1", at(int(time.time() * MICROSECONDS), "a", "b"), time.time())
            services.keep_raw("con_1", RawBatch("kong.http_log", (b"{}",)), time.time())
            written.set()
            go_on.wait(10)
        databases.close_all()

    writer = threading.Thread(target=write)
    writer.start()
    assert written.wait(10)
    threading.Timer(1.0, go_on.set).start()
    with tenant_context(acme.schema_name):
        assert upkeep.delete_orphans(time.time() + 5 * HOUR) == 0
        window.expire(time.time() + 5 * HOUR)
        writer.join()
        assert engine.calls(Window(0, 2**62), columns=["call_id"]).num_rows == 2
        assert [raw.records for _, raw in window.read(Window(0, 2**62))] == [(b"{}",)]


def test_a_push_is_read_whatever_the_clock_did_since_it_was_acknowledged(tenant):
    gateway = connections.create("kong", "gateway", {"admin_url": "http://127.0.0.1:1"}).id
    raw = RawBatch("kong.http_log", (b'{"request":{"id":"x","method":"GET","uri":"/"},"started_at":1}',))
    for jump in (0.0, 3 * HOUR, -3 * HOUR, 40 * DAY, -40 * DAY):
        with transaction.atomic():
            pushes.keep(gateway, raw, NOW)
        window.expire(NOW + jump)
        assert pushes.drain(gateway, NOW + jump) == 1
    assert queries.backlog(gateway, NOW).failed == 0
