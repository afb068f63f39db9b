"""Endpoints that answer traffic and are declared nowhere."""

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
    id="shadow_endpoint",
    title="Shadow endpoint",
    severity=Severity.MEDIUM,
    why="It is in use but in no declared route or document, so nobody reviewed or protects it.",
    references=("OWASP API9:2023",),
)


def evaluate(snapshot: ConfigSnapshot, facts: Facts) -> list[CheckResult]:
    """Judge every endpoint; without traffic nothing can be said."""
    if not facts.traffic_seen:
        return judge_each(CHECK, snapshot, ("routes",), facts.endpoints, endpoint_subject, _no_traffic)
    return judge_each(CHECK, snapshot, ("routes",), facts.endpoints, endpoint_subject, _judge)


def _no_traffic(endpoint: EndpointFacts) -> Judgement:
    return unknown("No calls have arrived yet, so undeclared endpoints cannot be seen.")


def _judge(endpoint: EndpointFacts) -> Judgement:
    if endpoint.state == "unknown":
        return unknown("Whether it is declared cannot be told from what was read.")
    if endpoint.state != "shadow":
        return passed("The endpoint is declared.")
    document = {"why": list(endpoint.states_why), "calls": endpoint.calls}
    return fail(
        f"{endpoint.calls} calls reached it, but no declared route or document names it.",
        [excerpt("Facts of the endpoint", endpoint.id, document)],
        [
            fixes.console(
                f"Declare {endpoint.label} as a route of its own with authentication, or close the catch-all route "
                "that lets it through."
            )
        ],
    )
