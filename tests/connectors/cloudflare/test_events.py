"""Firewall events by GraphQL: only when asked for, to the end, restartable, nothing lost."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest

from connectors.base.errors import TransientError, VendorAnswerError
from connectors.cloudflare.calls import Calls
from connectors.testkit.running import Fault


@pytest.fixture
def blocked(cloudflare):
    """Sends requests that a rule blocks, at a time that is this many minutes ago."""
    cloudflare.put_entry(
        [{"action": "block", "expression": '(http.request.uri.path eq "/blocked")', "ref": "r"}]
    )

    def send(minutes: float, **headers: str) -> None:
        at = int((datetime.now(UTC) - timedelta(minutes=minutes)).timestamp() * 1000)
        cloudflare.call("GET", "/blocked", X_Double_Time=str(at), **headers)

    return send


def pull(cloudflare, cursor=None, now: datetime | None = None, most: int = 10_000, **settings: object):
    chosen = {"pull_events": True, "zones": ["acme.example"], **settings}
    calls = Calls(
        cloudflare.settings.model_copy(update=chosen),
        cloudflare.egress,
        clock=lambda: now or datetime.now(UTC),
        rows=most,
    )
    rows, reached = [], cursor or {}
    for batch, reached in calls.read_calls(cursor or {}, None):  # noqa: B007
        normalised = calls.normalise(batch)
        assert normalised.quarantined == ()
        rows += normalised.table.to_pylist()
    return rows, reached


def test_nothing_is_pulled_unless_the_settings_ask_for_it(cloudflare, blocked):
    blocked(5)
    assert pull(cloudflare, pull_events=False) == ([], {})


def test_a_pull_right_after_another_asks_cloudflare_nothing(cloudflare, blocked):
    now = datetime.now(UTC)
    _, cursor = pull(cloudflare, now=now)
    cloudflare.double.order(Fault(500, "*"))
    assert pull(cloudflare, cursor, now + timedelta(seconds=50)) == ([], cursor)
    with pytest.raises(TransientError):
        pull(cloudflare, cursor, now + timedelta(seconds=62))


def test_an_event_is_a_call_and_the_next_pull_goes_on_from_there(cloudflare, blocked):
    blocked(30, X_Double_Client_Ip="198.51.100.77", User_Agent="probe/1")
    rows, cursor = pull(cloudflare)
    (call,) = [row for row in rows if row["client_ip"] == "198.51.100.77"]
    assert (call["method"], call["path"], call["status"], call["waf_action"]) == (
        "GET",
        "/blocked",
        403,
        "BLOCK",
    )
    assert (call["host"], call["gateway"], call["user_agent"]) == (
        "shop.acme.example",
        "acme.example",
        "probe/1",
    )
    json.dumps(cursor)
    again, _ = pull(cloudflare, cursor, datetime.now(UTC) + timedelta(minutes=2))
    assert call["call_id"] not in {row["call_id"] for row in again}


def test_what_comes_late_is_read_by_the_overlap_with_the_same_id(cloudflare, blocked):
    blocked(5)
    first, cursor = pull(cloudflare)
    blocked(8, X_Double_Client_Ip="198.51.100.78")  # told after the pull, of a time the pull has passed
    second, _ = pull(cloudflare, cursor, datetime.now(UTC) + timedelta(minutes=1, seconds=5))
    assert "198.51.100.78" in {row["client_ip"] for row in second}
    assert {row["call_id"] for row in first if row["ts"] / 1e6 > datetime.now(UTC).timestamp() - 500} <= {
        row["call_id"] for row in second
    }


def test_the_last_two_minutes_wait_until_they_are_settled(cloudflare, blocked):
    blocked(0.5, X_Double_Client_Ip="198.51.100.79")
    rows, cursor = pull(cloudflare)
    assert "198.51.100.79" not in {row["client_ip"] for row in rows}
    later, _ = pull(cloudflare, cursor, datetime.now(UTC) + timedelta(minutes=3))
    assert "198.51.100.79" in {row["client_ip"] for row in later}


def test_a_span_that_fills_the_limit_is_read_in_halves(cloudflare, blocked):
    for minutes in (10, 20, 30, 40, 50):
        blocked(minutes, X_Double_Client_Ip="198.51.100.80")
    rows, _ = pull(cloudflare, most=2)
    assert len([row for row in rows if row["client_ip"] == "198.51.100.80"]) == 5


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        (Fault(500, "POST /graphql"), TransientError),
        (Fault(200, "POST /graphql", body="<html>"), VendorAnswerError),
        (
            Fault(200, "POST /graphql", body={"data": None, "errors": [{"message": "limit"}]}),
            VendorAnswerError,
        ),
        (
            Fault(200, "POST /graphql", body={"data": {"viewer": {"zones": []}}, "errors": None}),
            VendorAnswerError,
        ),
    ],
)
def test_a_failed_pull_says_so_and_loses_nothing(cloudflare, blocked, fault, error):
    blocked(15, X_Double_Client_Ip="198.51.100.81")
    cloudflare.double.order(fault)
    with pytest.raises(error):
        pull(cloudflare)
    cloudflare.double.behave()
    rows, _ = pull(cloudflare)
    assert "198.51.100.81" in {row["client_ip"] for row in rows}


def test_a_zone_that_fails_does_not_hold_up_the_others(cloudflare):
    labs = cloudflare.zone("acme-labs.example")
    cloudflare.put_entry([{"action": "block", "expression": '(http.request.uri.path eq "/x")'}], zone=labs)
    at = int((datetime.now(UTC) - timedelta(minutes=9)).timestamp() * 1000)
    cloudflare.call("GET", "/x", "beta.acme-labs.example", X_Double_Time=str(at))
    calls = Calls(cloudflare.settings.model_copy(update={"pull_events": True}), cloudflare.egress)
    cloudflare.double.order(Fault(500, "POST /graphql", times=1))
    hosts: set[str] = set()
    reached: dict[str, str] = {}

    def exhaust() -> None:
        for batch, cursor in calls.read_calls({}, None):
            hosts.update(row["host"] for row in calls.normalise(batch).table.to_pylist())
            reached.update(cursor["reached"])

    with pytest.raises(TransientError):
        exhaust()
    assert hosts == {"beta.acme-labs.example"}
    assert labs in reached
    assert cloudflare.zone() not in reached
