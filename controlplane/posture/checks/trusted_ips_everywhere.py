"""A gateway that believes any sender's forwarded client address."""

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

EVERYWHERE = {"0.0.0.0/0", "::/0"}

CHECK = CheckCard(
    id="trusted_ips_everywhere",
    title="Client addresses can be forged",
    severity=Severity.HIGH,
    why="Any caller can claim any address in X-Forwarded-For: IP rules, rate limits and logs become worthless.",
    references=("Kong docs: trusted_ips, real_ip_header",),
    vendors=("kong",),
)


def evaluate(snapshot: ConfigSnapshot, facts: Facts) -> list[CheckResult]:
    """Judge the gateway's ``trusted_ips``."""
    return judge_each(CHECK, snapshot, ("settings",), [snapshot], gateway_subject, _judge)


def _judge(snapshot: ConfigSnapshot) -> Judgement:
    trusted = setting(snapshot, "trusted_ips")
    if trusted is None:
        return unknown("Which senders the gateway trusts could not be read.")
    wide = EVERYWHERE & set(texts(trusted.value))
    if not wide:
        return passed("Only named networks may set the client address.")
    return fail(
        f"trusted_ips holds {min(wide)}: every sender may set the client address.",
        [excerpt("Gateway settings", trusted.ref, {"trusted_ips": trusted.value})],
        [fixes.cli("# kong.conf: only your load balancers' networks\ntrusted_ips = 10.0.0.0/16")],
    )
