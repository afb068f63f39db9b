"""Kong entities in, neutral configuration out: pure, used for the Admin API and for decK dumps alike."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from connectors.base.model import (
    Completeness,
    ConfigSnapshot,
    Consumer,
    Exposure,
    Route,
    Section,
    Service,
    Setting,
    Stage,
    Upstream,
)
from connectors.kong.auth import route_auth
from connectors.kong.coverage import hosts_of, methods_of, refs_of
from connectors.kong.entities import Entities, Entity, config_of, ref_id, strings, without_secrets
from connectors.kong.plugins import PluginIndex
from connectors.kong.policies import (
    LOG_PLUGINS,
    always,
    cors_policy,
    log_destination,
    rate_limits,
    validation,
)
from connectors.kong.settings import gateway_settings

#: Stands in for the service of routes that have none (Kong answers them by plugins alone).
NO_SERVICE = "no-service"


def resolve(entities: Entities, gateway_ref: str, gateway_name: str) -> ConfigSnapshot:
    """The whole neutral snapshot of one workspace."""
    index = PluginIndex(entities.all("plugins"), entities.all("consumers"))
    routes = [(route, built) for route in entities.all("routes") for built in _routes(route, index, entities)]
    services = [_service(entity, entities) for entity in entities.all("services")]
    if any(built.service_ref == NO_SERVICE for _, built in routes):
        services.append(Service(ref=NO_SERVICE, name="Routes without a service", kind="kong_service"))
    return ConfigSnapshot(
        vendor="kong",
        gateway_ref=gateway_ref,
        gateway_name=gateway_name,
        services=tuple(services),
        stages=tuple(_stage(service, routes, index, entities) for service in services),
        routes=tuple(built for _, built in routes),
        upstreams=tuple(_upstream(entity, entities) for entity in entities.all("services")),
        consumers=tuple(_consumer(entity) for entity in entities.all("consumers")),
        settings=(*gateway_settings(entities), *(_plugin_setting(plugin) for plugin in index.all)),
        sections=_sections(entities),
    )


def _routes(entity: Entity, index: PluginIndex, entities: Entities) -> list[Route]:
    """One neutral route per path: ``<route id>`` alone, or ``<route id>#<path>`` when there are several."""
    route_id, service_id = str(entity.get("id", "")), ref_id(entity, "service")
    effective = index.effective(route_id, service_id)
    plugins_known = entities.known("plugins") and not entities.unseen_plugins
    validated, _ = validation(always(effective), entities.node)
    _, parameters = validation(effective, entities.node)
    shared: dict[str, Any] = {
        "service_ref": service_id or NO_SERVICE,
        "methods": methods_of(entity),
        "hosts": hosts_of(entity),
        "protocols": strings(entity.get("protocols")) or ("http", "https"),
        "auth": route_auth(effective, index, (route_id, service_id)),
        "auth_known": plugins_known,
        "rate_limits": rate_limits(always(effective)),
        "cors": cors_policy(effective),
        "validated": validated if plugins_known or validated else None,
        "parameters": parameters,
        "upstream_ref": service_id,
    }
    evidence = {
        "route": without_secrets(dict(entity)),
        "plugins": {name: _scope(plugin) for name, plugin in sorted(effective.items())},
    }
    return [
        Route(
            ref=ref,
            path=path.template,
            catch_all=path.match == "prefix" and path.template == "/",
            prefix=path.match == "prefix",
            evidence={**evidence, "match": path.match},
            **shared,
        )
        for ref, path in refs_of(entity)
    ]


def _service(entity: Entity, entities: Entities) -> Service:
    service_id = str(entity.get("id", ""))
    hosts = dict.fromkeys(
        host
        for route in entities.all("routes")
        if ref_id(route, "service") == service_id
        for host in hosts_of(route)
    )
    return Service(
        ref=service_id,
        name=str(entity.get("name") or entity.get("host") or service_id),
        kind="kong_service",
        protocol=str(entity.get("protocol") or "http"),
        hosts=tuple(hosts),
        exposure=Exposure.UNKNOWN,
        tags=dict.fromkeys(strings(entity.get("tags")), ""),
        evidence=without_secrets(dict(entity)),
    )


