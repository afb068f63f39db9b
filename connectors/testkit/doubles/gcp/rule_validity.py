"""Which rules Cloud Armor takes.

Sources: compute v1 discovery document (SecurityPolicyRule); Cloud Armor "Rate limiting overview", "Quotas and limits".
"""

import re
from collections.abc import Callable
from ipaddress import ip_network
from typing import Any

from connectors.testkit.doubles.cel_text import CelError
from connectors.testkit.doubles.gcp.cel import Node, parse
from connectors.testkit.doubles.google.errors import GoogleError, invalid

DEFAULT_PRIORITY = 2**31 - 1
MOST_RANGES = 10
MOST_DESCRIPTION = 64
INTERVALS = (10, 30, 60, 120, 180, 240, 270, 300, 600, 900, 1200, 1800, 2700, 3600)
_ACTION = re.compile(r"^(allow|deny\((403|404|502)\)|redirect|throttle|rate_based_ban)$")
_EXCEED = re.compile(r"^(deny\((403|404|429|502)\)|redirect)$")
_LIMITED = ("throttle", "rate_based_ban")


def check_rule(rule: dict[str, Any], policy_type: str, regional: bool, group: Callable[[str], bool]) -> None:
    """``GoogleError`` 400 for a rule the vendor would not take. ``group`` tells whether an address group exists."""
    priority = rule.get("priority")
    if priority is None or not 0 <= priority <= DEFAULT_PRIORITY:
        raise _field("priority", priority, f"Must be between 0 and {DEFAULT_PRIORITY}")
    if len(rule.get("description", "")) > MOST_DESCRIPTION:
        raise _field("description", rule["description"], f"Must be at most {MOST_DESCRIPTION} characters")
    action = rule.get("action", "")
    if not _ACTION.match(action):
        raise _field("action", action, "Invalid action")
    if policy_type == "CLOUD_ARMOR_EDGE" and action in (*_LIMITED, "redirect"):
        raise _field("action", action, "Edge security policies only allow and deny")
    _check_match(rule.get("match"), policy_type, group)
    _check_limits(rule, action)
    _check_redirect(rule, action, regional)


def _check_match(match: Any, policy_type: str, group: Callable[[str], bool]) -> None:
    if not match or ("expr" in match) == ("versionedExpr" in match):
        raise _field("match", match, "Exactly one of expr and versionedExpr must be specified")
    if "versionedExpr" in match:
        ranges = match.get("config", {}).get("srcIpRanges") or []
        if not 1 <= len(ranges) <= MOST_RANGES:
            raise _field("match.config.srcIpRanges", len(ranges), f"Must have 1 to {MOST_RANGES} ranges")
        for text in ranges:
            _check_range(text, alone=len(ranges) == 1)
        return
    if "config" in match:
        raise _field("match.config", match["config"], "config goes with versionedExpr only")
    expression = match["expr"].get("expression", "")
    try:
        root = parse(expression)
    except CelError as error:
        raise _field(
            "match.expr", expression, f"Error parsing Cloud Armor rule matcher expression: {error}"
        ) from None
    for name, attribute in _uses(root):
        if policy_type == "CLOUD_ARMOR_EDGE" and ("tls_" in attribute or name.startswith("evaluate")):
            raise _field("match.expr", expression, "not supported in edge security policies")
        if name == "evaluateAddressGroup" and not group(attribute):
            raise _field("match.expr", expression, f"address group '{attribute}' was not found")


def _uses(node: Node) -> list[tuple[str, str]]:
    """(function, first literal) and ("", attribute) of everything an expression looks at."""
    found = [entry for part in node.parts for entry in _uses(part)]
    if node.kind == "attribute":
        found.append(("", str(node.value)))
    if node.kind == "call":
        found.append((str(node.value), str(node.parts[0].value) if node.parts else ""))
    return found


def _check_range(text: str, *, alone: bool) -> None:
    if text == "*":
        if alone:
            return
        raise _field("match.config.srcIpRanges", text, "'*' stands alone")
    try:
        ip_network(text)
    except ValueError:
        raise _field("match.config.srcIpRanges", text, "Must be an IP address range in CIDR format") from None


def _check_limits(rule: dict[str, Any], action: str) -> None:
    options = rule.get("rateLimitOptions")
    if (options is not None) != (action in _LIMITED):
        raise _field("rateLimitOptions", options, "Goes with throttle and rate_based_ban, and only with them")
    if options is None:
        return
    if options.get("conformAction") != "allow":
        raise _field("rateLimitOptions.conformAction", options.get("conformAction"), "Must be allow")
    if not _EXCEED.match(options.get("exceedAction", "")):
        raise _field("rateLimitOptions.exceedAction", options.get("exceedAction"), "Invalid action")
    threshold = options.get("rateLimitThreshold") or {}
    most = 1_000_000 if action == "throttle" else 10_000
    if not 1 <= threshold.get("count", 0) <= most:
        raise _field(
            "rateLimitOptions.rateLimitThreshold.count", threshold.get("count"), f"Must be 1 to {most}"
        )
    if threshold.get("intervalSec") not in INTERVALS:
        raise _field(
            "rateLimitOptions.rateLimitThreshold.intervalSec",
            threshold.get("intervalSec"),
            f"One of {INTERVALS}",
        )
    keys = options.get("enforceOnKeyConfigs")
    if keys is not None and ("enforceOnKey" in options or not 1 <= len(keys) <= 3):
        raise _field("rateLimitOptions.enforceOnKeyConfigs", keys, "1 to 3 keys, without enforceOnKey")
    if ("banDurationSec" in options or "banThreshold" in options) and action != "rate_based_ban":
        raise _field(
            "rateLimitOptions.banDurationSec", options.get("banDurationSec"), "Only for rate_based_ban"
        )
    if action == "rate_based_ban" and not options.get("banDurationSec"):
        raise _field("rateLimitOptions.banDurationSec", None, "Required for rate_based_ban")


def _check_redirect(rule: dict[str, Any], action: str, regional: bool) -> None:
    options = rule.get("redirectOptions")
    if (options is not None) != (action == "redirect"):
        raise _field("redirectOptions", options, "Goes with redirect, and only with it")
    if options is None:
        return
    if regional:
        raise _field("action", action, "redirect is only supported in global security policies")
    if (options.get("type") == "EXTERNAL_302") != bool(options.get("target")):
        raise _field(
            "redirectOptions.target", options.get("target"), "Goes with EXTERNAL_302, and only with it"
        )


def _field(name: str, value: Any, why: str) -> GoogleError:
    return invalid(f"Invalid value for field 'resource.{name}': '{value}'. {why}.")
