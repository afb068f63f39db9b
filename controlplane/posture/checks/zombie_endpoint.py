"""Retired or superseded endpoints that are still called."""

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
    id="zombie_endpoint",
    title="Old version still receives traffic",
    severity=Severity.MEDIUM,
    why="Old versions miss the fixes of the new one, and nobody watches them.",
    references=("OWASP API9:2023",),
)


def evaluate(snapshot: ConfigSnapshot, facts: Facts) -> list[CheckResult]:
    """Judge every endpoint that was called."""
    return judge_each(CHECK, snapshot, (), facts.endpoints, endpoint_subject, _judge)


def _judge(endpoint: EndpointFacts) -> Judgement | None:
    if not endpoint.calls:
        return None
    if endpoint.state == "unknown":
        return unknown("Whether it is a retired version cannot be told from what was read.")
    if endpoint.state != "zombie":
        return passed("The endpoint is not a retired version.")
    newer = f"; {endpoint.replaced_by} replaces it" if endpoint.replaced_by else ""
    return fail(
        f"It should be gone and still received {endpoint.calls} calls{newer}.",
        [
            excerpt(
                "Why it counts as zombie",
                endpoint.id,
                {"why": list(endpoint.states_why), "calls": endpoint.calls},
            )
        ],
        [
            fixes.console(
                f"Tell the callers of {endpoint.label} (listed on its page) the date it ends, answer with a Sunset "
                "header until then, and remove the route afterwards."
            )
        ],
    )
