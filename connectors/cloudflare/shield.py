"""API Shield's saved operations as routes, with what JWT validation, client certificates and schemas demand of them.

Source: typed SDK ``cloudflare`` 5.9 (api_gateway, token_validation, schema_validation). Operations that Cloudflare
merely discovered in traffic are not declared: they are told as facts.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from connectors.base.model import Auth, AuthKind, Route, Setting
from connectors.cloudflare.client import ApiV4, Document
from connectors.cloudflare.permissions import CERTIFICATES, SHIELD
from connectors.cloudflare.zones import Zone

PER_PAGE: Final = 50
_CONFIGURATION: Final = re.compile(r'is_jwt_(?:valid|present)\("([^"]+)"\)')
_UNVERIFIED: Final = re.compile(
    r"not\s+cf\.tls_client_auth\.cert_verified|!\s*cf\.tls_client_auth\.cert_verified"
)


@dataclass(frozen=True, slots=True)
class Demands:
    """What is asked of callers: token rules with the places tokens are in, hosts with client certificates."""

    token_rules: tuple[Document, ...]
    token_sources: Mapping[str, tuple[str, ...]]  # by configuration
    certificate_hosts: tuple[str, ...]


def read_operations(api: ApiV4, zone: Zone) -> list[Document]:
    """Saved operations with their schemas' state."""
    return api.pages(
        f"/zones/{zone.id}/api_gateway/operations", SHIELD, PER_PAGE, {"feature": ["schema_info"]}
    )


def read_discovered(api: ApiV4, zone: Zone) -> Setting:
    """How many operations wait for review, and the first of them."""
    path = f"/zones/{zone.id}/api_gateway/discovery/operations"
    found = api.pages(path, SHIELD, PER_PAGE, {"state": "review"})
    shown = [f"{entry.get('method')} {entry.get('host')}{entry.get('endpoint')}" for entry in found]
    evidence = {"zone": zone.name, "operations": sorted(shown)[:50]}
    return Setting(f"zone:{zone.id}:discovered_operations", "discovered_operations", len(found), evidence)


def read_schema_action(api: ApiV4, zone: Zone) -> str:
    """What happens by default to requests that do not fit their schema; an override switches it all off."""
    document = api.one(f"/zones/{zone.id}/schema_validation/settings", SHIELD) or {}
    if document.get("validation_override_mitigation_action") == "none":
        return "off"
    return str(document.get("validation_default_mitigation_action") or "none")


def read_demands(api: ApiV4, zone: Zone) -> Demands:
    """Token rules and client-certificate hosts. Keys of token configurations are not kept."""
    base = f"/zones/{zone.id}"
    rules = api.pages(f"{base}/token_validation/rules", SHIELD, PER_PAGE)
    configurations = api.pages(f"{base}/token_validation/config", SHIELD, PER_PAGE)
    hosts = (api.one(f"{base}/certificate_authorities/hostname_associations", CERTIFICATES) or {}).get(
        "hostnames"
    )
    return Demands(
        tuple(rules),
        {
            str(entry.get("id")): tuple(str(source) for source in entry.get("token_sources") or ())
            for entry in configurations
        },
        tuple(str(host).lower() for host in hosts or ()),
    )


def route_of(
    zone: Zone,
    operation: Document,
    demands: Demands | None,
    rules: Sequence[Document],
    schema_action: str | None,
    plain_http: bool,
    origins: Mapping[str, str],
) -> Route:
    """A saved operation; ``origins`` are refs of upstreams by host.

    Without any demand the authentication is unknown: the origin may ask for what it likes.
    """
    host = str(operation.get("host") or "").lower()
    auth = _auth(operation, host, demands, rules) if demands is not None else ()
    info = (operation.get("features") or {}).get("schema_info") or {}
    return Route(
        ref=str(operation.get("operation_id")),
        service_ref=zone.id,
        path=str(operation.get("endpoint") or "/"),
        methods=(str(operation.get("method") or "GET"),),
        hosts=(host,),
        protocols=("http", "https") if plain_http else ("https",),
        auth=auth,
        auth_known=bool(auth),
        validated=_validated(info, schema_action),
        upstream_ref=origins.get(host, ""),
        evidence={
            "operation": {
                key: value for key, value in operation.items() if key not in ("features", "last_updated")
            },
            "schema": {key: info[key] for key in ("mitigation_action",) if key in info},
            "has_schema": bool(info.get("active_schema")),
        },
    )


def _auth(operation: Document, host: str, demands: Demands, rules: Sequence[Document]) -> tuple[Auth, ...]:
    found = [
        _token_auth(rule, demands)
        for rule in demands.token_rules
        if rule.get("enabled") is True and _covers(rule, str(operation.get("operation_id")), host)
    ]
    if host in demands.certificate_hosts:
        enforced = any(_demands_certificate(rule, host) for rule in rules)
        source = "client certificates" if enforced else "client certificates are asked for, not demanded"
        found.append(Auth(AuthKind.MTLS, "tls", not enforced, source))
    return tuple(found)


def _covers(rule: Document, operation_id: str, host: str) -> bool:
    selector = rule.get("selector") or {}
    excluded = {ref for part in selector.get("exclude") or () for ref in part.get("operation_ids") or ()}
    included = [
        str(name).lower() for part in selector.get("include") or () for name in part.get("host") or ()
    ]
    return operation_id not in excluded and (not included or host in included)


def _token_auth(rule: Document, demands: Demands) -> Auth:
    """A rule that only logs, or lets requests without a token pass, does not enforce."""
    expression = str(rule.get("expression") or "")
    sources = [
        source for ref in _CONFIGURATION.findall(expression) for source in demands.token_sources.get(ref, ())
    ]
    lenient = rule.get("action") != "block" or "not is_jwt_present" in expression
    place = "cookie" if sources and all("cookies" in source for source in sources) else "header"
    details: dict[str, Any] = {"action": rule.get("action"), "token_sources": sources}
    return Auth(AuthKind.JWT, place, lenient, f"JWT validation rule {rule.get('title')}", details)


def _demands_certificate(rule: Document, host: str) -> bool:
    """Whether an acting custom rule blocks requests without a verified client certificate on this host."""
    expression = str(rule.get("expression") or "")
    if rule.get("enabled") is False or rule.get("action") != "block" or not _UNVERIFIED.search(expression):
        return False
    return "http.host" not in expression or host in expression.lower()


def _validated(info: Document, schema_action: str | None) -> bool | None:
    if schema_action is None:
        return None
    if not info.get("active_schema"):
        return False
    action = str(info.get("mitigation_action") or schema_action)
    return schema_action != "off" and action == "block"
