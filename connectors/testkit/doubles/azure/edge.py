"""Where a request goes: the Front Door domain or gateway listener its host names, and the WAF policy in its way."""

from dataclasses import dataclass
from typing import Any

from connectors.testkit.doubles.azure.resource_types import GATEWAY, PROFILE
from connectors.testkit.doubles.azure.store import Document, Store


@dataclass(frozen=True)
class Place:
    """The entry of a request: ``resource`` is the profile or gateway, ``rule`` the route or rule that took it."""

    product: str  # front_door | gateway
    resource: str
    policy: Document | None
    rule: str


def place(store: Store, host: str, path: str) -> Place | None:
    """The place for a request; None when nothing serves the host."""
    name = host.partition(":")[0].lower()
    return _front_door(store, name, path) or _gateway(store, name, path)


def _typed(store: Store, kind: str) -> list[tuple[str, Document]]:
    return [(key, value) for key, value in store.resources.items() if value["type"].lower() == kind]


def _front_door(store: Store, host: str, path: str) -> Place | None:
    domains = [*_typed(store, f"{PROFILE}/afdendpoints"), *_typed(store, f"{PROFILE}/customdomains")]
    domain = next((key for key, value in domains if value["properties"]["hostName"].lower() == host), None)
    if domain is None:
        return None
    profile = "/".join(domain.split("/")[:9])
    policy = None
    for key, value in _typed(store, f"{PROFILE}/securitypolicies"):
        parameters = value["properties"]["parameters"]
        ids = {d["id"].lower() for a in parameters["associations"] for d in a["domains"]}
        if key.startswith(profile + "/") and domain in ids:
            policy = store.resources.get(parameters["wafPolicy"]["id"].lower())
    best = ""
    route = ""
    for key, value in _typed(store, f"{PROFILE}/afdendpoints/routes"):
        properties = value["properties"]
        served = {entry["id"].lower() for entry in properties.get("customDomains") or []}
        if properties.get("linkToDefaultDomain") == "Enabled":
            served.add("/".join(key.split("/")[:11]))
        for pattern in properties["patternsToMatch"]:
            if domain in served and _fits(pattern, path) and len(pattern) > len(best):
                best, route = pattern, value["name"]
    return Place("front_door", store.resources[profile]["id"], policy, route) if route else None


def _gateway(store: Store, host: str, path: str) -> Place | None:
    for _, gateway in _typed(store, GATEWAY):
        properties = gateway["properties"]
        for listener in properties["httpListeners"]:
            inner = listener["properties"]
            if host not in [
                name.lower() for name in inner.get("hostNames") or [inner.get("hostName") or host]
            ]:
                continue
            rule = next(
                rule
                for rule in properties["requestRoutingRules"]
                if rule["properties"]["httpListener"]["id"].lower() == listener["id"].lower()
            )
            policy, name = inner.get("firewallPolicy") or properties.get("firewallPolicy"), rule["name"]
            for entry in _path_rules(properties, rule):
                if any(_fits(pattern, path) for pattern in entry["properties"]["paths"]):
                    policy = entry["properties"].get("firewallPolicy") or policy
                    name = entry["name"]
                    break
            held = store.resources.get(policy["id"].lower()) if policy else None
            return Place("gateway", gateway["id"], held, name)
    return None


def _path_rules(properties: dict[str, Any], rule: dict[str, Any]) -> list[dict[str, Any]]:
    named = (rule["properties"].get("urlPathMap") or {}).get("id", "").lower()
    for entry in properties.get("urlPathMaps") or []:
        if entry["id"].lower() == named:
            found: list[dict[str, Any]] = entry["properties"]["pathRules"]
            return found
    return []


def _fits(pattern: str, path: str) -> bool:
    """``/*`` at the end takes everything below, without case."""
    pattern, path = pattern.lower(), path.lower()
    if pattern.endswith("*"):
        return path.startswith(pattern[:-1]) or path == pattern[:-2]
    return path == pattern
