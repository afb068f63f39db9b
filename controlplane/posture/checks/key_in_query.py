"""API keys that are accepted in the query string."""

from __future__ import annotations

from connectors.base.model import Auth, AuthKind, ConfigSnapshot, Route
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
    id="key_in_query",
    title="API key accepted in the query",
    severity=Severity.MEDIUM,
    why="Addresses end up in logs, browser histories and referrers, and the key with them.",
    references=("Kong docs: key-auth, key_in_query", "RFC 6750 §2.3"),
    vendors=("kong",),
)


def evaluate(snapshot: ConfigSnapshot, facts: Facts) -> list[CheckResult]:
    """Judge every route that takes an API key."""
    return judge_each(CHECK, snapshot, ("routes",), snapshot.routes, route_subject, _judge)


def in_query(auth: Auth) -> bool:
    """Whether the credential may come in the query string."""
    return "query" in auth.location or bool(auth.details.get("key_in_query"))


def _judge(route: Route) -> Judgement | None:
    if not route.auth_known:
        return unknown("The authentication of this route could not be read.")
    keys = [auth for auth in route.auth if auth.kind is AuthKind.API_KEY]
    if not keys:
        return None
    exposed = [auth for auth in keys if in_query(auth)]
    if not exposed:
        return passed("The key is only taken from a header.")
    return fail(
        "The API key may be sent in the query string.",
        [excerpt("Authentication settings", route.ref, exposed[0].details)],
        [fixes.deck_plugin("routes", fixes.kong_name(route), "key-auth", {"key_in_query": False})],
    )
