"""What Azure refuses in WAF policies beyond their shape: names, priorities, tiers, limits, operators and patterns."""

import re
from collections.abc import Iterable
from ipaddress import ip_network
from typing import Any

import re2

from connectors.testkit.doubles.azure.errors import invalid
from connectors.testkit.doubles.azure.waf_shapes import FRONT_DOOR, GATEWAY

STRINGS, STRING_LENGTH = 10, 256
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9]{0,127}")
_SIZES = {"LessThan", "GreaterThan", "LessThanOrEqual", "GreaterThanOrEqual"}


def check_front_door(document: dict[str, Any], properties: dict[str, Any]) -> None:
    """Raise the refusal of a Front Door policy that Azure would not take."""
    if not isinstance(document.get("sku"), dict) or "name" not in document["sku"]:
        raise invalid("Required property 'sku' not found.")
    FRONT_DOOR(properties, "properties")
    premium = document["sku"]["name"] == "Premium_AzureFrontDoor"
    if not premium and (properties.get("managedRules") or {}).get("managedRuleSets"):
        raise invalid("Managed rule sets need the Premium tier.", "BadRequest")
    rules = (properties.get("customRules") or {}).get("rules") or []
    _unique(rules)
    for rule in rules:
        if not _NAME.fullmatch(rule["name"]):
            raise invalid(
                f"Rule name {rule['name']!r} must begin with a letter and be alphanumeric.", "BadRequest"
            )
        if rule["action"] in ("JSChallenge", "CAPTCHA") and not premium:
            raise invalid("The JSChallenge action needs the Premium tier.", "BadRequest")
        limited = rule["ruleType"] == "RateLimitRule"
        if limited and (
            rule.get("rateLimitDurationInMinutes") not in (1, 5) or not rule.get("rateLimitThreshold")
        ):
            raise invalid(
                "A rate limit rule needs a duration of 1 or 5 minutes and a threshold.", "BadRequest"
            )
        for condition in rule["matchConditions"]:
            variable = condition["matchVariable"]
            _values(variable, condition["operator"], condition["matchValue"], 600)
            if variable in ("RequestHeader", "PostArgs", "Cookies") and not condition.get("selector"):
                raise invalid(f"{variable} needs a selector.", "BadRequest")


def check_gateway(document: dict[str, Any], properties: dict[str, Any]) -> None:
    """Raise the refusal of an Application Gateway policy that Azure would not take."""
    GATEWAY(properties, "properties")
    rules = properties.get("customRules") or []
    _unique(rules)
    modern = new_engine(properties)
    for rule in rules:
        if not re.fullmatch(r"[A-Za-z][A-Za-z0-9_]{0,127}", rule.get("name") or ""):
            raise invalid(
                f"Rule name {rule.get('name')!r} is not valid.", "ApplicationGatewayFirewallRuleNameInvalid"
            )
        limited = rule["ruleType"] == "RateLimitRule"
        if limited != bool(rule.get("groupByUserSession")) or limited != bool(rule.get("rateLimitDuration")):
            raise invalid(
                "groupByUserSession and rateLimitDuration go with rate limit rules, and only with them."
            )
        if limited and not modern:
            raise invalid("Rate limit rules need CRS 3.2 or the Default Rule Set.")
        for condition in rule["matchConditions"]:
            for variable in condition["matchVariables"]:
                name = variable["variableName"]
                _values(name, condition["operator"], condition["matchValues"], 600 if modern else 540)


def new_engine(properties: dict[str, Any]) -> bool:
    """Whether a gateway policy runs on the engine that CRS 3.2 and the Default Rule Set brought."""
    for managed in (properties.get("managedRules") or {}).get("managedRuleSets") or []:
        kind, version = managed.get("ruleSetType"), str(managed.get("ruleSetVersion"))
        if kind == "Microsoft_DefaultRuleSet" or (kind == "OWASP" and version >= "3.2"):
            return True
    return False


def _unique(rules: Iterable[dict[str, Any]]) -> None:
    names: set[str] = set()
    priorities: set[int] = set()
    for rule in rules:
        if str(rule.get("name")).lower() in names or rule["priority"] in priorities:
            raise invalid(f"Rule {rule.get('name')!r}: names and priorities must be unique.", "BadRequest")
        names.add(str(rule.get("name")).lower())
        priorities.add(rule["priority"])


def _values(variable: str, operator: str, values: list[str], addresses: int) -> None:
    """Values fit their operator, and operators their variable."""
    is_address = variable in ("RemoteAddr", "SocketAddr")
    if (operator in ("IPMatch", "GeoMatch", "ServiceTagMatch")) != (is_address and operator != "Any"):
        raise invalid(f"Operator {operator} does not go with {variable}.", "BadRequest")
    if not values and operator != "Any":
        raise invalid("A condition needs a value.", "BadRequest")
    if operator == "IPMatch":
        if len(values) > addresses:
            raise invalid(f"A condition has at most {addresses} addresses.", "BadRequest")
        for value in values:
            _address(value)
    elif operator == "GeoMatch":
        if any(not re.fullmatch("[A-Z]{2}", value) for value in values):
            raise invalid("Countries are two capital letters.", "BadRequest")
    elif len(values) > STRINGS or any(not 0 < len(value) <= STRING_LENGTH for value in values):
        raise invalid(
            f"A condition has at most {STRINGS} values of 1 to {STRING_LENGTH} characters.", "BadRequest"
        )
    if operator.lower() == "regex":
        for value in values:
            _regex(value)
    if operator in _SIZES and any(not value.isdigit() for value in values):
        raise invalid("A size is a number.", "BadRequest")


def _address(value: str) -> None:
    try:
        ip_network(value, strict=False)
    except ValueError as error:
        raise invalid(f"{value!r} is no address or network.", "BadRequest") from error


def _regex(value: str) -> None:
    """No look-around and no back references: as RE2 has it."""
    options = re2.Options()
    options.log_errors = False
    try:
        re2.compile(value, options)
    except re2.error as error:
        raise invalid(f"{value!r} is no supported regular expression.", "BadRequest") from error
