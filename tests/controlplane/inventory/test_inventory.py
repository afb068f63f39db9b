"""Endpoints come from configuration at once, are refined by traffic and never disappear."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta

import pytest

from connectors.base.calls import CallBatch, calls_table
from connectors.base.model import AuthKind, Route
from controlplane.connections import services as connections
from controlplane.connections.models import Connection
from controlplane.inventory import queries, services
from controlplane.inventory.models import Endpoint, EndpointHistory, Service
from controlplane.traffic import services as traffic
from tenants.orgs.types import OrgInfo
from tests.clients import TenantClient
from tests.factories.connections import connect, route, snapshot

NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
MICRO = 1_000_000


@pytest.fixture
def connection(tenant: OrgInfo) -> str:
    return connect()


def read(connection: str, *routes: Route, complete: bool = True) -> None:
    connections.store_snapshot(connection, snapshot(*routes, complete=complete), NOW)
    services.apply_snapshot(connection)


def call(connection: str, *rows: Mapping[str, object]) -> None:
    base = {"host": "api.example.com", "method": "GET", "status": 200, "client_ip": "198.18.0.1"}
    start = int(NOW.timestamp() * MICRO)
    number = Endpoint.objects.count() * 1000 + sum(Endpoint.objects.values_list("calls", flat=True))
    full = [{**base, "call_id": f"c{number}-{i}", "ts": start + i, **row} for i, row in enumerate(rows)]
    received = max(NOW.timestamp(), *(int(str(row["ts"])) / MICRO for row in full))
    traffic.accept(connection, CallBatch("test.log", calls_table(full)), received)
    services.learn_news(NOW.timestamp())


def states() -> dict[str, str]:
    return {f"{row.method} {row.template}": row.state for row in Endpoint.objects.all()}


def test_declared_operations_are_listed_before_any_traffic(connection: str) -> None:
    read(connection, route("r1", "/orders/{id}", "GET"), route("r2", "/orders", "GET", "POST"))
    assert states() == {"GET /orders/{id}": "unknown", "GET /orders": "unknown", "POST /orders": "unknown"}
    assert Service.objects.get(ref="svc").name == "CANARY service"


def test_the_same_snapshot_again_changes_nothing(connection: str) -> None:
    read(connection, route("r1", "/orders/{id}", "GET"))
    before = list(Endpoint.objects.values())
    history = EndpointHistory.objects.count()
    read(connection, route("r1", "/orders/{id}", "GET"))
    assert list(Endpoint.objects.values()) == before
    assert EndpointHistory.objects.count() == history


def test_an_endpoint_counts_at_every_connection_that_declares_it(connection: str) -> None:
    second = connect("second")
    for each in (connection, second):
        read(each, route("r1", "/orders/{id}", "GET"))
    assert Endpoint.objects.count() == 1
    assert [Connection.objects.get(pk=each).endpoints for each in (connection, second)] == [1, 1]


def test_traffic_confirms_refines_and_adds(connection: str) -> None:
    read(connection, route("r1", "/orders/{id}", "GET", auth=AuthKind.JWT), route("r2", "/orders", "POST"))
    call(
        connection,
        *[{"path": f"/orders/{n}", "auth_present": True, "principal": "p"} for n in range(20)],
        *[{"path": f"/secret/{n}", "auth_present": False} for n in range(20)],
    )
    assert states()["GET /orders/{id}"] == "active"
    assert states()["POST /orders"] == "idle"
    shadow = Endpoint.objects.get(state="shadow")
    assert shadow.shape == "/secret/{}"
    assert Endpoint.objects.get(template="/orders/{id}").auth_verdict == "enforced"


def test_a_success_without_credential_contradicts_declared_protection(connection: str) -> None:
    read(connection, route("r1", "/orders/{id}", "GET", auth=AuthKind.JWT))
    call(
        connection, {"path": "/orders/1", "auth_present": True}, {"path": "/orders/2", "auth_present": False}
    )
    row = Endpoint.objects.get()
    assert row.auth_verdict == "contradiction"
    assert (row.authenticated, row.anonymous_success) == (1, 1)


def test_what_a_source_cannot_tell_is_counted_as_unknown(connection: str) -> None:
    read(connection, route("r1", "/orders/{id}", "GET", auth=AuthKind.JWT))
    call(connection, {"path": "/orders/1"})
    row = Endpoint.objects.get()
    assert (row.auth_unknown, row.auth_verdict) == (1, "unknown")


def test_a_route_that_is_gone_leaves_its_endpoint_with_another_state(connection: str) -> None:
    read(connection, route("r1", "/orders/{id}", "GET"), route("r2", "/old", "GET"))
    call(connection, {"path": "/old"}, {"path": "/orders/1"})
    endpoint = Endpoint.objects.get(template="/old").id
    read(connection, route("r1", "/orders/{id}", "GET"))
    row = Endpoint.objects.get(pk=endpoint)
    assert row.state == "shadow"
    assert row.fact_config is False


def test_a_part_that_was_not_read_takes_nothing_away(connection: str) -> None:
    read(connection, route("r1", "/orders/{id}", "GET"), route("r2", "/old", "GET"))
    read(connection, route("r1", "/orders/{id}", "GET"), complete=False)
    assert set(Endpoint.objects.values_list("fact_config", flat=True)) == {True}


def test_a_route_for_every_method_becomes_the_method_first_called(connection: str) -> None:
    read(connection, Route("r1", "svc", "/me", (), hosts=("api.example.com",)))
    before = Endpoint.objects.get()
    assert before.method == "ANY"
    call(connection, {"path": "/me", "method": "PATCH"})
    after = Endpoint.objects.get(pk=before.pk)
    assert (after.method, after.state) == ("PATCH", "active")
    read(connection, Route("r1", "svc", "/me", (), hosts=("api.example.com",)))
    assert Endpoint.objects.count() == 1


def test_a_prefix_route_covers_what_lies_below_it(connection: str) -> None:
    covering = Route("r1", "svc", "/catalog", ("GET",), hosts=("api.example.com",), prefix=True)
    read(connection, covering)
    call(connection, {"path": "/catalog"}, *[{"path": f"/catalog/{n}"} for n in range(30)])
    assert states()["GET /catalog"] == "active"
    assert {state for name, state in states().items() if name.startswith("GET /catalog/")} == {"active"}


def test_an_older_version_beside_a_newer_one_is_zombie(connection: str) -> None:
    read(connection, route("r1", "/v1/orders", "GET"), route("r2", "/v2/orders", "GET"))
    call(connection, {"path": "/v1/orders"}, {"path": "/v2/orders"})
    assert states() == {"GET /v1/orders": "zombie", "GET /v2/orders": "active"}


def test_data_classes_and_parameters_are_seen_without_values(connection: str) -> None:
    read(connection, route("r1", "/orders", "GET"))
    call(connection, *[{"path": "/orders", "query": "email=jane%40example.com&limit=5"} for _ in range(30)])
    row = Endpoint.objects.get()
    assert any("email" in name for name in row.data_classes)
    assert {p["name"] for p in row.parameters} == {"email", "limit"}
    assert "jane" not in str(Endpoint.objects.values())


def test_the_api_filters_pages_and_counts(
    acme: OrgInfo, connection: str, owner_client: Callable[[OrgInfo], TenantClient]
) -> None:
    read(
        connection, *[route(f"r{n}", f"/things{n}", "GET") for n in range(7)], route("p", "/things0", "POST")
    )
    client = owner_client(acme)
    page = client.get("/api/v1/endpoints", {"method": "GET", "limit": "5", "sort": "path"}).json()
    assert len(page["data"]) == 5
    rest = client.get(
        "/api/v1/endpoints", {"method": "GET", "limit": "5", "sort": "path", "cursor": str(page["next"])}
    ).json()
    seen = [row["template"] for row in page["data"] + rest["data"]]
    assert seen == sorted(seen)
    assert len(seen) == 7
    facets = client.get("/api/v1/endpoints/facets", {"method": "POST"}).json()
    assert facets["method"] == {"GET": 7, "POST": 1}
    assert facets["state"] == {"unknown": 1}
    assert client.get("/api/v1/endpoints", {"q": "POST /things"}).json()["data"][0]["method"] == "POST"
    assert client.get("/api/v1/endpoints", {"sort": "nonsense"}).status_code == 422


def test_an_endpoints_page_shows_its_calls_by_every_address(
    acme: OrgInfo, connection: str, owner_client: Callable[[OrgInfo], TenantClient]
) -> None:
    read(connection, route("r1", "/orders/{id}", "GET"))
    now = datetime.now(UTC) - timedelta(minutes=5)
    rows = [{"path": f"/orders/{n}", "ts": int(now.timestamp() * MICRO) + n} for n in range(3)]
    call(connection, *rows)
    endpoint = Endpoint.objects.get()
    client = owner_client(acme)
    detail = client.get(f"/api/v1/endpoints/{endpoint.id}").json()
    assert detail["routes"][0]["ref"] == "r1"
    assert detail["callers"][0]["calls"] == 3
    assert len(client.get(f"/api/v1/endpoints/{endpoint.id}/calls").json()["data"]) == 3
    series = client.get(f"/api/v1/endpoints/{endpoint.id}/series").json()["data"]
    assert sum(point["calls"] for point in series) == 3


def test_a_services_name_survives_the_next_read(
    acme: OrgInfo, connection: str, owner_client: Callable[[OrgInfo], TenantClient]
) -> None:
    read(connection, route("r1", "/orders", "GET"))
    service = Service.objects.get(ref="svc")
    answer = owner_client(acme).patch(f"/api/v1/services/{service.id}", {"name": "Order desk"})
    assert answer.status_code == 200, answer.content
    read(connection, route("r1", "/orders", "GET"))
    assert queries.service(service.id).name == "Order desk"
