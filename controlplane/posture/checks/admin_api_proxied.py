"""Kong's Admin API published through the gateway itself."""

from __future__ import annotations

from urllib.parse import urlsplit

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

ADMIN_PORTS = {8001, 8444}

CHECK = CheckCard(
    id="admin_api_proxied",
    title="Admin API is published through a route",
    severity=Severity.CRITICAL,
    why="A route to the gateway's own Admin API without authentication hands the gateway to its callers.",
    references=("Kong docs: Kong API loopback",),
    vendors=("kong",),
)


def evaluate(snapshot: ConfigSnapshot, facts: Facts) -> list[CheckResult]:
    """Judge every route whose upstream is an Admin API port."""
    urls = {upstream.ref: upstream.url for upstream in snapshot.upstreams}
    return judge_each(
        CHECK,
        snapshot,
        ("routes", "upstreams"),
        snapshot.routes,
        route_subject,
        lambda route: _judge(route, urls.get(route.upstream_ref, "")),
    )


def _judge(route: Route, url: str) -> Judgement | None:
    if not url:
        return None
    try:
        port = urlsplit(url).port
    except ValueError:
        return unknown("The upstream's address could not be read.")
    if port not in ADMIN_PORTS:
        return None
    if not route.auth_known:
        return unknown("The authentication of this route could not be read.")
    if any(not auth.optional for auth in route.auth):
        return passed("The route to the Admin API asks for a credential.")
    return fail(
        f"The route reaches {url}, an Admin API port, without a mandatory credential.",
        [excerpt("Route as declared", route.ref, route.evidence)],
        [
            fixes.deck_plugin("routes", fixes.kong_name(route), "key-auth", {"hide_credentials": True}),
            fixes.cli(f"curl -X DELETE http://127.0.0.1:8001/routes/{route.ref}"),
        ],
    )
