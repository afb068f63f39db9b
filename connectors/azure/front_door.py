"""Front Door Standard and Premium: profiles as services, their domains as stages, their routes.

Source: Azure REST API "Azure Front Door (Microsoft.Cdn)": profiles, AFD endpoints, routes, custom domains, origin groups,
security policies. Front Door asks callers for nothing: who may call is decided behind it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from connectors.azure.client import Arm
from connectors.azure.diagnostics import read_logging
from connectors.azure.parts import Document, Parts, listed, paths_of, picked, properties, ref_of, texts
from connectors.azure.permissions import PROFILES
from connectors.base.ledger import Ledger
from connectors.base.model import Exposure, Route, Service, Setting, Stage, Upstream

_TIERS: Final = ("standard_azurefrontdoor", "premium_azurefrontdoor")
ACCESS_LOG, FIREWALL_LOG = "FrontDoorAccessLog", "FrontDoorWebApplicationFirewallLog"


@dataclass(slots=True)
class _Profile:
    """One profile with its children. ``waf`` is the policy per domain; None when security policies are not known."""

    document: Document
    ref: str
    endpoints: list[Document] = field(default_factory=list)
    domains: list[Document] = field(default_factory=list)
    routes: dict[str, list[Document]] = field(default_factory=dict)  # by endpoint
    origins: dict[str, list[Document]] = field(default_factory=dict)  # by origin group
    waf: dict[str, str] | None = None


def read_front_doors(arm: Arm, ledger: Ledger, subscription: str, parts: Parts) -> None:
    """Every profile of a subscription."""
    found = ledger.attempt(
        ("services",),
        f"Front Door profiles in {subscription}",
        lambda: arm.items(f"/subscriptions/{subscription}/providers/{PROFILES}"),
    )
    for document in found or ():
        if str((document.get("sku") or {}).get("name", "")).lower() in _TIERS:
            _tell(_read(arm, ledger, document, parts), arm, ledger, parts)


def _read(arm: Arm, ledger: Ledger, document: Document, parts: Parts) -> _Profile:
    profile = _Profile(document, ref_of(document))
    name = document.get("name")

    def children(section: str, path: str) -> list[Document] | None:
        found = ledger.attempt((section,), f"{path} of {name}", lambda: arm.items(f"{profile.ref}/{path}"))
        return None if found is None else list(found)

    profile.endpoints = children("stages", "afdEndpoints") or []
    profile.domains = children("stages", "customDomains") or []
    for endpoint in profile.endpoints:
        path = f"afdEndpoints/{endpoint.get('name')}/routes"
        profile.routes[ref_of(endpoint)] = children("routes", path) or []
    for group in children("upstreams", "originGroups") or []:
        path = f"originGroups/{group.get('name')}/origins"
        profile.origins[ref_of(group)] = children("upstreams", path) or []
    security = children("waf_attachments", "securityPolicies")
    if security is not None:
        profile.waf = _protected(security, parts)
    return profile


def _protected(security: list[Document], parts: Parts) -> dict[str, str]:
    """The WAF policy of each domain."""
    found: dict[str, str] = {}
    for entry in security:
        parameters = properties(entry).get("parameters") or {}
        policy = ref_of(parameters.get("wafPolicy"))
        for association in listed(parameters.get("associations")):
            for domain in listed(association.get("domains")):
                if policy:
                    found[ref_of(domain)] = policy
                    parts.protect(policy, ref_of(domain))
    return found


def _tell(profile: _Profile, arm: Arm, ledger: Ledger, parts: Parts) -> None:
    access = read_logging(arm, ledger, profile.ref, "waf_logging")
    destination = access.destination(ACCESS_LOG)
    firewall = access.destination(FIREWALL_LOG)
    hosts: dict[str, str] = {}
    for domain in (*profile.domains, *profile.endpoints):
        ref, host = ref_of(domain), str(properties(domain).get("hostName") or "").lower()
        hosts[ref] = host
        known = None if firewall is None else bool(firewall)
        parts.logs_firewall[ref] = (known, firewall or "")
        parts.stages.append(
            Stage(
                ref=ref,
                service_ref=profile.ref,
                name=host or str(domain.get("name")),
                hosts=(host,) if host else (),
                access_log=destination,
                waf_ref=None if profile.waf is None else profile.waf.get(ref, ""),
                evidence=picked(properties(domain), ("hostName", "enabledState", "tlsSettings")),
            )
        )
    for domain in profile.domains:
        _tls(domain, parts)
    default = next((hosts[ref_of(endpoint)] for endpoint in profile.endpoints), "")
    linked = [route for routes in profile.routes.values() for route in routes if _linked(route)]
    parts.services.append(
        Service(
            ref=profile.ref,
            name=str(profile.document.get("name")),
            kind="front_door",
            hosts=tuple(hosts[ref_of(domain)] for domain in profile.domains),
            default_host=default,
            default_host_enabled=bool(linked),
            exposure=Exposure.PUBLIC,
            tags={str(key): str(value) for key, value in (profile.document.get("tags") or {}).items()},
            evidence=picked(profile.document, ("id", "sku", "location")),
        )
    )
    for endpoint, routes in profile.routes.items():
        for route in routes:
            _routes(profile, endpoint, route, hosts, parts)


def _linked(route: Document) -> bool:
    return properties(route).get("linkToDefaultDomain") == "Enabled"


def _tls(domain: Document, parts: Parts) -> None:
    settings = properties(domain).get("tlsSettings") or {}
    value = {"host": properties(domain).get("hostName"), "minimum": settings.get("minimumTlsVersion")}
    parts.settings.append(Setting(ref_of(domain), "minimum_tls", value, picked(settings, settings)))


def _routes(profile: _Profile, endpoint: str, route: Document, hosts: dict[str, str], parts: Parts) -> None:
    held = properties(route)
    if held.get("enabledState") == "Disabled":
        return
    served = [ref_of(domain) for domain in listed(held.get("customDomains"))]
    served += [endpoint] if _linked(route) else []
    served = [ref for ref in served if ref in hosts]
    protocols = tuple(name.lower() for name in texts(held.get("supportedProtocols")))
    for path, below in paths_of(texts(held.get("patternsToMatch"))).items():
        parts.routes.append(
            Route(
                ref=f"{ref_of(route)}#{path}",
                service_ref=profile.ref,
                path=path,
                hosts=tuple(hosts[ref] for ref in served),
                protocols=protocols,
                auth_known=False,
                catch_all=path == "/" and below,
                prefix=below,
                upstream_ref=_upstream(profile, held, protocols, parts),
                stage_refs=tuple(served),
                evidence={"name": route.get("name"), **dict(held)},
            )
        )


def _upstream(profile: _Profile, route: Document, protocols: tuple[str, ...], parts: Parts) -> str:
    """The origin group as the route reaches it: the protocol is the route's choice, the check of names the origin's."""
    group = ref_of(route.get("originGroup"))
    origins = profile.origins.get(group)
    if not origins:
        return ""
    plain = {"HttpOnly": True, "HttpsOnly": False}.get(
        str(route.get("forwardingProtocol")), "http" in protocols
    )
    scheme = "http" if plain else "https"
    ref = f"{group}#{scheme}"
    held = [properties(origin) for origin in origins]
    checked = all(origin.get("enforceCertificateNameCheck", True) for origin in held)
    names = ("hostName", "httpPort", "httpsPort", "originHostHeader", "enforceCertificateNameCheck")
    evidence = {"origins": [picked(origin, names) for origin in held]}
    url = f"{scheme}://{held[0].get('hostName')}"
    parts.upstreams[ref] = Upstream(ref, url, "http", None if plain else checked, evidence)
    return ref
