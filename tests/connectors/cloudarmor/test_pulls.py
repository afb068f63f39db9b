"""Request logs pulled from Cloud Logging: nothing lost, twice is once, few calls, restartable anywhere."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from connectors.base.errors import ConnectorError, PermissionMissing, TransientError
from connectors.base.google.logs import BACKFILL, LOG_CALLS, SECOND, micros
from connectors.cloudarmor.calls import Calls
from connectors.cloudarmor.manifest import CloudArmorSettings
from connectors.testkit.running import Fault
from tests.connectors.cloudarmor.world import EVERYTHING, running_cloud

NOW = datetime.now(UTC)


def calls(cloud, minutes: float = 10, **more: Any) -> Calls:
    """A reader whose clock is some minutes ahead, so that what happened now has settled."""
    later = datetime.now(UTC) + timedelta(minutes=minutes)
    return Calls(cloud.settings(**{"logs": "pull", **more}), cloud.egress, clock=lambda: later)


def read(reader: Calls, cursor: Any) -> tuple[list[dict[str, Any]], Any]:
    found: list[dict[str, Any]] = []
    for batch, reached in reader.read_calls(cursor, None):
        made = reader.normalise(batch)
        assert made.quarantined == ()
        found += made.table.to_pylist()
        cursor = reached
    return found, cursor


def until_read(reader: Calls, cursor: Any) -> tuple[list[dict[str, Any]], Any]:
    """Pull again and again, as the scheduler does, until nothing is left to read."""
    found: list[dict[str, Any]] = []
    for _ in range(60):
        more, reached = read(reader, cursor)
        found += more
        if reached == cursor:
            return found, cursor
        cursor = reached
    raise AssertionError("pulling does not end")


def entries(count: int, start: int = 0) -> dict[str, Any]:
    return {
        "entries": [
            {
                "insertId": f"e{number}",
                "resource": {"type": "http_load_balancer", "labels": {"url_map_name": "shop"}},
                "httpRequest": {
                    "requestMethod": "GET",
                    "requestUrl": f"https://shop.acme.example/bulk/{number}",
                },
            }
            for number in range(start, start + count)
        ]
    }


def paths(found: list[dict[str, Any]], prefix: str) -> list[str]:
    return [call["path"] for call in found if call["path"].startswith(prefix)]


def test_a_request_at_the_load_balancer_is_a_call_with_what_cloud_armor_decided(cloud):
    cloud.add_rule(
        50,
        "deny(403)",
        match={"versionedExpr": "SRC_IPS_V1", "config": {"srcIpRanges": ["198.51.100.77/32"]}},
    )
    cloud.ask(
        "/payments/one?x=1", "POST", address="198.51.100.77", X_Double_Asn="64500", X_Double_Country="NL"
    )
    found, _ = until_read(calls(cloud), {})
    call = next(call for call in found if call["path"] == "/payments/one")
    assert (call["method"], call["query"], call["host"]) == ("POST", "x=1", "shop.acme.example")
    assert (call["status"], call["waf_action"], call["waf_rules"]) == (403, "BLOCK", ["shop/50"])
    assert (call["client_ip"], call["country"], call["asn"]) == ("198.51.100.77", "NL", 64500)
    assert (call["gateway"], call["upstream"]) == ("shop", "payments")


def test_what_comes_after_a_pull_is_in_the_next_and_nothing_twice_under_another_id(cloud):
    cloud.ask("/first/1")
    found, _ = until_read(calls(cloud), {})
    assert paths(found, "/first/") == ["/first/1"]
    cloud.knob("POST", "entries", entries(1, start=77))
    # Entries are taken in by the double's clock, which is behind the reader's.
    rewound = {"until": micros(datetime.now(UTC) - timedelta(seconds=5))}
    again, _ = until_read(calls(cloud), rewound)
    assert paths(again, "/bulk/77") == ["/bulk/77"]
    ids = [{call["call_id"] for call in pull if call["path"] == "/first/1"} for pull in (found, again)]
    assert ids[0] == ids[1] != set()


def test_an_entry_that_comes_late_is_read_when_it_comes(cloud):
    _, cursor = until_read(calls(cloud, minutes=-1), {})
    late = entries(1, start=500)
    late["entries"][0]["at"] = (datetime.now(UTC) - timedelta(hours=3)).timestamp()
    cloud.knob("POST", "entries", late)
    found, _ = until_read(calls(cloud), cursor)
    assert "/bulk/500" in paths(found, "/bulk/")


def test_more_than_a_page_is_read_to_its_end_and_can_be_resumed_at_every_page():
    with running_cloud() as cloud:
        cloud.knob("POST", "entries", entries(2500))
        start = {"until": micros(datetime.now(UTC) - timedelta(minutes=1))}
        reader = calls(cloud, 2)
        seen: list[str] = []
        cursor: Any = start
        for _ in range(20):
            batch, reached = next(iter(reader.read_calls(cursor, None)), (None, cursor))
            if batch is None:
                break
            seen += [call["path"] for call in reader.normalise(batch).table.to_pylist()]
            cursor = reached
        assert sorted(seen) == sorted(f"/bulk/{number}" for number in range(2500))


def test_a_pull_asks_google_few_times_however_much_there_is():
    with running_cloud() as cloud:
        cloud.knob("POST", "entries", entries(LOG_CALLS * 1000 + 10))
        start = {"until": micros(datetime.now(UTC) - timedelta(minutes=1))}
        batches = list(calls(cloud, 2).read_calls(start, None))
        assert len(batches) == LOG_CALLS
        rest = list(calls(cloud, 2).read_calls(batches[-1][1], None))
        assert sum(len(batch.records) for batch, _ in rest) == 10


def test_six_pulls_a_minute_stay_within_googles_quota():
    with running_cloud("--list-calls", "60") as cloud:
        cursor: Any = {}
        reader = calls(cloud, 0)
        for _ in range(6):
            _, cursor = read(reader, cursor)


def test_a_page_token_that_google_forgot_begins_the_window_anew(cloud):
    cloud.knob("POST", "entries", entries(3, start=900))
    now = micros(datetime.now(UTC))
    window = {"start": now - 60 * SECOND, "end": now + 60 * SECOND, "page": "forgotten"}
    found, cursor = read(calls(cloud, 2), {"until": now - 30 * SECOND, "window": window})
    assert set(paths(found, "/bulk/9")) >= {"/bulk/900", "/bulk/901", "/bulk/902"}
    assert "window" not in cursor


def test_the_first_pull_reads_a_day_and_no_more(cloud):
    reader = calls(cloud, 0)
    _, reached = next(iter(reader.read_calls({}, None)))
    assert abs(reached["until"] - (micros(datetime.now(UTC)) - BACKFILL + 3600 * SECOND)) < 120 * SECOND


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        (Fault(403, "POST entries:list", body={"error": {"message": "x"}}), PermissionMissing),
        (Fault(429, "POST entries:list"), TransientError),
        (Fault(500, "POST entries:list"), TransientError),
        (Fault(200, "POST entries:list", body="<html>"), ConnectorError),
        (Fault(200, "POST entries:list", body={"entries": 7}), ConnectorError),
    ],
    ids=["forbidden", "throttled", "failing", "garbage", "wrong_shape"],
)
def test_a_pull_that_fails_says_so_and_loses_nothing(cloud, fault, error):
    cloud.ask("/failing/1")
    cloud.double.order(fault)
    with pytest.raises(error):
        read(calls(cloud), {})
    cloud.double.behave()
    assert "/failing/1" in paths(until_read(calls(cloud), {})[0], "/failing/")


def test_nothing_is_pulled_where_logs_are_pushed(cloud):
    assert list(calls(cloud, logs="push").read_calls({}, None)) == []
    assert list(Calls(CloudArmorSettings(logs="pull"), cloud.egress).read_calls({}, None)) == []


def test_a_token_that_ends_early_is_made_anew():
    with running_cloud() as cloud:
        pages = calls(cloud).read_calls({}, None)
        next(pages)
        cloud.knob("DELETE", "tokens")
        assert next(pages)[0].source == "cloudarmor.requests"


def test_a_missing_permission_is_named(cloud):
    narrow = cloud.settings([name for name in EVERYTHING if name != "logging.logEntries.list"], logs="pull")
    with pytest.raises(PermissionMissing) as caught:
        list(Calls(narrow, cloud.egress).read_calls({}, None))
    assert caught.value.missing == "logging.logEntries.list"