def _stage(
    service: Service, routes: list[tuple[Entity, Route]], index: PluginIndex, entities: Entities
) -> Stage:
    """The workspace as the one environment of a service: does every route of it log and limit?"""
    own = [(entity, route) for entity, route in routes if route.service_ref == service.ref]
    service_id = "" if service.ref == NO_SERVICE else service.ref
    scopes = [index.effective(str(entity.get("id", "")), service_id) for entity, _ in own]
    logs = [
        [log_destination(p) for name, p in sorted(always(found).items()) if name in LOG_PLUGINS]
        for found in scopes
    ]
    known = entities.known("plugins") and not entities.unseen_plugins
    everywhere = bool(logs) and all(logs)
    return Stage(
        ref=f"{service.ref}@{entities.workspace}",
        service_ref=service.ref,
        name=entities.workspace,
        hosts=service.hosts,
        access_log=(logs[0][0] if everywhere else "") if known else None,
        throttled=all(route.rate_limits for _, route in own) if known and own else None,
        evidence={"log_plugins": sorted({entry for found in logs for entry in found})} if known else {},
    )


def _upstream(entity: Entity, entities: Entities) -> Upstream:
    """Where a service sends requests on to; a host that names a Kong upstream carries its targets."""
    protocol, host = str(entity.get("protocol") or "http"), str(entity.get("host") or "")
    port, path = entity.get("port"), str(entity.get("path") or "")
    evidence: dict[str, Any] = {"host": host, "protocol": protocol, "tls_verify": entity.get("tls_verify")}
    for balanced in entities.all("upstreams"):
        if balanced.get("name") == host:
            targets = entities.targets.get(str(balanced.get("id", "")), ())
            evidence["upstream"] = str(balanced.get("id", ""))
            evidence["healthchecks"] = balanced.get("healthchecks")
            evidence["targets"] = [{"target": t.get("target"), "weight": t.get("weight")} for t in targets]
    encrypted = protocol in ("https", "grpcs", "wss", "tls")
    return Upstream(
        ref=str(entity.get("id", "")),
        url=f"{protocol}://{host}{f':{port}' if port else ''}{path}",
        kind="load_balanced" if "upstream" in evidence else "http",
        # Null means nginx' own default, which is not to verify.
        tls_verified=entity.get("tls_verify") is True if encrypted else None,
        evidence=evidence,
    )


def _consumer(entity: Entity) -> Consumer:
    name = entity.get("username") or entity.get("custom_id") or entity.get("id")
    return Consumer(
        ref=str(entity.get("id", "")), name=str(name), kind="consumer", tags=strings(entity.get("tags"))
    )


def _scope(plugin: Entity) -> Mapping[str, str]:
    """A plugin's id and the scope it is bound to, in words."""
    bound = [name for name in ("consumer", "consumer_group", "route", "service") if ref_id(plugin, name)]
    return {"id": str(plugin.get("id", "")), "scope": " and ".join(bound) or "global"}


def _plugin_setting(plugin: Entity) -> Setting:
    """A plugin instance as a fact that checks may read: ``plugin.<name>``."""
    value = {
        **{name: ref_id(plugin, name) for name in ("route", "service", "consumer", "consumer_group")},
        "enabled": plugin.get("enabled") is not False,
        "config": without_secrets(dict(config_of(plugin))),
        "tags": list(strings(plugin.get("tags"))),
    }
    return Setting(
        ref=str(plugin.get("id", "")),
        name=f"plugin.{plugin.get('name', '')}",
        value=value,
        evidence=without_secrets(dict(plugin)),
    )


def _sections(entities: Entities) -> tuple[Section, ...]:
    """Completeness of each part; routes are only partly known when their plugins could not be read."""
    sections = []
    for name in ("services", "routes", "plugins", "consumers", "upstreams", "snis"):
        if name == "plugins" and entities.known(name) and entities.unseen_plugins:
            sections.append(Section(name, Completeness.PARTIAL, entities.unseen_plugins))
        elif entities.known(name):
            sections.append(Section(name, Completeness.COMPLETE))
        elif name in entities.unread:
            sections.append(Section(name, Completeness.UNKNOWN, entities.unread[name]))
    if entities.known("routes") and not entities.known("plugins"):
        sections = [entry for entry in sections if entry.name != "routes"]
        reason = "Plugins could not be read, so authentication and limits of routes are unknown."
        sections.append(Section("routes", Completeness.PARTIAL, reason))
    settings = Section("settings", Completeness.COMPLETE)
    if entities.node is None:
        settings = Section(
            "settings", Completeness.UNKNOWN, entities.unread.get("settings", "not part of this document")
        )
    return (*sections, settings, *entities.sections)
