"""Calls pulled from Log Analytics: nothing lost, nothing cut off unnoticed, both records of a request one call."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from connectors.azure.calls import OVERLAP, SETTLE, Calls
from connectors.azure.manifest import AzureSettings
from connectors.azure.workspace import TooManyRows, Workspace
from connectors.base.errors import PermissionMissing, TransientError, VendorAnswerError
from connectors.testkit.doubles.azure.estate import SHOP_HOST
from connectors.testkit.doubles.azure.estate_gateway import PARTNERS_HOST
from connectors.testkit.running import Fault, running_double
from tests.connectors.azure.conftest import Azure

NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)


def row(number: int, minutes: float, table: str = "AGWAccessLogs", **more: Any) -> dict[str, Any]:
    at = NOW - timedelta(minutes=minutes)
    held = {
        "TimeGenerated": at.isoformat(),
        "TransactionId": f"t{number}",
        "HttpMethod": "GET",
        "OriginalRequestUriWithArgs": f"/orders/{number}",
        "ClientIp": "203.0.113.9",
        "HttpStatus": 200,
        "OriginalHost": PARTNERS_HOST,
        **more,
    }
    return {"table": table, "row": held, "ingested": at.isoformat()}


def fill(azure: Azure, *rows: dict[str, Any]) -> None:
    azure.ask("DELETE", "/_double/logs")
    azure.ask("POST", "/_double/logs", list(rows))


def pull(azure: Azure, cursor: Any = None, now: datetime = NOW) -> tuple[list[str], dict[str, Any]]:
    """Ids of the calls in the order they came, and the cursor reached."""
    calls = Calls(azure.settings, azure.egress, clock=lambda: now)
    found: list[str] = []
    reached = dict(cursor or {})
    for batch, position in calls.read_calls(reached, None):
        found += calls.normalise(batch).table.column("call_id").to_pylist()
        reached = dict(position)
    return found, reached


@pytest.fixture(scope="module")
def small() -> Iterator[Azure]:
    """A workspace whose answers hold five rows."""
    options = ["--seed", "--log-rows", "5"]
    with running_double("connectors.testkit.doubles.azure", options, ("--port", "--proxy-port")) as double:
        yield Azure(double)


def test_a_blocked_request_at_either_product_becomes_one_call_with_its_rule(azure):
    policy = azure.policy()
    condition = {"matchVariable": "RequestUri", "operator": "Contains", "matchValue": ["/payments"]}
    rule = {
        "name": "NoPay",
        "priority": 1,
        "ruleType": "MatchRule",
        "action": "Block",
        "matchConditions": [condition],
    }
    policy["properties"]["customRules"]["rules"].append(rule)
    azure.replace(policy)
    assert azure.call("POST", "/payments/1?a=b", SHOP_HOST, User_Agent="nikto/2") == 403
    azure.call("GET", "/orders/7", PARTNERS_HOST, User_Agent="nikto/2")
    calls = Calls(
        azure.settings, azure.egress, clock=lambda: datetime.now(UTC) + SETTLE + timedelta(seconds=1)
    )
    batches = [calls.normalise(batch) for batch, _ in calls.read_calls({}, None)]
    rows = [found for batch in batches for found in batch.table.to_pylist()]
    assert not any(batch.quarantined for batch in batches)
    edge, gateway = sorted(rows, key=lambda found: str(found["path"]), reverse=True)
    assert (edge["method"], edge["path"], edge["query"], edge["status"]) == (
        "POST",
        "/payments/1",
        "a=b",
        403,
    )
    assert (edge["host"], edge["waf_action"], edge["waf_rules"]) == (SHOP_HOST, "BLOCK", ["NoPay"])
    assert (gateway["host"], gateway["path"], gateway["waf_action"]) == (PARTNERS_HOST, "/orders/7", "COUNT")


def test_what_is_still_settling_is_left_for_the_next_pull(azure):
    fill(azure, row(1, 60), row(2, 4))
    found, cursor = pull(azure)
    assert found == ["t1"]
    later, _ = pull(azure, cursor, NOW + timedelta(minutes=5))
    assert later == ["t2"]


def test_what_time_it_is_the_workspace_says(azure):
    """By our clock the record is long settled; by the workspace's it has only just come."""
    fill(azure, row(1, 60), row(2, 4))
    table = {"columns": [{"name": "print_0", "type": "datetime"}], "rows": [[NOW.isoformat()]]}
    azure.double.order(Fault(200, "POST query", "logs", times=1, body={"tables": [table]}))
    calls = Calls(azure.settings, azure.egress)
    pulled = [
        (calls.normalise(batch).table.column("call_id").to_pylist(), cursor)
        for batch, cursor in calls.read_calls({}, None)
    ]
    assert [name for names, _ in pulled for name in names] == ["t1"]
    assert pulled[-1][1] == {"until": (NOW - SETTLE).isoformat()}


