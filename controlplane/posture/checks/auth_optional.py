"""Authentication that lets callers without a credential through (Kong's ``anonymous``)."""

from __future__ import annotations

from connectors.base.model import ConfigSnapshot, Route
from controlplane.findings.types import CheckCard, CheckResult, Severity
from controlplane.posture import fixes
from controlplane.posture.judging import (
    Judgement,
    excerpt,
    fail,
    judge_each,
    passed,
    route_subject,
    unknown,
)
from controlplane.posture.types import Facts

CHECK = CheckCard(
    id="auth_optional",
    title="Authentication is optional",
    severity=Severity.HIGH,
    why="A request without a credential falls through to an anonymous consumer, so the plugin proves nothing.",
    references=(
        "Kong docs: multiple authentication, config.anonymous",
        "OWASP API2:2023",
    ),
    vendors=("kong",),
)


def evaluate(snapshot: ConfigSnapshot, facts: Facts) -> list[CheckResult]:
    """Judge every route that declares some authentication."""
    return judge_each(CHECK, snapshot, ("routes", "plugins"), snapshot.routes, route_subject, _judge)


def _judge(route: Route) -> Judgement | None:
    if not route.auth_known:
        return unknown("The authentication of this route could not be read.")
    if not route.auth:
        return None
    if not all(auth.optional for auth in route.auth):
        return passed("At least one credential is mandatory.")
    plugin = fixes.plugin_name(route.auth[0])
    return fail(
        f"The plugin {plugin} lets callers without a credential through as an anonymous consumer.",
        [
            excerpt(f"{auth.source or auth.kind.value} settings", route.ref, auth.details)
            for auth in route.auth
        ],
        [
            fixes.deck_plugin(
                "routes",
                fixes.kong_name(route),
                plugin,
                {"anonymous": None},
            ),
            fixes.console(
                "If some callers must stay anonymous, give them their own route and stop them there by ACL."
            ),
        ],
    )
