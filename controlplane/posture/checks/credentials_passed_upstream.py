"""Credentials that Kong passes on to the upstream (``hide_credentials`` off)."""

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
    id="credentials_passed_upstream",
    title="Credentials are passed to the upstream",
    severity=Severity.LOW,
    why="The service behind the gateway, and its logs, receive callers' keys and passwords it does not need.",
    references=("Kong docs: hide_credentials",),
    vendors=("kong",),
)


def evaluate(snapshot: ConfigSnapshot, facts: Facts) -> list[CheckResult]:
    """Judge every route with a plugin that can hide credentials."""
    return judge_each(CHECK, snapshot, ("routes", "plugins"), snapshot.routes, route_subject, _judge)


def _judge(route: Route) -> Judgement | None:
    if not route.auth_known:
        return unknown("The authentication of this route could not be read.")
    able = [auth for auth in route.auth if "hide_credentials" in auth.details]
    if not able:
        return None
    passing = [auth for auth in able if not auth.details["hide_credentials"]]
    if not passing:
        return passed("Credentials are removed before the request is passed on.")
    plugin = fixes.plugin_name(passing[0])
    return fail(
        f"{plugin} passes the caller's credential on to the upstream.",
        [excerpt(f"{plugin} settings", route.ref, passing[0].details)],
        [fixes.deck_plugin("routes", fixes.kong_name(route), plugin, {"hide_credentials": True})],
    )
