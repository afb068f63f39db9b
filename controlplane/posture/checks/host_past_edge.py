"""API hosts whose DNS records lead past Cloudflare."""

from __future__ import annotations

import re
from typing import Final

from connectors.base.model import ConfigSnapshot, Setting
from controlplane.findings.types import CheckCard, CheckResult, Severity, Subject
from controlplane.posture import cloudflare_fixes
from controlplane.posture.judging import Judgement, excerpt, fail, judge_each, passed
from controlplane.posture.types import Facts

CHECK = CheckCard(
    id="host_past_edge",
    title="API host is not proxied",
    severity=Severity.HIGH,
    why="Its traffic passes neither rules nor rate limits nor logs, and the record shows where the origin is.",
    references=("Cloudflare docs: Proxied DNS records", "OWASP API8:2023"),
    vendors=("cloudflare",),
)

#: Names that say "an API" by themselves; any other host counts once the inventory has endpoints on it.
_API_NAME: Final = re.compile(r"(?:^|[.-])(?:api|apis|graphql|rest|gateway|ws)(?:[.-]|\d)")


def evaluate(snapshot: ConfigSnapshot, facts: Facts) -> list[CheckResult]:
    """Judge every host that does not pass Cloudflare, and say of each proxied one that it does."""
    known = {endpoint.host.lower() for endpoint in facts.endpoints}
    records = [entry for entry in snapshot.settings if entry.name == "dns.unproxied"]
    results = judge_each(
        CHECK,
        snapshot,
        ("dns",),
        records,
        _subject,
        lambda record: _judge(record, str(record.value) in known),
    )
    proxied = {host for service in snapshot.services for host in service.hosts}
    for host in sorted(proxied - {str(entry.value) for entry in records}):
        found = passed("The host's traffic passes Cloudflare.")
        results.append(CheckResult(CHECK.id, Subject("host", host, host), found.verdict, found.sentence))
    return results


def _subject(record: Setting) -> Subject:
    return Subject("host", str(record.value), str(record.value))


def _judge(record: Setting, in_inventory: bool) -> Judgement | None:
    host = str(record.value)
    if not in_inventory and not _API_NAME.search(host):
        return None
    return fail(
        f"The record of {host} is not proxied: its traffic does not pass Cloudflare.",
        [excerpt("DNS record", record.ref, record.evidence)],
        [cloudflare_fixes.proxy(host)],
    )
