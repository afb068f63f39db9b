"""What Cloudflare refuses in a rule: unknown fields, wrong actions for a phase, expressions, limits of the plan.

Sources: Rulesets API ("Add rule"), typed SDK ``cloudflare`` 5.9 (members of each rule), "Rate limiting parameters".
"""

from typing import Any

from connectors.testkit.doubles.cloudflare.envelope import ApiError, invalid, known_only
from connectors.testkit.doubles.cloudflare.expression_parser import Node, Uses, parse
from connectors.testkit.doubles.cloudflare.expression_tokens import ExpressionError
from connectors.testkit.doubles.cloudflare.plans import PERIODS, TIMEOUTS
from connectors.testkit.doubles.cloudflare.state import Account, Document, Zone

CUSTOM, RATE, MANAGED = "http_request_firewall_custom", "http_ratelimit", "http_request_firewall_managed"
PHASES = {
    CUSTOM: {"block", "challenge", "js_challenge", "managed_challenge", "log", "skip", "execute"},
    RATE: {"block", "challenge", "js_challenge", "managed_challenge", "log"},
    MANAGED: {"execute", "skip"},
}
_MEMBERS = {
    "action", "action_parameters", "categories", "description", "enabled", "expression", "logging", "ratelimit",
    "ref", "position", "exposed_credential_check",
}  # fmt: skip
_PARAMETERS = {
    "block": {"response"},
    "execute": {"id", "overrides", "matched_data", "version"},
    "skip": {"phase", "phases", "products", "rules", "ruleset", "rulesets"},
}
_RATELIMIT = {
    "characteristics", "period", "requests_per_period", "mitigation_timeout", "counting_expression",
    "requests_to_origin", "score_per_period", "score_response_header_name",
}  # fmt: skip
_CHALLENGES = {"challenge", "js_challenge", "managed_challenge"}


def compiled(account: Account, zone: Zone, expression: Any) -> tuple[Node, Uses]:
    """The expression's tree, with what plan and account allow checked."""
    if not isinstance(expression, str) or not expression:
        raise invalid("an expression is required")
    try:
        node, uses = parse(expression)
    except ExpressionError as error:
        raise invalid(f"'{expression[:80]}' is not a valid value for expression because {error}") from error
    for name in sorted(uses.lists):
        if account.list_named(name) is None:
            raise invalid(f"the list ${name} is not defined")
    if uses.regex and not zone.limits.regex:
        raise ApiError(403, 20124, "not entitled: regular expressions need a Business plan or higher")
    if "cf.bot_management.ja4" in uses.fields and not zone.bot_management:
        raise ApiError(403, 20124, "not entitled: the field cf.bot_management.ja4 needs Bot Management")
    return node, uses


def check_rule(account: Account, zone: Zone, phase: str, body: Document) -> None:
    """``ApiError`` when the rule would not be taken."""
    known_only(body, _MEMBERS, frozenset({"action", "expression"}))
    action = body["action"]
    if phase not in PHASES or action not in PHASES[phase]:
        raise invalid(f"'{action}' is not a valid value for action because it is not allowed in {phase}")
    if action == "log" and not zone.limits.log_action:
        raise ApiError(403, 20124, "not entitled to use the log action")
    if not isinstance(body.get("enabled", True), bool):
        raise invalid("enabled must be a boolean")
    if len(str(body.get("description", ""))) > 500:
        raise invalid("description is longer than 500 characters")
    parameters = body.get("action_parameters", {})
    known_only(parameters, _PARAMETERS.get(action, set()))
    uses = compiled(account, zone, body["expression"])[1]
    if phase == RATE:
        _check_rate(zone, action, body.get("ratelimit"), uses)
    elif "ratelimit" in body:
        raise invalid("ratelimit is not allowed in this phase")


def _check_rate(zone: Zone, action: str, rate: Any, uses: Uses) -> None:
    if not isinstance(rate, dict):
        raise invalid("ratelimit is required in http_ratelimit")
    known_only(rate, _RATELIMIT, frozenset({"characteristics", "period"}))
    limits = zone.limits
    if limits.rate_fields is not None and uses.fields - limits.rate_fields:
        name = min(uses.fields - limits.rate_fields)
        raise ApiError(403, 20124, f"not entitled: the field {name} cannot be used in rate limits")
    if "cf.colo.id" not in rate["characteristics"]:
        raise invalid("characteristics must contain cf.colo.id")
    if set(rate["characteristics"]) - {"cf.colo.id", "ip.src"}:
        raise ApiError(403, 20124, "not entitled to these characteristics")
    if rate["period"] not in PERIODS or rate["period"] > limits.longest_period:
        raise invalid(f"not entitled to use the period {rate['period']}")
    count = rate.get("requests_per_period")
    if not isinstance(count, int) or count < 1:
        raise invalid("requests_per_period must be at least 1")
    timeout = rate.get("mitigation_timeout", rate["period"])
    if zone.plan != "enterprise" and action in _CHALLENGES:
        if timeout != 0:
            raise invalid("mitigation_timeout must be 0 for challenges")
    elif (timeout not in TIMEOUTS or timeout > limits.longest_timeout) and not (
        timeout == 0 and zone.plan == "enterprise"
    ):
        raise invalid(f"not entitled to use the mitigation timeout {timeout}")


def check_room(zone: Zone, phase: str, rules: list[Document]) -> None:
    """``ApiError`` when the phase would have more rules than the plan allows."""
    most = {CUSTOM: zone.limits.custom_rules, RATE: zone.limits.rate_rules}.get(phase, 1000)
    if len(rules) > most:
        raise ApiError(403, 20217, f"exceeded maximum number of rules in the phase {phase}: {most}")
    refs = [rule["ref"] for rule in rules]
    if len(set(refs)) < len(refs):
        raise invalid("a rule with this ref exists already", 20222)
