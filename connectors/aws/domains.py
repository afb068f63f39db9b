"""Custom domains of API Gateway: which host and base path lead to which stage, and their TLS policy."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import partial
from typing import Any

from connectors.aws.gateway_model import DomainMapping, Parts, picked
from connectors.aws.session import AwsSession
from connectors.aws.tls_versions import least_of_gateway, minimum_tls
from connectors.base.ledger import Ledger
from connectors.base.model import Setting


def read_domains(session: AwsSession, ledger: Ledger, region: str, parts: Parts) -> list[DomainMapping]:
    """Mappings of every domain. v2 lists regional ones with mappings to both API kinds; v1 adds edge and private ones."""
    what = f"custom domains in {region}"
    regional = ledger.attempt(
        ("domains",), what, lambda: session.items("apigatewayv2", "GetDomainNames", region, "Items")
    )
    others = ledger.attempt(
        ("domains",), what, lambda: session.items("apigateway", "GetDomainNames", region, "items")
    )
    found: list[DomainMapping] = []
    known = set()
    for domain in regional or ():
        name = str(domain["DomainName"])
        known.add(name)
        parts.settings += _settings(region, name, domain)
        ask = partial(session.items, "apigatewayv2", "GetApiMappings", region, "Items", DomainName=name)
        for entry in ledger.attempt(("domains",), f"mappings of {name}", ask) or ():
            base = _base(entry.get("ApiMappingKey"))
            found.append(DomainMapping(name, base, str(entry["ApiId"]), str(entry["Stage"])))
    for domain in others or ():
        name = str(domain["domainName"])
        if name in known:
            continue
        parts.settings += _settings(region, name, domain)
        more = {"domainNameId": domain["domainNameId"]} if _is_private(domain) else {}
        ask = partial(
            session.items, "apigateway", "GetBasePathMappings", region, "items", domainName=name, **more
        )
        for entry in ledger.attempt(("domains",), f"mappings of {name}", ask) or ():
            base = _base(entry.get("basePath"))
            found.append(DomainMapping(name, base, str(entry["restApiId"]), str(entry.get("stage", ""))))
    return found


def _is_private(domain: Mapping[str, Any]) -> bool:
    types = (domain.get("endpointConfiguration") or {}).get("types") or []
    return "PRIVATE" in types and bool(domain.get("domainNameId"))


def _base(key: Any) -> str:
    text = str(key or "").strip("/")
    return "" if text in ("", "(none)") else f"/{text}"


def _settings(region: str, name: str, document: Mapping[str, Any]) -> Iterator[Setting]:
    value = picked(
        document, "securityPolicy", "endpointConfiguration", "mutualTlsAuthentication", "domainNameStatus",
        "DomainNameConfigurations", "MutualTlsAuthentication", "routingMode", "RoutingMode",
    )  # fmt: skip
    ref = f"{region}/domain/{name}"
    yield Setting(ref, "custom_domain", {"host": name, **value}, value)
    configurations = document.get("DomainNameConfigurations") or [{}]
    policy = str(document.get("securityPolicy") or configurations[0].get("SecurityPolicy") or "")
    yield minimum_tls(f"{ref}#tls", f"custom domain {name}", name, policy, least_of_gateway(policy))
