"""Security actions with the limits Google documents, and what they decide about a request.

Sources: apigee v1 discovery document (SecurityAction, its conditions, the id's form); "Security actions" (1,000 enabled,
100 of them for chosen proxies, 5 headers, precedence allow, deny, flag); "Security Actions API" (at most two kinds).
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address, ip_network
from typing import Any

from connectors.testkit.doubles.apigee.store import Document, Environment, Store
from connectors.testkit.doubles.google.discovery import Call
from connectors.testkit.doubles.google.errors import GoogleError, invalid, not_found
from connectors.testkit.doubles.google.paging import page

_ID = re.compile(r"[a-z]([a-z0-9-]{0,59}[a-z0-9])?")
_MOST = {
    "ipAddressRanges": 100, "userAgents": 50, "apiKeys": 1000, "accessTokens": 1000, "apiProducts": 1000,
    "developerApps": 1000, "developers": 1000,
}  # fmt: skip
_METHODS = {"GET", "HEAD", "POST", "PUT", "DELETE", "CONNECT", "OPTIONS", "TRACE", "PATCH"}
_EFFECTS = ("allow", "deny", "flag")
_MASK = {
    "description", "state", "allow", "deny", "flag", "expireTime", "ttl", "apiProxies", "conditionConfig",
}  # fmt: skip
_MOST_ENABLED, _MOST_SCOPED, _MOST_HEADERS = 1000, 100, 5


@dataclass(frozen=True)
class Client:
    """What is known of who asks a proxy for something."""

    address: str
    method: str
    agent: str
    country: str
    asn: int
    app: str
    developer: str


def create(store: Store, environment: Environment, call: Call) -> Document:
    """``POST securityActions``."""
    _check_addon(store, environment)
    identity = call.query.get("securityActionId", "")
    if not _ID.fullmatch(identity):
        raise invalid(f"security_action_id '{identity}' must match ^[a-z]([a-z0-9-]{{0,61}}[a-z0-9])?$")
    if identity in environment.actions:
        name = _name(store, environment, identity)
        raise GoogleError(409, "alreadyExists", f"Resource '{name}' already exists.")
    made = _with_expiry({key: value for key, value in call.body.items() if key != "name"})
    _check(store, environment, made, identity)
    stamp = _stamp(datetime.now(UTC))
    document = {**made, "name": _name(store, environment, identity), "createTime": stamp, "updateTime": stamp}
    environment.actions[identity] = document
    return document


def patch(store: Store, environment: Environment, call: Call, identity: str) -> Document:
    """``PATCH securityActions/{id}``: the members of the mask, or all that are given."""
    _check_addon(store, environment)
    standing = get(store, environment, identity)
    mask = [_camel(part) for part in call.query.get("updateMask", "").split(",") if part] or list(call.body)
    unknown = [part for part in mask if part not in _MASK]
    if unknown:
        raise invalid(f"update_mask: {unknown[0]} cannot be updated.")
    changed = {key: value for key, value in standing.items() if key not in mask}
    changed |= {key: call.body[key] for key in mask if key in call.body}
    if "ttl" in mask:
        changed.pop("expireTime", None)
    if {"ttl", "expireTime"} & set(mask):
        changed = _with_expiry(changed)
    _check(store, environment, changed, identity)
    changed["updateTime"] = _stamp(datetime.now(UTC))
    environment.actions[identity] = changed
    return changed


def switch(store: Store, environment: Environment, identity: str, state: str) -> Document:
    """``:enable`` and ``:disable``."""
    standing = get(store, environment, identity)
    changed = {**standing, "state": state, "updateTime": _stamp(datetime.now(UTC))}
    _check(store, environment, changed, identity)
    environment.actions[identity] = changed
    return changed


def get(store: Store, environment: Environment, identity: str) -> Document:
    """One action."""
    if identity not in environment.actions:
        raise not_found(_name(store, environment, identity))
    return environment.actions[identity]


def listed(environment: Environment, call: Call) -> Document:
    """A page of the environment's actions, fifty unless more are asked for."""
    size = min(call.query.get("pageSize", 0) or 50, 1000)
    actions = [environment.actions[name] for name in sorted(environment.actions)]
    question = {key: value for key, value in call.query.items() if key != "pageToken"}
    items, following = page(actions, size, call.query.get("pageToken", ""), [environment.name, question])
    return ({"securityActions": list(items)} if items else {}) | (
        {"nextPageToken": following} if following else {}
    )


def decide(environment: Environment, proxy: str, client: Client, now: datetime) -> tuple[str, Document]:
    """(effect, action) for a request: allow before deny before flag; ("", {}) when no action speaks."""
    if not environment.actions_enabled:
        return "", {}
    speaking = [
        action
        for name, action in sorted(environment.actions.items())
        if action["state"] == "ENABLED" and _lives(action, now) and _applies(action, proxy, client)
    ]
    for effect in _EFFECTS:
        for action in speaking:
            if effect in action:
                return effect, action
    return "", {}


