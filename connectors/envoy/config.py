"""Read one Envoy's configuration: listeners, their routes and clusters, as the configuration dump tells them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Final

from connectors.base.ledger import Ledger
from connectors.base.model import Auth, AuthKind, ConfigSnapshot, Route, Service, Setting, Stage, Upstream
from connectors.egress import Egress
from connectors.envoy import filters
from connectors.envoy.client import Admin, Document
from connectors.envoy.manifest import EnvoySettings
from connectors.envoy.matching import Matched, methods_of, path_of

_SECTIONS: Final = ("services", "stages", "routes", "upstreams", "settings")
_MANAGER: Final = "envoy.filters.network.http_connection_manager"
_TLS: Final = "envoy.transport_sockets.tls"


@dataclass
class _Entry:
    """One HTTP entry: a listener's connection manager with the routes it uses."""

    listener: str
    manager: Document
    tls: Document | None
    routes: str = ""

    @property
    def filters(self) -> dict[str, Document]:
        """Its filters by name."""
        return filters.named(self.manager.get("http_filters") or ())

    @property
    def client_certificate(self) -> bool:
        """Whether callers must show a certificate."""
        return bool(self.tls and self.tls.get("require_client_certificate"))


@dataclass
class _Parts:
    """What was read so far."""

    entries: list[_Entry] = field(default_factory=list)
    tables: dict[str, Document] = field(default_factory=dict)
    clusters: list[Document] = field(default_factory=list)


class Config:
    """The read-configuration capability."""

    def __init__(self, settings: EnvoySettings, egress: Egress) -> None:
        self._admin = Admin(settings, egress)

    def read_config(self) -> ConfigSnapshot:
        """A snapshot of the node; a part that could not be read leaves its sections incomplete, with the reason."""
        ledger, parts, admin = Ledger(_SECTIONS, {"routes": "services"}), _Parts(), self._admin
        server = ledger.attempt(("settings",), "server", admin.server) or {}
        for entry in _read(admin, ledger, ("stages", "routes"), "listeners"):
            _listener(entry, parts)
        for entry in _read(admin, ledger, ("services", "routes"), "route_configs"):
            table = entry.get("route_config") or {}
            parts.tables.setdefault(str(table.get("name", "")), table)
        for kind in ("static_clusters", "dynamic_active_clusters"):
            found = ledger.attempt(("upstreams",), kind, partial(admin.resource, kind)) or ()
            parts.clusters += [entry.get("cluster") or {} for entry in found]
        return _snapshot(admin.url, server, parts, ledger)


def _read(admin: Admin, ledger: Ledger, sections: tuple[str, ...], kind: str) -> Iterator[Document]:
    """What the node's own file holds of a kind, then what a control plane gave it."""
    for name in (f"static_{kind}", f"dynamic_{kind}"):
        yield from ledger.attempt(sections, name, partial(admin.resource, name)) or ()


def _listener(entry: Document, parts: _Parts) -> None:
    """The HTTP entries of a listener; what speaks no HTTP has no routes."""
    listener = entry.get("listener") or (entry.get("active_state") or {}).get("listener") or {}
    chains = [*(listener.get("filter_chains") or ()), *filter(None, [listener.get("default_filter_chain")])]
    for chain in chains:
        socket = chain.get("transport_socket") or {}
        tls = socket.get("typed_config") if socket.get("name") == _TLS else None
        for one in chain.get("filters") or ():
            manager = one.get("typed_config") or {}
            if one.get("name") != _MANAGER:
                continue
            found = _Entry(str(listener.get("name") or entry.get("name") or ""), manager, tls)
            inline = manager.get("route_config")
            if inline:
                found.routes = str(inline.get("name") or found.listener)
                parts.tables[found.routes] = inline
            else:
                found.routes = str((manager.get("rds") or {}).get("route_config_name", ""))
            parts.entries.append(found)


def _snapshot(url: str, server: Document, parts: _Parts, ledger: Ledger) -> ConfigSnapshot:
    node = server.get("node") or {}
    services: list[Service] = []
    stages: list[Stage] = []
    routes: list[Route] = []
    for name, table in parts.tables.items():
        entries = [entry for entry in parts.entries if entry.routes == name]
        hosts = tuple(dict.fromkeys(host for _, host in _hosts(table)))
        services.append(
            Service(name, name, "envoy_routes", hosts=hosts, evidence={"virtual_hosts": len(hosts)})
        )
        for entry in entries:
            stages.append(_stage(entry, name, hosts))
            routes += _routes(entry, name, table)
    return ConfigSnapshot(
        vendor="envoy",
        gateway_ref=str(node.get("id") or url),
        gateway_name=str(node.get("cluster") or url),
        services=tuple(services),
        stages=tuple(stages),
        routes=tuple(routes),
        upstreams=tuple(_upstream(cluster) for cluster in parts.clusters),
        settings=(Setting("version", "version", server.get("version")),) if server else (),
        sections=ledger.sections(),
    )


