"""IAM policy evaluation: explicit deny, then allow, then implicit deny.

Source: IAM User Guide, "Policy evaluation logic". Supported: Effect, (Not)Action, (Not)Resource, Principal
and the condition operators below. A condition we cannot evaluate fails closed: its Allow does not apply,
its Deny does.
"""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from typing import Any

Policy = dict[str, Any]


class Decision(StrEnum):
    """What the policies say; the two refusals are worded differently by the vendor."""

    ALLOWED = "allowed"
    EXPLICIT_DENY = "explicit deny"
    IMPLICIT_DENY = "implicit deny"


@dataclass(frozen=True)
class Query:
    """One question: may this action be done on one of these ARN forms, given these condition keys?"""

    action: str
    resources: tuple[str, ...]
    context: dict[str, str]
    principal: tuple[str, ...] = ()


@lru_cache(maxsize=4096)
def _pattern(wildcard: str, ignore_case: bool) -> re.Pattern[str]:
    escaped = re.escape(wildcard).replace(r"\*", ".*").replace(r"\?", ".")
    return re.compile(f"^{escaped}$", re.IGNORECASE | re.DOTALL if ignore_case else re.DOTALL)


def _matches(wildcard: str, value: str, ignore_case: bool = False) -> bool:
    return _pattern(wildcard, ignore_case).match(value) is not None


def _many(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


OPERATORS: dict[str, Callable[[str, str], bool]] = {
    "StringEquals": lambda wanted, given: wanted == given,
    "StringNotEquals": lambda wanted, given: wanted != given,
    "StringLike": lambda wanted, given: _matches(wanted, given),
    "ArnEquals": lambda wanted, given: _matches(wanted, given),
    "ArnLike": lambda wanted, given: _matches(wanted, given),
    "Bool": lambda wanted, given: str(wanted).lower() == given.lower(),
}


def _condition_holds(operator: str, key: str, wanted: Any, context: dict[str, str]) -> bool | None:
    name = operator.removesuffix("IfExists")
    if name == "Null":
        return (str(wanted).lower() == "true") == (key.lower() not in context)
    test = OPERATORS.get(name)
    if test is None:
        return None
    given = context.get(key.lower())
    if given is None:
        return name == "StringNotEquals" or operator.endswith("IfExists")
    results = [test(str(value), given) for value in _many(wanted)]
    return all(results) if name == "StringNotEquals" else any(results)


def _conditions_hold(statement: Policy, context: dict[str, str]) -> bool | None:
    lowered = {key.lower(): value for key, value in context.items()}
    verdicts = [
        _condition_holds(operator, key, wanted, lowered)
        for operator, block in statement.get("Condition", {}).items()
        for key, wanted in block.items()
    ]
    if False in verdicts:
        return False
    return None if None in verdicts else True


def _principal_matches(statement: Policy, query: Query) -> bool:
    principal = statement.get("Principal")
    if principal is None:
        return True
    if principal == "*":
        return True
    wanted = _many(principal.get("AWS", [])) if isinstance(principal, dict) else []
    return any(item == "*" or item in query.principal for item in wanted)


def _applies(statement: Policy, query: Query) -> bool | None:
    """True, False, or None where only an unknown condition keeps us from saying."""
    if "Action" in statement:
        named = any(_matches(item, query.action, ignore_case=True) for item in _many(statement["Action"]))
    else:
        named = not any(
            _matches(i, query.action, ignore_case=True) for i in _many(statement.get("NotAction", "*"))
        )
    if not named or not _principal_matches(statement, query):
        return False
    if "NotResource" in statement:
        covered = not any(_matches(i, r) for i in _many(statement["NotResource"]) for r in query.resources)
    else:
        covered = any(_matches(i, r) for i in _many(statement.get("Resource", "*")) for r in query.resources)
    return _conditions_hold(statement, query.context) if covered else False


def evaluate(policies: Iterable[Policy], query: Query) -> Decision:
    """The decision of all ``policies`` together on ``query``."""
    decision = Decision.IMPLICIT_DENY
    for policy in policies:
        for statement in _many(policy.get("Statement", [])):
            applies = _applies(statement, query)
            if statement.get("Effect") == "Deny" and applies is not False:
                return Decision.EXPLICIT_DENY
            if statement.get("Effect") == "Allow" and applies is True:
                decision = Decision.ALLOWED
    return decision