def _lives(action: Mapping[str, Any], now: datetime) -> bool:
    return "expireTime" not in action or _moment(action["expireTime"]) > now


def _applies(action: Mapping[str, Any], proxy: str, client: Client) -> bool:
    if action.get("apiProxies") and proxy not in action["apiProxies"]:
        return False
    facts: Mapping[str, Iterable[str]] = {
        "userAgents": (client.agent,), "httpMethods": (client.method,), "regionCodes": (client.country,),
        "asns": (str(client.asn),), "developerApps": (client.app,), "developers": (client.developer,),
    }  # fmt: skip
    for kind, values in action["conditionConfig"].items():
        if kind == "ipAddressRanges":
            if not any(_inside(client.address, text) for text in values):
                return False
        elif not set(values) & set(facts.get(kind, ())):
            return False
    return True


def _inside(address: str, network: str) -> bool:
    try:
        found, wide = ip_address(address), ip_network(network)
    except ValueError:
        return False
    return found.version == wide.version and found in wide


def _check(store: Store, environment: Environment, action: Document, identity: str) -> None:
    if action.get("state") not in ("ENABLED", "DISABLED"):
        raise invalid("state is required: ENABLED or DISABLED.")
    effects = [effect for effect in _EFFECTS if effect in action]
    if len(effects) != 1:
        raise invalid("Exactly one of allow, deny and flag must be set.")
    if "flag" in effects and not 1 <= len(action["flag"].get("headers", ())) <= _MOST_HEADERS:
        raise invalid(f"flag needs 1 to {_MOST_HEADERS} headers.")
    if not 400 <= action.get("deny", {}).get("responseCode", 403) <= 599:
        raise invalid("deny.response_code must be between 400 and 599.")
    for proxy in action.get("apiProxies", ()):
        if proxy not in store.names("apis"):
            raise invalid(f"api_proxies: there is no proxy '{proxy}'.")
    _check_conditions(action.get("conditionConfig", {}))
    others = [
        held for name, held in environment.actions.items() if name != identity and held["state"] == "ENABLED"
    ]
    if action["state"] == "ENABLED":
        if len(others) >= _MOST_ENABLED:
            raise invalid(f"At most {_MOST_ENABLED} security actions can be enabled in an environment.")
        scoped = [held for held in others if held.get("apiProxies")]
        if action.get("apiProxies") and len(scoped) >= _MOST_SCOPED:
            raise invalid(f"At most {_MOST_SCOPED} security actions with api_proxies can be enabled.")


def _check_conditions(conditions: Document) -> None:
    kinds = [kind for kind, values in conditions.items() if values]
    if not kinds:
        raise invalid("condition_config must have at least one condition.")
    if len(kinds) > 2:
        raise invalid("condition_config may have at most two kinds of conditions.")
    for kind, values in conditions.items():
        if len(values) > _MOST.get(kind, 1000):
            raise invalid(f"{kind}: at most {_MOST.get(kind, 1000)} values, {len(values)} given.")
    checks = {
        "httpMethods": lambda text: text in _METHODS,
        "regionCodes": lambda text: re.fullmatch(r"[A-Z]{2}", text),
        "asns": lambda text: re.fullmatch(r"[1-9]\d{0,9}", text),
        "ipAddressRanges": _is_network,
    }
    for kind, good in checks.items():
        for text in conditions.get(kind, ()):
            if not good(text):
                raise invalid(f"{kind}: '{text}' is not valid.")


def _is_network(text: str) -> bool:
    try:
        ip_network(text)
    except ValueError:
        return False
    return True


def _with_expiry(action: Document) -> Document:
    """``ttl`` becomes ``expireTime``; both, or a moment that is past, are refused."""
    given = dict(action)
    ttl = given.pop("ttl", None)
    if ttl is not None:
        if "expireTime" in given:
            raise invalid("Only one of ttl and expire_time can be set.")
        if not re.fullmatch(r"[1-9]\d*(\.\d+)?s", ttl):
            raise invalid("ttl must be a positive duration, such as 3600s.")
        given["expireTime"] = _stamp(datetime.now(UTC) + timedelta(seconds=float(ttl[:-1])))
    elif "expireTime" in given and _moment(given["expireTime"]) <= datetime.now(UTC):
        raise invalid("expire_time must be in the future.")
    return given


def _moment(text: str) -> datetime:
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        raise invalid(f"Invalid time '{text}'.") from None
    if found.tzinfo is None:
        raise invalid(f"Invalid time '{text}': no zone.")
    return found


def _check_addon(store: Store, environment: Environment) -> None:
    if not store.secured(environment):
        message = "Advanced API Security is not enabled for this organization or environment."
        raise GoogleError(400, "failedPrecondition", message)


def _name(store: Store, environment: Environment, identity: str) -> str:
    return f"organizations/{store.name}/environments/{environment.name}/securityActions/{identity}"


def _stamp(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def _camel(name: str) -> str:
    head, *rest = name.strip().split("_")
    return head + "".join(part.capitalize() for part in rest)
