"""What WAFv2 accepts: addresses, names, rules. moto stores anything.

Sources: AWS WAF API reference (patterns, ranges and notes of each member) and Developer Guide, "AWS WAF
quotas".
"""

import binascii
import ipaddress
import re
from base64 import b64decode
from typing import Any

from connectors.testkit.doubles.aws.errors import AwsError, waf_invalid
from connectors.testkit.doubles.aws.waf_capacity import walk

NAME = re.compile(r"^[\w\-]{1,128}$")
DESCRIPTION = re.compile(r"^[\w+=:#@/\-,\.][\w+=:#@/\-,\.\s]+[\w+=:#@/\-,\.]$")
METRIC_NAME = re.compile(r"^[\w#:\.\-/]{1,255}$")
MAX_ADDRESSES = 10_000
MAX_SEARCH_STRING = 200
MAX_REGEX = 512
WINDOWS = (60, 120, 300, 600)
MINIMUM = (
    "You haven't met a minimum requirement for a threshold setting. Examples include a rule group capacity "
    "setting that's too low and an OR statement with only one nested statement."
)
DUPLICATE = AwsError(
    "WAFDuplicateItemException",
    "AWS WAF couldn't perform the operation because some resource in your request is a duplicate of an "
    "existing one.",
)


def check_name(name: Any) -> None:
    """Names are ``[\\w-]{1,128}``."""
    if not NAME.match(str(name)):
        raise waf_invalid("The parameter contains formatting that is not valid.", "NAME", str(name))


def check_description(description: Any) -> None:
    """Descriptions have at most 256 characters of a small alphabet (no quotes, no parentheses)."""
    if description and (len(description) > 256 or not DESCRIPTION.match(description)):
        raise waf_invalid("The parameter contains formatting that is not valid.", "DESCRIPTION", description)


def check_addresses(addresses: list[str], version: str) -> None:
    """CIDR notation only, of the set's own version, no ``/0``, at most 10,000."""
    if len(addresses) > MAX_ADDRESSES:
        message = "AWS WAF couldn't perform the operation because you exceeded your resource limit."
        raise AwsError("WAFLimitsExceededException", message, SourceType="IP_SET")
    wanted = 4 if version == "IPV4" else 6
    for address in addresses:
        reason = "The parameter contains formatting that is not valid."
        try:
            network = ipaddress.ip_network(address, strict=False)
        except ValueError as error:
            raise waf_invalid(reason, "IP_ADDRESS", address) from error
        if "/" not in address or network.version != wanted or network.prefixlen == 0:
            raise waf_invalid(reason, "IP_ADDRESS", address)


def check_rules(rules: list[dict[str, Any]], *, in_group: bool, known_arns: set[str]) -> None:
    """Every rule is well formed, priorities and names are unique, references exist."""
    priorities = [rule.get("Priority") for rule in rules]
    if len(set(priorities)) != len(priorities):
        raise waf_invalid("Your rule priorities are not unique.", "RULE", "Priority")
    names = [rule.get("Name") for rule in rules]
    if len(set(names)) != len(names):
        raise DUPLICATE
    for rule in rules:
        _check_rule(rule, in_group, known_arns)
    rate_rules = sum("RateBasedStatement" in (rule.get("Statement") or {}) for rule in rules)
    if rate_rules > (4 if in_group else 10):
        message = "AWS WAF couldn't perform the operation because you exceeded your resource limit."
        raise AwsError("WAFLimitsExceededException", message, SourceType="RATE_BASED_RULE")


def _check_rule(rule: dict[str, Any], in_group: bool, known_arns: set[str]) -> None:
    check_name(rule.get("Name"))
    visibility = rule.get("VisibilityConfig") or {}
    if not METRIC_NAME.match(str(visibility.get("MetricName", ""))):
        raise waf_invalid(
            "A required field is missing from the parameter.", "METRIC_NAME", "VisibilityConfig"
        )
    statement = rule.get("Statement") or {}
    if len(statement) != 1:
        raise waf_invalid("You must set exactly one statement.", "STATEMENT", "Statement")
    is_group = bool(statement.keys() & {"RuleGroupReferenceStatement", "ManagedRuleGroupStatement"})
    if is_group and in_group:
        raise waf_invalid(
            "A reference in your rule statement is not valid.", "STATEMENT", next(iter(statement))
        )
    if is_group != bool(rule.get("OverrideAction")) or is_group == bool(rule.get("Action")):
        wanted = "OverrideAction" if is_group else "Action"
        raise waf_invalid(
            "You specified the wrong kind of action for the rule statement.", "RULE_ACTION", wanted
        )
    for depth, inner in enumerate(walk(statement)):
        for kind, body in inner.items():
            _check_statement(kind, body or {}, depth, known_arns)


