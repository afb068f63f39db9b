"""Kong's Admin API listening beyond the loopback interface."""

from __future__ import annotations

from connectors.base.model import ConfigSnapshot
from controlplane.findings.types import CheckCard, CheckResult, Severity
from controlplane.posture import fixes
from controlplane.posture.judging import (
    Judgement,
    excerpt,
    fail,
    gateway_subject,
    judge_each,
    passed,
    unknown,
)
from controlplane.posture.settings import setting, texts
from controlplane.posture.types import Facts

LOOPBACK = ("127.", "localhost", "[::1]", "off", "unix:")

CHECK = CheckCard(
    id="admin_api_exposed",
    title="Admin API listens beyond loopback",
    severity=Severity.CRITICAL,
    why="The open-source Admin API asks for no credential: who reaches it owns the gateway.",
    references=("Kong docs: secure the Admin API",),
    vendors=("kong",),
)


def evaluate(snapshot: ConfigSnapshot, facts: Facts) -> list[CheckResult]:
    """Judge the gateway's ``admin_listen``."""
    return judge_each(CHECK, snapshot, ("settings",), [snapshot], gateway_subject, _judge)


def _judge(snapshot: ConfigSnapshot) -> Judgement:
    listen = setting(snapshot, "admin_listen")
    if listen is None:
        return unknown("Where the Admin API listens could not be read.")
    beyond = [entry for entry in texts(listen.value) if not entry.startswith(LOOPBACK)]
    if not beyond:
        return passed("The Admin API listens on loopback only.")
    return fail(
        f"The Admin API listens on {beyond[0]}, reachable by every host that can route to the gateway.",
        [excerpt("Gateway settings", listen.ref, {"admin_listen": listen.value})],
        [fixes.cli("# kong.conf\nadmin_listen = 127.0.0.1:8001, 127.0.0.1:8444 ssl")],
    )
