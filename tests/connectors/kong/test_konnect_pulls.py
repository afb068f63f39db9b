"""Calls pulled from Konnect's API requests: complete, restartable, joined to the configuration."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from connectors.base.capabilities import Cursor
from connectors.base.errors import ConnectorError, VendorAnswerError
from connectors.kong.calls import Calls
from connectors.kong.config import Config
from connectors.kong.control_plane import ControlPlaneApi
from connectors.kong.requests import pull
from connectors.testkit.doubles.kong.estate import PARTNER_KEYS
from connectors.testkit.running import Fault
from tests.connectors.kong.konnect import Konnect, running

NOW = datetime(2026, 11, 27, 12, 0, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)


@pytest.fixture
def konnect() -> Iterator[Konnect]:
    with running() as made:
        yield made


def ask(konnect: Konnect, at: datetime, path: str = "/catalog/products", **more: str) -> None:
    """One request of a client, as if it had come at that time."""
    stamp = str(int(at.timestamp() * 1000))
    konnect.call("GET", path, X_Double_Time=stamp, X_Real_IP="198.51.100.7", **more)


def read(
    konnect: Konnect, cursor: Cursor, now: datetime = NOW, snapshot: Any = None
) -> tuple[list[dict[str, Any]], Cursor]:
    """What one pull gives, and the cursor it leaves."""
    calls = Calls(konnect.settings, konnect.egress, clock=lambda: now)
    found: list[dict[str, Any]] = []
    for batch, reached in calls.read_calls(cursor, snapshot):
        table = calls.normalise(batch)
        assert table.quarantined == ()
        found += table.table.to_pylist()
        cursor = reached
    return found, cursor


def test_a_pulled_call_is_joined_to_the_routes_services_and_consumers_of_the_configuration(konnect):
    ask(konnect, NOW - HOUR, "/catalog/search?q=1", apikey=PARTNER_KEYS["partner-globex"])
    snapshot = Config(konnect.settings, konnect.egress).read_config()
    (call,), _ = read(konnect, {}, snapshot=snapshot)
    routes = {route.ref: route for route in snapshot.routes}
    assert routes[call["declared_route"]].path == "/catalog/search"
    assert call["gateway"] in {service.ref for service in snapshot.services}
    assert (call["consumer"], call["principal"]) == ("partner-globex", "partner-globex")
    assert call["stage"] == "acme-shop"
    assert (call["path"], call["query"], call["client_ip"]) == ("/catalog/search", "q=1", "198.51.100.7")
    assert call["ts"] == int((NOW - HOUR).timestamp() * 1_000_000)


def test_the_calls_of_a_control_plane_group_are_those_its_members_served_in_it():
    with running("--in-group") as made:
        ask(made, NOW - HOUR)
        group, other = made.with_(control_plane="everything"), made.with_(control_plane="team-001")
        for settings, calls in ((group, 1), (made.settings, 1), (other, 0)):
            found = list(Calls(settings, made.egress, clock=lambda: NOW).read_calls({}, None))
            assert sum(len(batch.records) for batch, _ in found) == calls, settings.control_plane


def test_calls_outside_a_group_are_not_the_groups(konnect):
    ask(konnect, NOW - HOUR)
    group = konnect.with_(control_plane="everything")
    found = list(Calls(group, konnect.egress, clock=lambda: NOW).read_calls({}, None))
    assert [batch.records for batch, _ in found] == [()]


def test_everything_of_the_last_day_comes_once_and_then_only_what_is_new(konnect):
    for minutes in (1430, 700, 61, 60, 59, 3):
        ask(konnect, NOW - timedelta(minutes=minutes))
    found, cursor = read(konnect, {})
    assert len(found) == 6
    assert [call["ts"] for call in found] == sorted(call["ts"] for call in found)
    later = NOW + timedelta(minutes=30)
    ask(konnect, NOW + timedelta(minutes=5))
    again, cursor = read(konnect, cursor, later)
    ids = {call["call_id"] for call in found}
    assert len([call for call in again if call["call_id"] not in ids]) == 1
    assert read(konnect, cursor, later) == ([], cursor)


def test_a_row_that_becomes_visible_late_is_found_by_the_overlap(konnect):
    _, cursor = read(konnect, {})
    ask(konnect, NOW - timedelta(minutes=5))
    found, _ = read(konnect, cursor, NOW + timedelta(minutes=5))
    assert len(found) == 1


def test_a_slice_with_more_rows_than_are_read_at_once_is_halved_and_nothing_is_lost(konnect):
    for number in range(1200):
        ask(konnect, NOW - timedelta(minutes=40) + timedelta(seconds=number))
    api = ControlPlaneApi(konnect.settings, konnect.egress)
    batches = [batch for batch, _ in pull(api, {}, None, NOW, most=1000)]
    ids = {record for batch in batches for record in batch.records}
    assert len(ids) == 1200
    assert max(len(batch.records) for batch in batches) < 1000


def test_a_pull_that_fails_in_the_middle_keeps_what_it_had_and_reads_on_from_there(konnect):
    for minutes in (1400, 100):
        ask(konnect, NOW - timedelta(minutes=minutes))
    calls = Calls(konnect.settings, konnect.egress, clock=lambda: NOW)
    batches = calls.read_calls({}, None)
    first, cursor = next(batches)
    konnect.double.order(Fault(500, "POST /api-requests", body="boom"))
    with pytest.raises(ConnectorError):
        next(batches)
    konnect.double.behave()
    rest, _ = read(konnect, cursor)
    seen = {call["call_id"] for call in calls.normalise(first).table.to_pylist()}
    assert len(seen | {call["call_id"] for call in rest}) == 2


def test_a_place_that_konnect_keeps_no_longer_is_left_behind_and_the_gap_is_told_once(konnect):
    ask(konnect, NOW - HOUR)
    konnect.double.order(Fault(400, "POST /api-requests", body={"detail": "too old"}, times=1))
    calls = Calls(konnect.settings, konnect.egress, clock=lambda: NOW)
    batches = calls.read_calls({"until": "2026-11-20T12:00:00Z"}, None)
    empty, cursor = next(batches)
    assert empty.records == ()
    with pytest.raises(VendorAnswerError, match="after 2026-11-20T12:00:00Z any more"):
        next(batches)
    found, _ = read(konnect, cursor)
    assert len(found) == 1


def test_a_first_pull_reads_what_konnect_keeps(konnect):
    ask(konnect, NOW - HOUR)
    konnect.double.order(Fault(400, "POST /api-requests", body={"detail": "too old"}, times=1))
    assert len(read(konnect, {})[0]) == 1


def test_a_recent_start_that_konnect_refuses_is_an_error_and_moves_nothing(konnect):
    konnect.double.order(Fault(400, "POST /api-requests", body={"detail": "no"}))
    with pytest.raises(VendorAnswerError, match="400"):
        next(Calls(konnect.settings, konnect.egress, clock=lambda: NOW).read_calls({}, None))
    recent = {"until": "2026-11-27T11:00:00Z"}
    with pytest.raises(VendorAnswerError, match="400"):
        next(Calls(konnect.settings, konnect.egress, clock=lambda: NOW).read_calls(recent, None))


def test_an_answer_without_results_is_no_empty_log(konnect):
    konnect.double.order(Fault(200, "POST /api-requests", body={"meta": {}}))
    with pytest.raises(VendorAnswerError, match="no list of results"):
        read(konnect, {})


def test_nothing_is_pulled_when_it_is_switched_off(konnect):
    ask(konnect, NOW - HOUR)
    settings = konnect.settings.model_copy(update={"pull_requests": False})
    assert list(Calls(settings, konnect.egress, clock=lambda: NOW).read_calls({}, None)) == []
