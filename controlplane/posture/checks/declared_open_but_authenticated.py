"""Endpoints declared open whose callers all present a credential."""

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
)
from controlplane.posture.types import EndpointFacts, Facts

#: Calls with a credential, and none without, from which the intent can be read.
ENOUGH = 30

CHECK = CheckCard(
    id="declared_open_but_authenticated",
    title="Gateway does not check the credential callers send",
    severity=Severity.LOW,
    why="Callers send credentials the gateway does not look at: a forgotten authorizer, or a check left to the code.",
    references=("OWASP API2:2023",),
)


def evaluate(snapshot: ConfigSnapshot, facts: Facts) -> list[CheckResult]:
    """Judge every endpoint declared open that has enough calls."""
    return judge_each(CHECK, snapshot, ("routes",), facts.endpoints, endpoint_subject, _judge)


def _judge(endpoint: EndpointFacts) -> Judgement | None:
    if endpoint.auth_declared or not endpoint.auth_known or not endpoint.route_refs:
        return None
    if endpoint.authenticated < ENOUGH:
        return None
    if endpoint.anonymous:
        return passed("Callers without a credential are served too, as declared.")
    counts = {
        "with a credential": endpoint.authenticated,
        "without": endpoint.anonymous,
    }
    return fail(
        f"All {endpoint.authenticated} calls carried a credential, but the route declares no authentication.",
        [excerpt("Calls by credential", endpoint.id, counts)],
        [
            fixes.console(
                f"Add the authorizer to {endpoint.label}, or record that the service itself checks tokens."
            )
        ],
    )