def test_what_becomes_visible_late_is_read_within_the_overlap(azure):
    fill(azure, row(1, 60))
    _, cursor = pull(azure)
    fill(azure, row(1, 60), row(2, 8))  # taken in before the last pull's end, shown after it
    assert timedelta(minutes=8) < SETTLE + OVERLAP
    found, _ = pull(azure, cursor)
    assert found == ["t2"]


def test_more_records_than_an_answer_holds_are_read_in_parts(small):
    rows = [row(n, 90 - n * 2) for n in range(30)]
    fill(small, *rows)
    found, cursor = pull(small)
    assert sorted(set(found)) == sorted({f"t{n}" for n in range(30)})
    assert cursor == {"until": (NOW - SETTLE).isoformat()}


def test_more_records_in_one_second_than_an_answer_holds_are_said_and_not_cut_off(small):
    fill(small, row(99, 90), *(row(n, 60) for n in range(8)))
    with pytest.raises(VendorAnswerError):
        pull(small)


def test_our_own_limit_cuts_nothing_off_either(azure):
    fill(azure, *(row(n, 60 - n) for n in range(4)))
    first, last = NOW - timedelta(hours=2), NOW
    assert len(Workspace(azure.settings, azure.egress, most=5).records("AGWAccessLogs", first, last)) == 4
    with pytest.raises(TooManyRows):
        Workspace(azure.settings, azure.egress, most=4).records("AGWAccessLogs", first, last)


@pytest.mark.parametrize(
    ("fault", "raises"),
    [
        (
            Fault(403, "POST query", "logs", body={"error": {"code": "InsufficientAccessError"}}),
            PermissionMissing,
        ),
        (Fault(429, "POST query", "logs", headers={"Retry-After": "40"}), TransientError),
        (Fault(500, "POST query", "logs"), TransientError),
        (Fault(200, "POST query", "logs", body="<html>"), VendorAnswerError),
        (Fault(200, "POST query", "logs", body={"tables": []}), VendorAnswerError),
        (
            Fault(400, "POST query", "logs", body={"error": {"code": "BadArgumentError", "message": "x"}}),
            VendorAnswerError,
        ),
    ],
)
def test_a_failed_pull_is_an_error_and_the_next_one_reads_it_all(azure, fault, raises):
    fill(azure, row(1, 60))
    azure.double.order(fault)
    with pytest.raises(raises):
        pull(azure)
    azure.double.behave()
    assert pull(azure)[0] == ["t1"]


def test_a_table_that_never_got_a_record_is_no_failure(azure):
    fill(azure, row(1, 60))
    message = "Failed to resolve table or column expression named 'AzureDiagnostics'"
    body = {"error": {"code": "BadArgumentError", "message": message}}
    azure.double.order(Fault(400, "POST query", "logs", times=1, body=body))
    assert pull(azure)[0] == ["t1"]


def test_without_a_workspace_nothing_is_asked(azure):
    assert list(Calls(AzureSettings(), azure.egress).read_calls({}, None)) == []
