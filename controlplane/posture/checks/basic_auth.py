"""Routes that take user names and passwords on every request."""

from __future__ import annotations

from connectors.base.model import AuthKind, ConfigSnapshot, Route
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
    id="basic_auth",
    title="Basic authentication",
    severity=Severity.MEDIUM,
    why="The password itself travels with every request and can be guessed at the speed of the API.",
    references=("RFC 7617 §4", "Kong docs: basic-auth"),
)


def evaluate(snapshot: ConfigSnapshot, facts: Facts) -> list[CheckResult]:
    """Judge every route that asks for a credential."""
    return judge_each(CHECK, snapshot, ("routes",), snapshot.routes, route_subject, _judge)


def _judge(route: Route) -> Judgement | None:
    if not route.auth_known:
        return unknown("The authentication of this route could not be read.")
    if not route.auth:
        return None
    basic = [auth for auth in route.auth if auth.kind in {AuthKind.BASIC, AuthKind.LDAP}]
    if not basic:
        return passed("No password is sent on requests.")
    plain = " over plain HTTP" if "http" in route.protocols else ""
    return fail(
        f"Callers send their password with every request{plain}.",
        [excerpt("Authentication settings", route.ref, basic[0].details)],
        [
            fixes.deck_plugin("routes", fixes.kong_name(route), "jwt", {"claims_to_verify": ["exp"]}),
            fixes.console("Move callers to short-lived tokens first, then remove the basic-auth plugin."),
        ],
    )
