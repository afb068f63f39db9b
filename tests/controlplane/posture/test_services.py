"""From a read of the configuration to findings, scores and re-checks, at the API."""

import json
import urllib.request
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from connectors.base.model import ConfigSnapshot
from connectors.testkit.running import Fault, RunningDouble, running_double
from controlplane.connections import services as connections
from controlplane.posture import services
from tenants.orgs.types import OrgInfo
from tests.clients import TenantClient
from tests.factories.posture import KEY, connected, route, service, snapshot, stage

NOW = datetime(2026, 11, 24, 5, 0, tzinfo=UTC)


@pytest.fixture
def client(tenant: OrgInfo, owner_client: Callable[[OrgInfo], TenantClient]) -> TenantClient:
    return owner_client(tenant)


def findings(client: TenantClient, query: str = "") -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = client.get(f"/api/v1/findings?limit=200{query}").json()["data"]
    return rows


def shop(*routes: Any) -> ConfigSnapshot:
    """One service with these routes."""
    return snapshot("kong", services=service(), stages=stage(), routes=routes)


def test_a_read_becomes_findings_of_services_and_endpoints_with_a_risk(
    client: TenantClient, run_jobs: Callable[..., int]
) -> None:
    connection_id = connected("Kong", shop(route(auth=())), NOW)
    run_jobs(10)
    (found,) = findings(client, "&check=route_without_auth")
    assert found["connection_id"] == connection_id
    (endpoint,) = client.get("/api/v1/endpoints").json()["data"]
    assert found["endpoint_ids"] == [endpoint["id"]]
    assert found["service_id"] == endpoint["service"]["id"]
    assert endpoint["risk"] > 0


def test_a_repaired_route_resolves_after_two_reads_and_its_risk_falls(
    client: TenantClient, run_jobs: Callable[..., int]
) -> None:
    connection_id = connected("Kong", shop(route(auth=())), NOW)
    run_jobs(10)
    before = client.get("/api/v1/endpoints").json()["data"][0]["risk"]
    for minutes in (5, 10):
        connections.store_snapshot(connection_id, shop(route()), NOW + timedelta(minutes=minutes))
        run_jobs(10)
    (found,) = findings(client, "&check=route_without_auth")
    assert found["status"] == "resolved"
    assert client.get("/api/v1/endpoints").json()["data"][0]["risk"] < before


def test_running_the_checks_again_on_one_read_counts_no_second_clean_read(
    client: TenantClient, run_jobs: Callable[..., int]
) -> None:
    connection_id = connected("Kong", shop(route(auth=())), NOW)
    run_jobs(10)
    connections.store_snapshot(connection_id, shop(route()), NOW + timedelta(minutes=5))
    run_jobs(10)
    for _ in range(3):
        services.run_checks(connection_id, datetime.now(UTC))
    (found,) = findings(client, "&check=route_without_auth")
    assert found["status"] == "open"


def test_a_section_that_could_not_be_read_resolves_nothing(
    client: TenantClient, run_jobs: Callable[..., int]
) -> None:
    connection_id = connected("Kong", shop(route(auth=())), NOW)
    run_jobs(10)
    for minutes in (5, 10, 15):
        unread = snapshot("kong", unread="routes", services=service(), stages=stage())
        connections.store_snapshot(connection_id, unread, NOW + timedelta(minutes=minutes))
        run_jobs(10)
    (found,) = findings(client, "&check=route_without_auth")
    assert found["status"] == "open"


def test_a_connection_that_is_gone_or_was_never_read_is_left_alone(tenant: OrgInfo) -> None:
    made = connections.create("file", "Logs")
    assert services.run_checks(made.id, NOW).opened == 0
    assert services.run_checks("con_gone", NOW).opened == 0


def test_what_came_from_a_file_cannot_be_read_again(
    client: TenantClient, run_jobs: Callable[..., int]
) -> None:
    connected("Document", shop(route(auth=())), NOW)
    run_jobs(10)
    (found,) = findings(client, "&check=route_without_auth")
    answer = client.post(f"/api/v1/findings/{found['id']}/verify").json()
    assert answer["still_present"] is None
    assert "Import its new version" in answer["sentence"]


def test_the_catalogue_lists_every_check(client: TenantClient) -> None:
    rows = client.get("/api/v1/checks").json()["data"]
    assert len(rows) > 25
    assert {"id", "title", "severity", "why", "references", "vendors"} == set(rows[0])


@pytest.fixture(scope="module")
def kong() -> Iterator[RunningDouble]:
    """A Kong double with the sample company's estate."""
    ports = ("--admin-port", "--proxy-port")
    with running_double(
        "connectors.testkit.doubles.kong", ["--admin-token", "t0ken", "--seed"], ports
    ) as double:
        yield double
        double.behave()


@pytest.fixture
def live(kong: RunningDouble, tenant: OrgInfo, settings: Any, run_jobs: Callable[..., int]) -> str:
    """A connection to the double whose configuration was read and checked."""
    kong.behave()
    settings.EGRESS_ALLOW = f"127.0.0.1:{kong.ports[0]}"
    made = connections.create("kong", "Kong", {"admin_url": kong.control_url, "admin_token": "t0ken"})
    run_jobs(10)
    return made.id


def admin(kong: RunningDouble, method: str, path: str, body: dict[str, Any] | None = None) -> None:
    """What the customer does by hand."""
    request = urllib.request.Request(
        kong.control_url + path,
        data=None if body is None else json.dumps(body).encode(),
        method=method,
        headers={"Kong-Admin-Token": "t0ken", "content-type": "application/json"},
    )
    with urllib.request.urlopen(request, timeout=5):
        pass


def test_verifying_reads_the_gateway_again(live: str, kong: RunningDouble, client: TenantClient) -> None:
    (found, *_) = findings(client, "&check=route_without_auth&status=open")
    address = f"/api/v1/findings/{found['id']}/verify"
    answer = client.post(address).json()
    assert (answer["still_present"], bool(answer["evidence"])) == (True, True)
    plugin = {"name": "key-auth", "route": {"id": found["subject"]["id"].partition("#")[0]}}
    admin(kong, "POST", "/plugins", plugin)
    first = client.post(address).json()
    assert first["still_present"] is False
    assert "One more clean read" in first["sentence"]
    second = client.post(address).json()
    assert "It is resolved." in second["sentence"]
    assert client.get(f"/api/v1/findings/{found['id']}").json()["status"] == "resolved"


def test_a_read_that_fails_is_no_clean_read(live: str, kong: RunningDouble, client: TenantClient) -> None:
    (found, *_) = findings(client, "&check=catch_all_route&status=open") or findings(client, "&status=open")
    kong.order(Fault(status=500))
    for _ in range(2):
        answer = client.post(f"/api/v1/findings/{found['id']}/verify").json()
        assert answer["still_present"] is None
    assert client.get(f"/api/v1/findings/{found['id']}").json()["status"] == "open"


@pytest.mark.asvs("8.2.1")
def test_a_viewer_may_not_verify(
    tenant: OrgInfo, run_jobs: Callable[..., int], member_client: Callable[..., TenantClient]
) -> None:
    connected("Kong", shop(route(auth=(KEY,))), NOW)
    run_jobs(10)
    viewer = member_client(tenant, role="viewer")
    (found,) = findings(viewer, "&check=api_key_only")
    assert viewer.post(f"/api/v1/findings/{found['id']}/verify").status_code == 403
