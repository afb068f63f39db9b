"""Small snapshots and endpoint facts that checks are judged on, and connections that hold them."""

from dataclasses import replace
from datetime import datetime
from typing import Any

from connectors.base.model import (
    Auth,
    AuthKind,
    Completeness,
    ConfigSnapshot,
    Route,
    Section,
    Service,
    Setting,
    Stage,
    Upstream,
    WafPolicy,
)
from controlplane.connections import services as connections
from controlplane.posture.types import EndpointFacts

SECTIONS = (
    "services", "routes", "stages", "plugins", "upstreams", "waf", "waf_logging", "settings", "consumers", "dns",
    "load_balancers", "distributions", "domains",
)  # fmt: skip
KEY = Auth(
    AuthKind.API_KEY, source="plugin key-auth", details={"key_in_query": False, "hide_credentials": True}
)
JWT = Auth(AuthKind.JWT, source="plugin jwt", details={"claims_to_verify": ["exp"]})


def service(**changes: Any) -> Service:
    """A REST API with a name."""
    return replace(Service("svc", "orders", "rest_api", hosts=("shop.acme.example",)), **changes)


def route(**changes: Any) -> Route:
    """A route with a JWT and a rate limit still to be declared."""
    plain = Route(
        "r1",
        "svc",
        "/orders",
        ("GET",),
        ("shop.acme.example",),
        auth=(JWT,),
        evidence={"route": {"name": "orders"}},
    )
    return replace(plain, **changes)


def stage(**changes: Any) -> Stage:
    """A stage that logs, throttles and stands behind a web ACL."""
    plain = Stage(
        "svc/prod",
        "svc",
        "prod",
        hosts=("shop.acme.example",),
        access_log="arn:log",
        throttled=True,
        waf_ref="acl",
    )
    return replace(plain, **changes)


def upstream(**changes: Any) -> Upstream:
    """An upstream called over verified TLS."""
    return replace(Upstream("svc", "https://orders.internal", tls_verified=True), **changes)


def waf(**changes: Any) -> WafPolicy:
    """A policy without rules that logs."""
    return replace(WafPolicy("acl", "edge", "allow", logging=True), **changes)


def front(**changes: Any) -> dict[str, Any]:
    """What a stage's evidence says of a distribution in front of it."""
    plain = {"ref": "arn:d", "name": "shop.example", "webAcl": "arn:edge", "origin": "a1.execute-api.example"}
    return {**plain, "basePath": "", "whole": True, **changes}


def setting(name: str, value: Any) -> Setting:
    """A fact about the gateway."""
    return Setting("node", name, value)


def snapshot(vendor: str = "kong", unread: str = "", **parts: Any) -> ConfigSnapshot:
    """A snapshot of which every section was read, but ``unread``."""
    sections = tuple(
        Section(name, Completeness.UNKNOWN, "access denied")
        if name == unread
        else Section(name, Completeness.COMPLETE)
        for name in SECTIONS
    )
    full = {name: value if isinstance(value, tuple) else (value,) for name, value in parts.items()}
    return ConfigSnapshot(vendor, "gw", "gateway", sections=sections, **full)


def endpoint(**changes: Any) -> EndpointFacts:
    """An active endpoint that demands a JWT, with a hundred calls that carried one."""
    plain = EndpointFacts(
        "ep_1", "shop.acme.example", "GET", "/orders/{id}", "active", auth_declared=("jwt",), authenticated=100,
        calls=100, exposure="public", route_refs=("r1",),
    )  # fmt: skip
    return replace(plain, **changes)


def connected(name: str, stored: ConfigSnapshot, at: datetime) -> str:
    """A connection of the entered tenant whose configuration was read; its id."""
    made = connections.create("file", name)
    connections.store_snapshot(made.id, stored, at)
    return made.id
