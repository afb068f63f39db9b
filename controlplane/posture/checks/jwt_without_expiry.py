"""JWT plugins that accept tokens for ever."""

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
    id="jwt_without_expiry",
    title="JWT expiry is not verified",
    severity=Severity.HIGH,
    why="A stolen or leaked token works for ever: the plugin does not look at its exp claim.",
    references=("Kong docs: jwt, claims_to_verify", "RFC 8725 §3.1"),
    vendors=("kong",),
)


def evaluate(snapshot: ConfigSnapshot, facts: Facts) -> list[CheckResult]:
    """Judge every route with Kong's jwt plugin."""
    return judge_each(CHECK, snapshot, ("routes", "plugins"), snapshot.routes, route_subject, _judge)


def _judge(route: Route) -> Judgement | None:
    if not route.auth_known:
        return unknown("The authentication of this route could not be read.")
    tokens = [auth for auth in route.auth if auth.kind is AuthKind.JWT and fixes.plugin_name(auth) == "jwt"]
    if not tokens:
        return None
    lasting = [auth for auth in tokens if "exp" not in (auth.details.get("claims_to_verify") or ())]
    if not lasting:
        return passed("The exp claim is verified.")
    return fail(
        "The jwt plugin does not verify the exp claim; tokens never run out.",
        [excerpt("jwt settings", route.ref, lasting[0].details)],
        [
            fixes.deck_plugin(
                "routes",
                fixes.kong_name(route),
                "jwt",
                {"claims_to_verify": ["exp"], "maximum_expiration": 3600},
            )
        ],
    )