def _hosts(table: Document) -> Iterator[tuple[Document, str]]:
    for host in table.get("virtual_hosts") or ():
        for domain in host.get("domains") or ():
            yield host, str(domain)


def _stage(entry: _Entry, name: str, hosts: tuple[str, ...]) -> Stage:
    logs = [str(log.get("name", "")) for log in entry.manager.get("access_log") or ()]
    limiting = {f"envoy.filters.http.{kind}" for kind in ("local_ratelimit", "ratelimit")}
    return Stage(
        ref=f"{name}@{entry.listener}",
        service_ref=name,
        name=entry.listener,
        hosts=hosts,
        access_log=", ".join(logs),
        throttled=bool(limiting & entry.filters.keys()),
        evidence={"filters": list(entry.filters), "tls": entry.tls is not None, "access_log": logs},
    )


def _routes(entry: _Entry, name: str, table: Document) -> Iterator[Route]:
    for host in table.get("virtual_hosts") or ():
        for number, route in enumerate(host.get("routes") or ()):
            match = route.get("match") or {}
            path = path_of(match)
            if path is not None:
                place = f"{name}@{entry.listener}/{host.get('name', '')}/{route.get('name') or number}"
                yield _route(place, entry, path, (route, host, table))


def _route(ref: str, entry: _Entry, path: Matched, levels: tuple[Document, Document, Document]) -> Route:
    route, host, table = levels
    given, present = filters.overrides(route, host, table), entry.filters
    auth = filters.auth_of(present, given, path)
    if entry.client_certificate:
        auth = (*auth, Auth(AuthKind.MTLS, location="tls", source="require_client_certificate"))
    action = route.get("route") or {}
    weighted = (action.get("weighted_clusters") or {}).get("clusters") or [{}]
    opaque = [name for name in filters.OPAQUE if name in present]
    return Route(
        ref=ref,
        service_ref=entry.routes,
        path=path.template,
        methods=methods_of(route.get("match") or {}),
        hosts=tuple(str(domain) for domain in host.get("domains") or () if domain != "*"),
        protocols=("https",) if entry.tls is not None else ("http",),
        auth=auth,
        auth_known=not opaque,
        rate_limits=filters.limits_of(present, given),
        cors=filters.cors_of(present, given),
        catch_all=path.prefix and path.template == "/",
        prefix=path.prefix,
        upstream_ref=str(action.get("cluster") or weighted[0].get("name") or ""),
        stage_refs=(f"{entry.routes}@{entry.listener}",),
        evidence={
            "match": {key: value for key, value in (route.get("match") or {}).items() if key != "headers"},
            "pattern": path.pattern,
            "filters": list(present),
            "opaque": opaque,
            "answers": next((kind for kind in ("redirect", "direct_response") if kind in route), "route"),
        },
    )


def _upstream(cluster: Document) -> Upstream:
    socket = cluster.get("transport_socket") or {}
    tls: Mapping[str, Any] | None = socket.get("typed_config") or {} if socket.get("name") == _TLS else None
    context = (tls or {}).get("common_tls_context") or {}
    verified = any("validation_context" in key for key in context) if tls is not None else None
    scheme = "https" if tls is not None else "http"
    name = str(cluster.get("name", ""))
    return Upstream(
        ref=name,
        url=f"{scheme}://{_address(cluster) or name}",
        tls_verified=verified,
        evidence={"type": cluster.get("type"), "tls": tls is not None},
    )


def _address(cluster: Document) -> str:
    """The first address of a cluster whose addresses its configuration holds."""
    for group in (cluster.get("load_assignment") or {}).get("endpoints") or ():
        for entry in group.get("lb_endpoints") or ():
            at = ((entry.get("endpoint") or {}).get("address") or {}).get("socket_address") or {}
            if at.get("address"):
                return f"{at['address']}:{at.get('port_value', '')}".rstrip(":")
    return ""
