"""What custom rules do with a request, in the order of their priorities, on both products.

Sources: "Custom rules for WAF on Azure Front Door", "Custom rules for WAF v2 on Application Gateway", "What is rate
limiting for Azure Front Door". Front Door's RequestUri is the whole address as its log has it, with scheme and port;
Application Gateway's is path and query.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from ipaddress import ip_address, ip_network
from typing import Any
from urllib.parse import quote, unquote

import re2


@dataclass(frozen=True)
class WebRequest:
    """A request as a firewall sees it; ``target`` is path and query as sent."""

    method: str
    host: str
    target: str
    headers: tuple[tuple[str, str], ...]
    peer: str
    country: str
    body: str
    time_ms: int

    def header(self, name: str) -> str | None:
        """The first header of that name, any case."""
        return next((value for key, value in self.headers if key.lower() == name.lower()), None)

    @property
    def forwarded(self) -> str:
        """The address X-Forwarded-For claims, else the peer's."""
        first = (self.header("X-Forwarded-For") or self.peer).split(",")[0].strip()
        try:
            return str(ip_address(first))
        except ValueError:
            return self.peer


@dataclass
class Counters:
    """Requests per rule, group and window."""

    seen: dict[tuple[str, str, int], int] = field(default_factory=dict)

    def passed(self, rule: str, group: str, request: WebRequest, minutes: int, threshold: int) -> bool:
        """Count the request; whether it is beyond the threshold."""
        key = (rule, group, request.time_ms // (minutes * 60_000))
        self.seen[key] = self.seen.get(key, 0) + 1
        return self.seen[key] > threshold


@dataclass(frozen=True)
class Outcome:
    """What ended the evaluation (allow, block, redirect, jschallenge; "" for nothing) and the rules that matched."""

    action: str
    matched: tuple[tuple[str, str], ...]  # (rule, action)


def front_door(policy: Mapping[str, Any], request: WebRequest, counters: Counters) -> Outcome:
    """Evaluate a Front Door policy."""
    properties = policy["properties"]
    settings = properties.get("policySettings") or {}
    if settings.get("enabledState") == "Disabled":
        return Outcome("", ())
    found = []
    for rule in (properties.get("customRules") or {}).get("rules") or []:
        conditions = [
            (
                _front_door_values(condition, request),
                condition["operator"],
                condition["matchValue"],
                bool(condition.get("negateCondition")),
                condition.get("transforms") or (),
            )
            for condition in rule["matchConditions"]
        ]
        limit = None
        if rule["ruleType"] == "RateLimitRule":
            group = "".join(
                {"SocketAddr": request.peer, "GeoLocation": request.country}.get(entry["variableName"], "")
                for entry in rule.get("groupBy") or [{"variableName": "SocketAddr"}]
            )
            limit = (group, rule["rateLimitDurationInMinutes"], rule["rateLimitThreshold"])
        if rule.get("enabledState") != "Disabled":
            found.append((rule["priority"], rule["name"], rule["action"], conditions, limit))
    return _run(policy["id"], found, request, counters, detection=settings.get("mode") == "Detection")


def gateway(policy: Mapping[str, Any], request: WebRequest, counters: Counters) -> Outcome:
    """Evaluate an Application Gateway policy."""
    properties = policy["properties"]
    settings = properties.get("policySettings") or {}
    if settings.get("state") == "Disabled":
        return Outcome("", ())
    found = []
    for rule in properties.get("customRules") or []:
        conditions = [
            (
                [v for variable in condition["matchVariables"] for v in _gateway_values(variable, request)],
                condition["operator"],
                condition["matchValues"],
                bool(condition.get("negationConditon")),
                condition.get("transforms") or (),
            )
            for condition in rule["matchConditions"]
        ]
        limit = None
        if rule["ruleType"] == "RateLimitRule":
            grouped = rule["groupByUserSession"][0]["groupByVariables"][0]["variableName"]
            group = {"ClientAddr": request.peer, "GeoLocation": request.country}.get(grouped, "")
            minutes = 1 if rule["rateLimitDuration"] == "OneMin" else 5
            limit = (group, minutes, rule["rateLimitThreshold"])
        if rule.get("state") != "Disabled":
            found.append((rule["priority"], rule["name"], rule["action"], conditions, limit))
    return _run(policy["id"], found, request, counters, detection=settings.get("mode") == "Detection")


def _run(
    policy: str, rules: list[tuple[Any, ...]], request: WebRequest, counters: Counters, *, detection: bool
) -> Outcome:
    matched: list[tuple[str, str]] = []
    for _, name, action, conditions, limit in sorted(rules, key=lambda entry: entry[0]):
        if not all(_holds(*condition) for condition in conditions):
            continue
        if limit is not None and not counters.passed(
            f"{policy}/{name}", limit[0], request, limit[1], limit[2]
        ):
            continue
        matched.append((name, action))
        if action == "Allow":
            return Outcome("allow", tuple(matched))
        if action != "Log" and not detection:
            return Outcome(action.lower(), tuple(matched))
    return Outcome("", tuple(matched))


def _front_door_values(condition: Mapping[str, Any], request: WebRequest) -> list[str]:
    variable = condition["matchVariable"]
    if condition["operator"] == "GeoMatch":
        return [request.country]
    if variable == "RequestUri":
        return [f"https://{request.host.partition(':')[0]}:443{request.target}"]
    return _values(variable, condition.get("selector"), request)


def _gateway_values(variable: Mapping[str, Any], request: WebRequest) -> list[str]:
    name = {"RequestHeaders": "RequestHeader", "RequestCookies": "Cookies"}.get(
        variable["variableName"], variable["variableName"]
    )
    if name == "RequestUri":
        return [request.target]
    if name == "RemoteAddr":
        return [request.peer, request.country]
    return _values(name, variable.get("selector"), request)


def _values(variable: str, selector: str | None, request: WebRequest) -> list[str]:
    if variable == "SocketAddr":
        return [request.peer]
    if variable == "RemoteAddr":
        return [request.forwarded]
    if variable == "RequestMethod":
        return [request.method]
    if variable == "QueryString":
        return [request.target.partition("?")[2]]
    if variable == "RequestBody":
        return [request.body]
    if variable == "RequestHeader":
        found = request.header(selector or "")
        return [] if found is None else [found]
    return []


def _holds(
    values: list[str], operator: str, wanted: list[str], negated: bool, transforms: tuple[str, ...]
) -> bool:
    changed = [_transformed(value, transforms) for value in values]
    hit = any(_compare(value, operator.lower(), entry) for value in changed for entry in wanted or [""])
    return hit != negated


def _compare(value: str, operator: str, wanted: str) -> bool:
    if operator == "any":
        return True
    if operator == "ipmatch":
        return _within(value, wanted)
    if operator == "geomatch":
        return value == wanted
    if operator == "regex":
        return re2.search(wanted, value) is not None
    if operator in ("lessthan", "greaterthan", "lessthanorequal", "greaterthanorequal"):
        size, bound = len(value.encode()), int(wanted)
        greater = size > bound if "greater" in operator else size < bound
        return greater or (operator.endswith("equal") and size == bound)
    checks = {"equal": value == wanted, "contains": wanted in value}
    checks |= {"beginswith": value.startswith(wanted), "endswith": value.endswith(wanted)}
    return checks[operator]


def _within(value: str, network: str) -> bool:
    try:
        found, wanted = ip_address(value), ip_network(network, strict=False)
    except ValueError:
        return False
    return found.version == wanted.version and found in wanted


def _transformed(value: str, transforms: tuple[str, ...]) -> str:
    for name in transforms:
        if name == "Lowercase":
            value = value.lower()
        elif name == "Uppercase":
            value = value.upper()
        elif name == "Trim":
            value = value.strip()
        elif name == "UrlDecode":
            value = unquote(value)
        elif name == "UrlEncode":
            value = quote(value)
        elif name == "RemoveNulls":
            value = re.sub("\x00", "", value)
    return value
