"""One connection of each tenant, with a snapshot and a change."""

from datetime import UTC, datetime

from connectors.base.model import Auth, AuthKind, Completeness, ConfigSnapshot, Route, Section, Service
from controlplane.connections import services
from controlplane.connections.models import Change, OrganizationAccount


def snapshot(*routes: Route, complete: bool = True) -> ConfigSnapshot:
    """A gateway with one service on api.example.com and these routes."""
    completeness = Completeness.COMPLETE if complete else Completeness.PARTIAL
    names = ("services", "routes", "stages", "upstreams", "waf", "consumers", "settings")
    return ConfigSnapshot(
        vendor="kong",
        gateway_ref="gw",
        gateway_name="CANARY gateway",
        services=(Service("svc", "CANARY service", "kong_service", hosts=("api.example.com",)),),
        routes=routes,
        sections=tuple(Section(name, completeness) for name in names),
    )


def route(ref: str, path: str, *methods: str, auth: AuthKind | None = None) -> Route:
    """One declared route."""
    required = (Auth(auth),) if auth else ()
    return Route(ref, "svc", path, methods, hosts=("api.example.com",), auth=required)


def connect(name: str = "CANARY connection") -> str:
    """A gateway's connection that nobody answers; its id."""
    return services.create("kong", name, {"admin_url": "http://127.0.0.1:1"}).id


def changed(connection_id: str, ref: str = "CANARY", **given: object) -> Change:
    """A change somebody made at the connection's vendor."""
    values: dict[str, object] = {
        "at": datetime.now(UTC), "action": "UpdateStage", "object_kind": "stage", "object_ref": "CANARY/prod",
        "author": "CANARY", "author_kind": "person", "channel": "console", "succeeded": True,
    }  # fmt: skip
    return Change.objects.create(connection_id=connection_id, ref=ref, **{**values, **given})


def build() -> dict[str, str]:
    """Create it in the entered tenant; ids by router basename and URL keyword."""
    connection_id = connect()
    services.store_snapshot(connection_id, snapshot(route("r1", "/orders/{id}", "GET")), datetime.now(UTC))
    changed(connection_id)
    OrganizationAccount.objects.create(connection_id=connection_id, ref="CANARY", name="CANARY account")
    return {"connection": connection_id, "connection_id": connection_id}
