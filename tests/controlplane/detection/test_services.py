"""From stored calls to threats: done once, the same when done again, bounded, and reopened by new evidence."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection, transaction
from hypothesis import given, settings
from hypothesis import strategies as st

from connectors.base.calls import CallBatch, calls_table
from controlplane.detection import jobs, queries, services
from controlplane.detection.looking import spans
from controlplane.detection.merging import merged
from controlplane.detection.models import Actor, ActorEvidence, Threat
from controlplane.detection.services import Ticked
from controlplane.detection.types import ActorKind, Evidence
from controlplane.traffic import queries as traffic
from controlplane.traffic import services as traffic_services
from controlplane.traffic.types import Window
from tenants.audit.models import Entry
from tenants.errors import Invalid, NotFound
from tenants.isolation.context import tenant_context
from tenants.jobs.events import subscriptions
from tenants.orgs.types import OrgInfo
from tests.controlplane.detection.calls import SECOND, START

HOUR = 3600 * SECOND
NOW = START / SECOND + 86_400


def guesses(
    count: int, start: int = 0, address: str = "203.0.113.66", name: str = "g", **values: Any
) -> CallBatch:
    """``count`` refused sign-ins, two seconds apart from ``START`` + ``start`` (µs)."""
    return CallBatch(
        "test.log",
        calls_table(
            {
                "call_id": f"{name}{start}-{number}",
                "ts": START + start + number * 2 * SECOND,
                "host": "api.example.com",
                "method": "POST",
                "path": "/login",
                "status": 401,
                "client_ip": address,
                **values,
            }
            for number in range(count)
        ),
    )


def accept(batch: CallBatch) -> None:
    # Received a moment after the newest of them happened.
    newest = max(batch.table.column("ts").to_pylist()) / 1_000_000
    traffic_services.accept("con_1", batch, max(NOW, newest))


def state() -> list[tuple[Any, ...]]:
    fields = (
        "kind",
        "severity",
        "status",
        "score",
        "requests",
        "succeeded",
        "first_ts",
        "last_ts",
        "sentence",
    )
    return sorted(Threat.objects.values_list("actor__key", *fields))


def test_a_tick_turns_new_calls_into_one_threat_and_settles_the_news(tenant: OrgInfo) -> None:
    accept(guesses(40))
    assert services.tick() == Ticked(news=True, found=1)
    (threat,) = Threat.objects.all()
    assert (threat.kind, threat.requests, threat.severity) == ("brute_force", 40, "medium")
    assert traffic.news_for("detection") is None
    assert services.tick() == Ticked()


def test_looking_again_changes_nothing(tenant: OrgInfo) -> None:
    accept(guesses(40))
    services.tick()
    before = state(), Actor.objects.get().score
    services.look(Window(START, START + HOUR))
    assert (state(), Actor.objects.get().score) == before
    assert ActorEvidence.objects.count() == 1


def test_more_calls_of_the_same_window_replace_its_evidence(tenant: OrgInfo) -> None:
    accept(guesses(20))
    services.tick()
    accept(guesses(40, start=60 * SECOND, name="h"))
    services.tick()
    (row,) = ActorEvidence.objects.all()
    assert row.requests == 60


def test_evidence_that_further_calls_explain_is_withdrawn(tenant: OrgInfo) -> None:
    accept(guesses(20))
    services.tick()
    accept(guesses(80, start=60 * SECOND, name="ok", status=200))
    services.tick()
    assert ActorEvidence.objects.count() == 0
    assert Threat.objects.get().status == "closed"
    assert Threat.objects.get().status_reason.startswith("Withdrawn")
    assert Actor.objects.get().score == 0


def test_a_tick_that_fails_leaves_the_news_for_the_next(tenant: OrgInfo) -> None:
    accept(guesses(40))
    with pytest.raises(RuntimeError, match="crash"), transaction.atomic():  # noqa: PT012
        services.tick()
        raise RuntimeError("crash")
    assert Threat.objects.count() == 0
    assert services.tick().found == 1


@pytest.mark.asvs("15.4.3")
def test_of_ticks_at_the_same_time_one_works_and_none_waits(committed_db: object, acme: OrgInfo) -> None:
    with tenant_context(acme.schema_name):
        accept(guesses(40))
    found: list[Ticked] = []

    def run() -> None:
        try:
            with tenant_context(acme.schema_name):
                found.append(services.tick())
        finally:
            connection.close()

    with tenant_context(acme.schema_name), transaction.atomic():
        assert services.tick() == Ticked(news=True, found=1)
        threads = [threading.Thread(target=run) for _ in range(3)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(timeout=30)
    assert found == [Ticked(busy=True)] * 3
    with tenant_context(acme.schema_name):
        assert (Threat.objects.count(), ActorEvidence.objects.count()) == (1, 1)
        assert services.tick() == Ticked()


def test_a_tick_that_found_another_running_comes_again_later(
    committed_db: object, acme: OrgInfo, run_jobs: Callable[..., int]
) -> None:
    with tenant_context(acme.schema_name):
        accept(guesses(40))
    ended = threading.Event()

    def run() -> None:
        with tenant_context(acme.schema_name):
            jobs.tick()
        connection.close()
        ended.set()

    with tenant_context(acme.schema_name):
        with transaction.atomic():
            services.tick()
            threading.Thread(target=run).start()
            assert ended.wait(30)
            transaction.set_rollback(True)  # the one that ran dies
        assert ActorEvidence.objects.count() == 0
    run_jobs(ahead=10)
    with tenant_context(acme.schema_name):
        assert ActorEvidence.objects.count() == 1


def test_a_file_of_many_days_is_looked_at_span_by_span_with_the_same_result(tenant: OrgInfo) -> None:
    for day in range(6):
        accept(guesses(30, start=day * 24 * HOUR, address=f"203.0.113.{day + 1}"))
    services.look(Window(START, START + 7 * 24 * HOUR), max_calls=35)
    small = state()
    services.look(Window(START, START + 7 * 24 * HOUR))
    assert len(small) == 6
    assert state() == small


@pytest.mark.asvs("15.2.2")
def test_a_span_never_holds_more_calls_than_allowed_and_none_is_left_out(tenant: OrgInfo) -> None:
    for hour in (0, 1, 2, 30, 31, 90):
        accept(guesses(10, start=hour * HOUR))
    found = spans(Window(START, START + 100 * HOUR), 3600, 25)
    assert [(span.end - span.start) // HOUR for span in found] == [2, 29, 60]
    assert found[0].start == START
    assert all(left.end <= right.start for left, right in itertools.pairwise(found))


def test_a_bucket_too_large_is_a_span_of_its_own(tenant: OrgInfo) -> None:
    accept(guesses(50))
    assert spans(Window(START, START + HOUR), 3600, 10) == [Window(START, START + HOUR)]


def test_closing_needs_a_reason_and_is_audited(tenant: OrgInfo) -> None:
    accept(guesses(40))
    services.tick()
    threat = Threat.objects.get()
    with pytest.raises(Invalid, match="needs a reason"):
        services.set_status(threat.id, "closed", "  ")
    services.set_status(threat.id, "closed", "our own test")
    assert Entry.objects.filter(action="threat.status", target=threat.id).count() == 1
    with pytest.raises(Invalid):
        services.set_status(threat.id, "blocked", "x")
    with pytest.raises(NotFound):
        services.set_status("thr_none", "closed", "x")


def test_a_closed_threat_stays_closed_until_newer_evidence_comes(tenant: OrgInfo) -> None:
    accept(guesses(40))
    services.tick()
    threat = services.set_status(Threat.objects.get().id, "closed", "our own test")
    services.look(Window(START, START + HOUR))
    threat.refresh_from_db()
    assert threat.status == "closed"
    accept(guesses(40, start=2 * HOUR))
    services.tick()
    threat.refresh_from_db()
    assert (threat.status, threat.closed_ts) == ("open", None)


def test_stored_calls_wake_detection_which_works_until_nothing_is_left(tenant: OrgInfo) -> None:
    assert "detection.tick" in subscriptions()["calls.stored"]
    for hour in range(services.SEGMENTS_PER_TICK + 2):
        accept(guesses(15, start=hour * HOUR))
    jobs.tick()
    assert ActorEvidence.objects.count() == services.SEGMENTS_PER_TICK + 2
    assert traffic.news_for("detection") is None


def test_suspects_are_keys_and_addresses_of_open_threats_but_no_address_of_a_principal(
    tenant: OrgInfo,
) -> None:
    accept(guesses(40))
    services.tick()
    assert queries.suspects() == {"203.0.113.66"}
    services.set_status(Threat.objects.get().id, "closed", "test")
    assert queries.suspects() == frozenset()


def test_a_threat_of_last_year_keeps_its_severity_while_its_actors_score_decays(tenant: OrgInfo) -> None:
    accept(guesses(300, start=-300 * 24 * HOUR))
    services.tick()
    assert Threat.objects.get().severity in ("medium", "high")
    rows = queries.evidence_of(Actor.objects.get().id)
    assert sum(part.decayed for part in queries.contributions_of(rows, START)) == 0


def _piece(endpoint: str, points: int, ids: tuple[str, ...]) -> Evidence:
    return Evidence(
        "brute_force", "brute_force", ActorKind.IP, "a", ("a",), 0, 1, 2, points, 0.5, len(ids), 0,
        (endpoint,), "Did it.", ids,
    )  # fmt: skip


@settings(max_examples=50, deadline=None)
@given(st.lists(st.tuples(st.sampled_from("abc"), st.integers(0, 100)), min_size=1, max_size=6))
def test_evidence_at_several_endpoints_is_one_piece_that_loses_nothing(parts: list[tuple[str, int]]) -> None:
    pieces = [_piece(name, points, (f"c{n}",)) for n, (name, points) in enumerate(parts)]
    (one,) = merged(pieces)
    assert one.requests == len(parts)
    assert one.points == max(points for _, points in parts)
    assert set(one.call_ids) == {f"c{n}" for n in range(len(parts))}
    assert set(one.endpoints) == {name for name, _ in parts}
