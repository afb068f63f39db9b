"""Application Gateways as services: listeners as stages, routing rules and path rules as routes.

Source: Azure REST API "Application Gateways". Of the firewall policies of gateway, listener and path rule the most
specific one is in force ("Per-site and per-URI policies").
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from connectors.azure.client import Arm
from connectors.azure.diagnostics import read_logging
from connectors.azure.parts import Document, Parts, listed, paths_of, picked, properties, ref_of, texts
from connectors.azure.permissions import GATEWAYS
from connectors.base.ledger import Ledger
from connectors.base.model import Exposure, Route, Service, Setting, Stage, Upstream

ACCESS_LOG, FIREWALL_LOG = "ApplicationGatewayAccessLog", "ApplicationGatewayFirewallLog"


@dataclass(frozen=True, slots=True)
class _Gateway:
    """One gateway; ``inner`` are its parts by id."""

    ref: str
    document: Document
    inner: dict[str, Document]

    def part(self, value: object) -> Document:
        """The properties of the part a reference leads to."""
        return properties(self.inner.get(ref_of(value)))


def read_gateways(arm: Arm, ledger: Ledger, subscription: str, parts: Parts) -> None:
    """Every gateway of a subscription."""
    found = ledger.attempt(
        ("services",),
        f"Application Gateways in {subscription}",
        lambda: arm.items(f"/subscriptions/{subscription}/providers/{GATEWAYS}"),
    )
    for document in found or ():
        inner = {
            ref_of(entry): entry
            for value in properties(document).values()
            for entry in listed(value)
            if ref_of(entry)
        }
        _tell(_Gateway(ref_of(document), document, inner), arm, ledger, parts)


def _tell(gateway: _Gateway, arm: Arm, ledger: Ledger, parts: Parts) -> None:
    held = properties(gateway.document)
    logging = read_logging(arm, ledger, gateway.ref, "waf_logging")
    firewall = logging.destination(FIREWALL_LOG)
    known = (None if firewall is None else bool(firewall), firewall or "")
    policies: dict[str, str] = {}
    hosts: dict[str, tuple[str, ...]] = {}
    for listener in listed(held.get("httpListeners")):
        ref, inner = ref_of(listener), properties(listener)
        named = texts(inner.get("hostNames")) or texts([inner["hostName"]] if inner.get("hostName") else [])
        hosts[ref] = tuple(name.lower() for name in named)
        policies[ref] = ref_of(inner.get("firewallPolicy")) or ref_of(held.get("firewallPolicy"))
        parts.logs_firewall[ref] = known
        if policies[ref]:
            parts.protect(policies[ref], ref)
        parts.stages.append(
            Stage(
                ref=ref,
                service_ref=gateway.ref,
                name=str(listener.get("name")),
                hosts=hosts[ref],
                access_log=logging.destination(ACCESS_LOG),
                waf_ref=policies[ref],
                evidence=picked(inner, ("protocol", "hostName", "hostNames", "firewallPolicy", "sslProfile")),
            )
        )
    parts.services.append(
        Service(
            ref=gateway.ref,
            name=str(gateway.document.get("name")),
            kind="application_gateway",
            hosts=tuple(dict.fromkeys(host for names in hosts.values() for host in names)),
            exposure=_exposure(held),
            tags={str(key): str(value) for key, value in (gateway.document.get("tags") or {}).items()},
            evidence={"id": gateway.document.get("id"), **picked(held, ("sku", "firewallPolicy"))},
        )
    )
    tls = held.get("sslPolicy") or {"policyType": "default"}
    parts.settings.append(Setting(gateway.ref, "tls_policy", dict(tls), {"sslPolicy": dict(tls)}))
    for rule in listed(held.get("requestRoutingRules")):
        _rule(gateway, rule, hosts, known, parts)


def _exposure(held: Document) -> Exposure:
    frontends = [properties(entry) for entry in listed(held.get("frontendIPConfigurations"))]
    if any(entry.get("publicIPAddress") for entry in frontends):
        return Exposure.PUBLIC
    return Exposure.PRIVATE if frontends else Exposure.UNKNOWN


def _rule(
    gateway: _Gateway,
    rule: Document,
    hosts: dict[str, tuple[str, ...]],
    logged: tuple[bool | None, str],
    parts: Parts,
) -> None:
    held = properties(rule)
    listener = ref_of(held.get("httpListener"))
    path_map = gateway.part(held.get("urlPathMap"))

    protocol = str(properties(gateway.inner.get(listener)).get("protocol") or "https").lower()

    def add(ref: str, patterns: list[str], places: Document, prefix: str = "") -> None:
        own = ref_of(places.get("firewallPolicy"))
        evidence: dict[str, Any] = {"rule": rule.get("name"), "paths": patterns}
        evidence |= picked(places, ("firewallPolicy", "redirectConfiguration", "rewriteRuleSet"))
        for path, below in paths_of(patterns).items():
            named = f"{ref}#{path}"
            if own:
                parts.protect(own, named)
                parts.logs_firewall[named] = logged
            parts.routes.append(
                Route(
                    ref=named,
                    service_ref=gateway.ref,
                    path=path,
                    hosts=hosts.get(listener, ()),
                    protocols=(protocol,),
                    auth_known=False,
                    catch_all=path == "/" and below,
                    prefix=below,
                    upstream_ref=_upstream(gateway, places, prefix, parts),
                    stage_refs=(listener,) if listener else (),
                    evidence=evidence,
                )
            )

    for entry in listed(path_map.get("pathRules")):
        add(ref_of(entry), texts(properties(entry).get("paths")), properties(entry))
    add(ref_of(rule), ["/*"], path_map or held, "default" if path_map else "")


def _upstream(gateway: _Gateway, places: Document, prefix: str, parts: Parts) -> str:
    def named(name: str) -> object:
        return places.get(f"{prefix}{name[0].upper()}{name[1:]}" if prefix else name)

    pool, settings = gateway.part(named("backendAddressPool")), gateway.part(named("backendHttpSettings"))
    addresses = [
        str(entry.get("fqdn") or entry.get("ipAddress")) for entry in listed(pool.get("backendAddresses"))
    ]
    if not addresses or not settings:
        return ""
    scheme = str(settings.get("protocol") or "Http").lower()
    ref = f"{ref_of(named('backendAddressPool'))}#{scheme}:{settings.get('port')}"
    verified = None if scheme == "http" else settings.get("validateCertChainAndExpiry", True) is not False
    evidence = {"addresses": addresses, **picked(settings, ("port", "protocol", "hostName", "path"))}
    url = f"{scheme}://{addresses[0]}:{settings.get('port')}"
    parts.upstreams[ref] = Upstream(ref, url, "http", verified, evidence)
    return ref
