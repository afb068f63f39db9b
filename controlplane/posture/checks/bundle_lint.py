"""Proxies in which apigeelint finds a weakness: policies that never run, keys in the open, quotas that do not hold."""

from __future__ import annotations

from connectors.base.model import ConfigSnapshot, Service
from controlplane.findings.types import CheckCard, CheckResult, Severity
from controlplane.posture import fixes
from controlplane.posture.judging import (
    Judgement,
    excerpt,
    fail,
    judge_each,
    passed,
    service_subject,
    unknown,
)
from controlplane.posture.types import Facts

CHECK = CheckCard(
    id="bundle_lint",
    title="apigeelint finds a weakness in a proxy",
    severity=Severity.MEDIUM,
    why="A policy that never runs protects nothing, though it stands in the proxy and looks as if it did.",
    references=("apigeelint: rules", "Apigee docs: Conditions reference"),
    vendors=("apigee",),
)


def evaluate(snapshot: ConfigSnapshot, facts: Facts) -> list[CheckResult]:
    """Judge every proxy that apigeelint was asked about."""
    return judge_each(
        CHECK,
        snapshot,
        ("services", "settings"),
        snapshot.services,
        service_subject,
        lambda proxy: _judge(snapshot, proxy),
    )


def _judge(snapshot: ConfigSnapshot, proxy: Service) -> Judgement | None:
    found = next((entry for entry in snapshot.settings if entry.ref == f"{proxy.ref}#apigeelint"), None)
    if found is None:
        return None
    slips = found.value or []
    if slips:
        meanings = " ".join(dict.fromkeys(str(slip["meaning"]) for slip in slips))
        places = ", ".join(f"{slip['document']}:{slip['line']} ({slip['rule']})" for slip in slips[:5])
        return fail(
            meanings,
            [excerpt("apigeelint", found.ref, slip) for slip in slips[:20]],
            [
                fixes.console(
                    f"Change {places} in the proxy {proxy.name}, deploy a new revision, then read again."
                )
            ],
        )
    if found.value is None:
        return unknown(str(found.evidence.get("reason") or "apigeelint did not say anything of this proxy."))
    return passed("apigeelint was asked and finds none of the weaknesses we take from it.")
