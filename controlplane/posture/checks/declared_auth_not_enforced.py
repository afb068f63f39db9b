"""Endpoints that declare authentication and answer calls without it."""

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

#: Anonymous successes below which one stray record could explain them.
ENOUGH = 3

CHECK = CheckCard(
    id="declared_auth_not_enforced",
    title="Declared authentication is not enforced",
    severity=Severity.CRITICAL,
    why="The configuration promises a credential, but calls without one are answered with success.",
    references=("OWASP API2:2023",),
)


def evaluate(snapshot: ConfigSnapshot, facts: Facts) -> list[CheckResult]:
    """Judge every endpoint that declares authentication."""
    return judge_each(CHECK, snapshot, ("routes",), facts.endpoints, endpoint_subject, _judge)


def _judge(endpoint: EndpointFacts) -> Judgement | None:
    if not endpoint.auth_declared or not endpoint.auth_known:
        return None
    if endpoint.anonymous_success >= ENOUGH:
        counts = {
            "declared": list(endpoint.auth_declared),
            "answered 2xx without a credential": endpoint.anonymous_success,
            "with a credential": endpoint.authenticated,
            "credential cannot be told": endpoint.auth_unknown,
        }
        return fail(
            f"{endpoint.anonymous_success} calls without a credential were answered with 2xx, "
            f"although {' or '.join(endpoint.auth_declared)} is declared.",
            [excerpt("Calls by credential", endpoint.id, counts)],
            [
                fixes.console(
                    f"Make the authorizer of {endpoint.label} mandatory, redeploy the stage, and call it once without "
                    "a credential: the answer must be 401."
                )
            ],
        )
    if endpoint.authenticated + endpoint.anonymous == 0:
        return unknown("No call has shown yet whether the declared credential is demanded.")
    return passed("No call without a credential succeeded.")
