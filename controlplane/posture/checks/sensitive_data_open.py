"""Sensitive data on endpoints that answer without a credential."""

from __future__ import annotations

from connectors.base.model import ConfigSnapshot
from controlplane.findings.types import CheckCard, CheckResult, Severity
from controlplane.posture import fixes
from controlplane.posture.judging import (
    Judgement,
    endpoint_subject,
    excerpt,
    fail,
    judge_each,
    passed,
    unknown,
)
from controlplane.posture.types import EndpointFacts, Facts

CHECK = CheckCard(
    id="sensitive_data_open",
    title="Sensitive data on an open endpoint",
    severity=Severity.CRITICAL,
    why="Personal or secret data can be read by anyone who finds the address.",
    references=("OWASP API3:2023", "GDPR Art. 32"),
)


def evaluate(snapshot: ConfigSnapshot, facts: Facts) -> list[CheckResult]:
    """Judge every endpoint on which data classes were seen."""
    return judge_each(
        CHECK,
        snapshot,
        ("routes",),
        facts.endpoints,
        endpoint_subject,
        lambda endpoint: _judge(facts, endpoint),
    )


def _judge(facts: Facts, endpoint: EndpointFacts) -> Judgement | None:
    classes = sorted(set(endpoint.data_classes) & facts.sensitive_classes)
    if not classes:
        return None
    if endpoint.anonymous_success:
        how = f"{endpoint.anonymous_success} calls without a credential succeeded"
    elif (
        endpoint.auth_known
        and not endpoint.auth_declared
        and endpoint.route_refs
        and not endpoint.authenticated
    ):
        how = "no authentication is declared"
    elif not endpoint.auth_known and not endpoint.authenticated:
        return unknown(f"It carries {', '.join(classes)}, but its authentication could not be read.")
    else:
        return passed("Callers of this endpoint present a credential.")
    return fail(
        f"The endpoint carries {', '.join(classes)} and {how}.",
        [
            excerpt(
                "Data classes seen",
                endpoint.id,
                {"classes": classes, "calls": endpoint.calls},
            )
        ],
        [
            fixes.console(
                f"Demand a credential on {endpoint.label}, or stop returning {', '.join(classes)} there."
            )
        ],
    )