def _check_statement(kind: str, body: dict[str, Any], depth: int, known_arns: set[str]) -> None:
    if depth and kind in ("RateBasedStatement", "RuleGroupReferenceStatement", "ManagedRuleGroupStatement"):
        raise waf_invalid("You nested a statement that can't be nested.", "STATEMENT", kind)
    if kind in ("AndStatement", "OrStatement") and len(body.get("Statements") or []) < 2:
        raise waf_invalid(MINIMUM, kind.replace("Statement", "_STATEMENT").upper(), kind)
    if kind.endswith("ReferenceStatement") and body.get("ARN") not in known_arns:
        message = "AWS WAF couldn't perform the operation because your resource doesn't exist."
        raise AwsError("WAFNonexistentItemException", message)
    if kind == "ByteMatchStatement":
        _check_byte_match(body)
    if kind == "RegexMatchStatement":
        _check_regex(str(body.get("RegexString", "")))
    if kind == "RateBasedStatement":
        _check_rate(body)
    if kind in ("ByteMatchStatement", "RegexMatchStatement", "SqliMatchStatement", "XssMatchStatement"):
        if not body.get("TextTransformations"):
            raise waf_invalid("A required field is missing from the parameter.", "TEXT_TRANSFORMATION", kind)
        if len(body.get("FieldToMatch") or {}) != 1:
            raise waf_invalid("You must set exactly one field to match.", "FIELD_TO_MATCH", kind)


def _check_byte_match(body: dict[str, Any]) -> None:
    try:
        text = b64decode(body.get("SearchString", ""), validate=True)
    except (binascii.Error, ValueError) as error:
        raise AwsError("SerializationException", "SearchString is not base64") from error
    if not 0 < len(text) <= MAX_SEARCH_STRING:
        raise waf_invalid("The search string is too long or empty.", "BYTE_MATCH_STATEMENT", "SearchString")
    fingerprint = (body.get("FieldToMatch") or {}).keys() & {"JA3Fingerprint", "JA4Fingerprint"}
    if fingerprint and body.get("PositionalConstraint") != "EXACTLY":
        raise waf_invalid(
            "Fingerprints support only EXACTLY.", "POSITIONAL_CONSTRAINT", "PositionalConstraint"
        )


def _check_regex(pattern: str) -> None:
    if not 0 < len(pattern) <= MAX_REGEX:
        raise waf_invalid(
            "The regex is too long or empty.", "REGEX_PATTERN_REFERENCE_STATEMENT", pattern[:80]
        )
    try:
        re.compile(pattern)
    except re.error as error:
        message = "The regular expression is not valid."
        raise AwsError(
            "WAFInvalidParameterException", message, Field="REGEX_STRING", Parameter=pattern
        ) from error


def _check_rate(body: dict[str, Any]) -> None:
    if not 10 <= int(body.get("Limit", 0)) <= 2_000_000_000:
        raise waf_invalid(MINIMUM, "RATE_BASED_STATEMENT", str(body.get("Limit")))
    if body.get("EvaluationWindowSec", 300) not in WINDOWS:
        raise waf_invalid(
            "The parameter is out of range.", "EVALUATION_WINDOW", str(body.get("EvaluationWindowSec"))
        )
    keys = body.get("CustomKeys") or []
    if len(keys) > 5 or (body.get("AggregateKeyType") == "CUSTOM_KEYS") != bool(keys):
        raise waf_invalid("The aggregate keys are not valid.", "RATE_BASED_STATEMENT", "CustomKeys")
