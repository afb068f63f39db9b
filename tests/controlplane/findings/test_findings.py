"""Findings as the API shows them after reports of checks."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from controlplane.alerts import services as alerts
from controlplane.findings import queries, services
from controlplane.findings.models import Finding
from controlplane.findings.types import CheckCard, Severity, Status, Verdict
from tenants.audit.models import Entry
from tenants.orgs.types import OrgInfo
from tests.clients import TenantClient
from tests.factories.findings import CARD, NOW, report, result

LOW = CheckCard("no_limit", "No rate limit", Severity.LOW, "Anyone can flood it.")


@pytest.fixture
def client(tenant: OrgInfo, owner_client: Callable[[OrgInfo], TenantClient]) -> TenantClient:
    return owner_client(tenant)


def status_of(client: TenantClient, finding_id: str) -> str:
    return str(client.get(f"/api/v1/findings/{finding_id}").json()["status"])


def listed(client: TenantClient, query: str = "") -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = client.get(f"/api/v1/findings{query}").json()["data"]
    return rows


def later(days: int = 30) -> str:
    return (datetime.now(UTC) + timedelta(days=days)).isoformat()


def test_a_failed_check_opens_a_finding_with_evidence_reason_and_fix(client: TenantClient) -> None:
    (finding_id,) = report(result("r1", endpoints=["ep_1"])).opened_ids
    body = client.get(f"/api/v1/findings/{finding_id}").json()
    assert body["status"] == "open"
    assert body["subject"] == {"kind": "route", "id": "r1", "label": "GET shop.acme.example/r1"}
    assert body["why"] == CARD.why
    assert body["references"] == ["OWASP API2:2023"]
    assert body["evidence"][0]["document"] == {"auth": None}
    assert body["evidence"][0]["read_at"] == body["last_seen"]
    assert body["fix"] == [{"tool": "deck", "body": "plugins: []", "language": "yaml"}]
    assert [entry["kind"] for entry in body["history"]] == ["open"]


def test_passes_and_unknowns_open_nothing(client: TenantClient) -> None:
    report(result("r1", Verdict.PASS), result("r2", Verdict.UNKNOWN))
    assert listed(client) == []


def test_the_same_failure_read_again_is_the_same_finding(client: TenantClient) -> None:
    report(result("r1"))
    again = report(result("r1", sentence="Worded anew."), read=2)
    assert (again.opened, again.unchanged) == (0, 1)
    (row,) = listed(client)
    assert row["sentence"] == "Worded anew."
    assert row["last_seen"] > row["first_seen"]


def test_two_clean_reads_resolve_and_a_failure_reopens(client: TenantClient) -> None:
    (finding_id,) = report(result()).opened_ids
    report(result(verdict=Verdict.PASS), read=2)
    assert status_of(client, finding_id) == "open"
    report(result(verdict=Verdict.PASS), read=2)
    assert status_of(client, finding_id) == "open"
    assert report(result(verdict=Verdict.PASS), read=3).resolved == 1
    assert status_of(client, finding_id) == "resolved"
    assert report(result(), read=4).reopened == 1
    assert status_of(client, finding_id) == "reopened"
    history = client.get(f"/api/v1/findings/{finding_id}").json()["history"]
    assert [entry["kind"] for entry in history] == ["reopened", "resolved", "open"]


def test_a_finding_whose_subject_is_gone_resolves_only_when_all_was_read(client: TenantClient) -> None:
    (finding_id,) = report(result()).opened_ids
    blind = result(
        "gw#routes", Verdict.UNKNOWN, kind="connection", sentence="The section routes was not read."
    )
    for read in (2, 3, 4):
        report(blind, read=read)
    assert status_of(client, finding_id) == "open"
    report(read=5)
    report(read=6)
    assert status_of(client, finding_id) == "resolved"


def test_checks_that_did_not_run_leave_their_findings_alone(client: TenantClient) -> None:
    (finding_id,) = report(result()).opened_ids
    for read in (2, 3):
        report(cards=[LOW], read=read)
    assert status_of(client, finding_id) == "open"


def test_another_connection_has_findings_of_its_own(client: TenantClient) -> None:
    report(result())
    report(result(), connection="con_2")
    report(connection="con_2", read=2)
    report(connection="con_2", read=3)
    assert [(row["connection_id"], row["status"]) for row in listed(client, "?status=active")] == [
        ("con_1", "open")
    ]
    assert (queries.open_count("con_1"), queries.open_count("con_2")) == (1, 0)


def test_the_list_is_worst_first_over_all_pages(client: TenantClient) -> None:
    report(
        *[result(f"low{n}", card=LOW) for n in range(4)],
        *[result(f"r{n}") for n in range(4)],
        cards=[CARD, LOW],
    )
    seen: list[str] = []
    cursor = ""
    while True:
        page = client.get(f"/api/v1/findings?limit=3{cursor}").json()
        seen += [row["severity"] for row in page["data"]]
        if page["next"] is None:
            break
        cursor = f"&cursor={page['next']}"
    assert seen == ["high"] * 4 + ["low"] * 4


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("?severity=high,low", 3),
        ("?severity=low", 1),
        ("?check=route_open", 2),
        ("?service=svc_1", 1),
        ("?endpoint=ep_2", 1),
        ("?connection=con_9", 0),
        ("?status=open", 3),
        ("?status=resolved", 0),
        ("?q=FLOODED", 1),
        ("?q=no_limit&severity=high", 0),
    ],
)
def test_filters_narrow_the_list(client: TenantClient, query: str, found: int) -> None:
    report(
        result("r1", endpoints=["ep_1"], service_id="svc_1"),
        result("r2", endpoints=["ep_2"]),
        result("r3", card=LOW, sentence="It can be flooded."),
        cards=[CARD, LOW],
    )
    assert len(listed(client, query)) == found


def test_facets_count_under_the_other_filters(client: TenantClient) -> None:
    report(result("r1", service_id="svc_1"), result("r2"), result("r3", card=LOW), cards=[CARD, LOW])
    facets = client.get("/api/v1/findings/facets?severity=low").json()
    assert facets["severity"] == {"high": 2, "low": 1}
    assert facets["check"] == {"no_limit": 1}
    assert facets["status"] == {"open": 1}
    assert client.get("/api/v1/findings/facets").json()["service"] == [
        {"id": "svc_1", "name": "svc_1", "count": 1}
    ]


def test_triage_is_kept_in_history_and_audit(client: TenantClient) -> None:
    (finding_id,) = report(result()).opened_ids
    answer = client.patch(
        f"/api/v1/findings/{finding_id}", {"status": "remediating", "reason": "Ticket 7"}, format="json"
    )
    assert (answer.status_code, answer.json()["status"]) == (200, "remediating")
    newest = answer.json()["history"][0]
    assert (newest["kind"], newest["actor"]) == ("remediating", "owner@acme.test")
    assert "Ticket 7" in newest["detail"]
    entry = Entry.objects.get(action="finding.triage", target=finding_id)
    assert entry.before is not None
    assert entry.after is not None
    assert (entry.before["status"], entry.after["status"]) == ("open", "remediating")


@pytest.mark.parametrize(
    "body",
    [
        {"status": "resolved"},
        {"status": "reopened"},
        {"status": "risk_accepted", "reason": "small"},
        {"status": "risk_accepted", "expires_at": "2999-01-01T00:00:00Z"},
        {"status": "risk_accepted", "reason": "small", "expires_at": "2020-01-01T00:00:00Z"},
        {"status": "false_positive", "reason": "  "},
    ],
)
@pytest.mark.asvs("2.2.3")
def test_a_decision_without_what_it_needs_is_refused(client: TenantClient, body: dict[str, str]) -> None:
    (finding_id,) = report(result()).opened_ids
    answer = client.patch(f"/api/v1/findings/{finding_id}", body, format="json")
    assert answer.status_code == 422
    assert "Nothing was changed" in answer.json()["detail"]
    assert status_of(client, finding_id) == "open"


def test_an_accepted_risk_is_quiet_and_comes_back_when_its_time_is_over(client: TenantClient) -> None:
    (finding_id,) = report(result()).opened_ids
    body = {"status": "risk_accepted", "reason": "Internal only.", "expires_at": later()}
    assert client.patch(f"/api/v1/findings/{finding_id}", body, format="json").status_code == 200
    report(result(), read=2)
    assert status_of(client, finding_id) == "risk_accepted"
    assert services.reopen_expired(datetime.now(UTC) + timedelta(days=31)) == 1
    assert status_of(client, finding_id) == "open"


def test_a_false_positive_is_not_opened_again_by_reads(client: TenantClient) -> None:
    (finding_id,) = report(result()).opened_ids
    body = {"status": "false_positive", "reason": "Checked by the service."}
    client.patch(f"/api/v1/findings/{finding_id}", body, format="json")
    report(result(), read=2)
    assert status_of(client, finding_id) == "false_positive"


def test_opening_and_reopening_is_announced_once_each(
    client: TenantClient, run_jobs: Callable[[], int]
) -> None:
    hook = {"url": "http://127.0.0.1:9/refused-by-the-egress"}
    alerts.create_destination("webhook", "Hook", hook, "low", ["finding.opened"])

    def told() -> list[tuple[str, str]]:
        run_jobs()
        rows = client.get("/api/v1/alert-deliveries").json()["data"]
        return [(row["event"], row["subject"]) for row in rows]

    once = [("finding.opened", "Route without a lock")]
    report(result())
    assert told() == once
    report(result(), read=2)
    assert told() == once
    for read in (3, 4):
        report(result(verdict=Verdict.PASS), read=read)
    assert told() == once
    report(result(), read=5)
    assert told() == once * 2


def test_findings_go_with_their_connection(tenant: OrgInfo) -> None:
    report(result())
    report(result(), connection="con_2")
    assert services.forget_connection("con_1") == 1
    assert list(Finding.objects.values_list("connection_id", flat=True)) == ["con_2"]


def test_open_findings_are_counted_now_and_at_a_past_time(tenant: OrgInfo) -> None:
    report(result("r1"), result("r2"), result("r3", card=LOW), cards=[CARD, LOW])
    for read in (2, 3):
        report(result("r1"), result("r2", Verdict.PASS), read=read)
    assert queries.counts() == {"critical": 0, "high": 1, "medium": 0, "low": 1, "info": 0}
    assert queries.counts_at(NOW) is None
    then = queries.counts_at(NOW + timedelta(minutes=6))
    assert then is not None
    assert then["high"] == 2


def test_findings_of_an_endpoint_and_a_service_are_found(tenant: OrgInfo) -> None:
    report(
        result("r1", endpoints=["ep_1", "ep_2"], service_id="svc_1"),
        result("r2", card=LOW, endpoints=["ep_1"], service_id="svc_1"),
        cards=[LOW, CARD],
    )
    assert [row.severity for row in queries.open_for_endpoint("ep_1")] == ["high", "low"]
    assert [row.subject_ref for row in queries.open_for_endpoint("ep_2")] == ["r1"]
    assert len(queries.open_for_service("svc_1")) == 2
    assert queries.open_by_endpoint(["ep_2", "ep_3"]) == {"ep_2": (Severity.HIGH,)}


@pytest.mark.asvs("8.2.1")
def test_a_viewer_reads_and_does_not_triage(
    tenant: OrgInfo, member_client: Callable[..., TenantClient]
) -> None:
    (finding_id,) = report(result()).opened_ids
    viewer = member_client(tenant, role="viewer")
    assert viewer.get(f"/api/v1/findings/{finding_id}").status_code == 200
    answer = viewer.patch(f"/api/v1/findings/{finding_id}", {"status": "open"}, format="json")
    assert answer.status_code == 403
    assert queries.finding(finding_id).status == Status.OPEN


def test_an_unknown_id_is_not_found(client: TenantClient) -> None:
    answer = client.get("/api/v1/findings/fnd_nothing")
    assert (answer.status_code, answer.json()["code"]) == (404, "finding-not-found")
