"""Threats and actors over HTTP, with real calls behind them."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from connectors.base.calls import CallBatch, calls_table
from controlplane.detection import services
from controlplane.traffic import services as traffic_services
from tenants.isolation.context import tenant_context
from tenants.orgs.types import OrgInfo
from tests.clients import TenantClient
from tests.controlplane.detection.calls import SECOND, START

Client = Callable[[OrgInfo], TenantClient]
BASE = {"host": "api.example.com", "method": "POST", "path": "/login", "status": 401}


@pytest.fixture
def threats(acme: OrgInfo) -> OrgInfo:
    """Acme with four guessing addresses of different zeal; the last one also gets in, and sends SQL."""
    rows = []
    for address in range(4):
        for number in range(15 + 40 * address):
            rows.append({"client_ip": f"203.0.113.{address + 1}", "ts": START + number * SECOND, **BASE})
    at = START + 400 * SECOND
    rows.append({"client_ip": "203.0.113.4", "ts": at, **BASE, "status": 200})
    for number in range(4):
        rows.append(
            {
                **BASE,
                "client_ip": "203.0.113.4",
                "ts": at + number * SECOND,
                "method": "GET",
                "path": "/items",
                "query": f"q={number}%27%20UNION%20SELECT%20password%20FROM%20users--",
                "status": 200,
            }
        )
    made = [{"call_id": f"c{number}", **row} for number, row in enumerate(rows)]
    with tenant_context(acme.schema_name):
        traffic_services.accept("con_1", CallBatch("test.log", calls_table(made)), START / SECOND + 900)
        services.tick()
    return acme


def actor_of(client: TenantClient, label: str) -> dict[str, object]:
    rows = client.get("/api/v1/actors", {"q": label}).json()["data"]
    document: dict[str, object] = client.get(f"/api/v1/actors/{rows[0]['id']}").json()
    return document


def test_threats_are_listed_highest_score_first_and_filtered(threats: OrgInfo, owner_client: Client) -> None:
    client = owner_client(threats)
    rows = client.get("/api/v1/threats").json()["data"]
    scores = [row["score"] for row in rows]
    assert scores == sorted(scores, reverse=True)
    assert rows[0]["kind"] == "account_takeover"
    assert rows[0]["severity"] == "critical"
    assert {row["kind"] for row in client.get("/api/v1/threats", {"kind": "sqli"}).json()["data"]} == {"sqli"}
    severe = client.get("/api/v1/threats", {"severity": "high+"}).json()["data"]
    assert {row["severity"] for row in severe} == {"high", "critical"}
    named = client.get("/api/v1/threats", {"q": "203.0.113.2"}).json()["data"]
    assert [row["actor"]["label"] for row in named] == ["203.0.113.2"]
    assert client.get("/api/v1/threats", {"status": "closed"}).json()["data"] == []


def test_pages_are_stable_and_complete(threats: OrgInfo, owner_client: Client) -> None:
    client = owner_client(threats)
    for path in ("/api/v1/threats", "/api/v1/actors"):
        whole = [row["id"] for row in client.get(path).json()["data"]]
        paged, cursor = [], None
        while True:
            page = client.get(path, {"limit": 1} | ({"cursor": cursor} if cursor else {})).json()
            paged += [row["id"] for row in page["data"]]
            cursor = page["next"]
            if cursor is None:
                break
        assert paged == whole
        assert len(set(paged)) == len(paged) >= 4


def test_an_actors_contributions_sum_to_its_score(threats: OrgInfo, owner_client: Client) -> None:
    actor = actor_of(owner_client(threats), "203.0.113.4")
    parts = actor["contributions"]
    assert isinstance(parts, list)
    assert {part["detector"] for part in parts} >= {"brute_force", "account_takeover", "payload"}
    assert actor["score"] == pytest.approx(sum(part["decayed"] for part in parts))
    assert all(part["decayed"] <= part["points"] for part in parts)


def test_what_got_through_is_told_with_why(threats: OrgInfo, owner_client: Client) -> None:
    actor = actor_of(owner_client(threats), "203.0.113.4")
    through = actor["got_through"]
    assert isinstance(through, list)
    assert {(call["path"], call["status"]) for call in through} == {("/login", 200), ("/items", 200)}
    assert {"SQL injection", "Account takeover"} <= {call["why"] for call in through}


def test_an_actor_has_a_timeline_its_threats_and_a_block_to_consider(
    threats: OrgInfo, owner_client: Client
) -> None:
    actor = actor_of(owner_client(threats), "203.0.113.4")
    timeline, held = actor["timeline"], actor["threats"]
    assert isinstance(timeline, list)
    assert isinstance(held, list)
    assert {entry["kind"] for entry in timeline} == {threat["kind"] for threat in held}
    assert actor["blocks"] == []
    block = actor["suggested_block"]
    assert isinstance(block, dict)
    assert block["match"] == {"networks": ["203.0.113.4/32"]}


def test_an_actors_calls_are_the_stored_ones(threats: OrgInfo, owner_client: Client) -> None:
    client = owner_client(threats)
    (row,) = client.get("/api/v1/actors", {"q": "203.0.113.2"}).json()["data"]
    address = f"/api/v1/actors/{row['id']}/calls"
    calls = client.get(address, {"limit": 200}).json()["data"]
    assert len(calls) == 55
    assert client.get(address).json()["data"] == calls[:50]
    assert client.get(address, {"limit": "x"}).status_code == 400
    assert {call["client_ip"] for call in calls} == {"203.0.113.2"}
    assert [call["at"] for call in calls] == sorted((call["at"] for call in calls), reverse=True)


@pytest.mark.asvs("8.2.1")
def test_a_threat_is_closed_with_a_reason_by_those_who_may(
    threats: OrgInfo, owner_client: Client, member_client: Callable[..., TenantClient]
) -> None:
    client = owner_client(threats)
    threat = client.get("/api/v1/threats").json()["data"][0]["id"]
    path = f"/api/v1/threats/{threat}"
    viewer = member_client(threats, role="viewer")
    assert viewer.patch(path, {"status": "closed", "reason": "x"}, format="json").status_code == 403
    refused = client.patch(path, {"status": "closed"}, format="json")
    assert (refused.status_code, refused.headers["content-type"]) == (422, "application/problem+json")
    done = client.patch(path, {"status": "closed", "reason": "our own scanner"}, format="json")
    assert (done.status_code, done.json()["status"]) == (200, "closed")
    assert client.patch(path, {"status": "open"}, format="json").json()["status"] == "open"


def test_what_does_not_exist_is_not_found(threats: OrgInfo, owner_client: Client) -> None:
    client = owner_client(threats)
    assert client.get("/api/v1/threats/thr_none").status_code == 404
    assert client.get("/api/v1/actors/act_none").status_code == 404
    assert client.get("/api/v1/actors/act_none/calls").status_code == 404


@pytest.mark.asvs("8.4.1")
def test_another_tenant_sees_nothing_of_it(threats: OrgInfo, globex: OrgInfo, owner_client: Client) -> None:
    client = owner_client(globex)
    assert client.get("/api/v1/threats").json()["data"] == []
    assert client.get("/api/v1/actors").json()["data"] == []
