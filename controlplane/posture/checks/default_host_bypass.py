"""The vendor-made address that goes past the custom domain and what protects it."""

from __future__ import annotations

from connectors.base.model import ConfigSnapshot, Service
from controlplane.findings.types import CheckCard, CheckResult, Severity
from controlplane.posture import aws_fixes
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
    id="default_host_bypass",
    title="Default address bypasses the custom domain",
    severity=Severity.HIGH,
    why="Mutual TLS, CDN rules and a WAF in front of the custom domain do not see calls to the default address.",
    references=(
        "AWS docs: disable the default endpoint",
        "CloudSploit apigatewayDefaultEndpointDisabled",
    ),
)


def evaluate(snapshot: ConfigSnapshot, facts: Facts) -> list[CheckResult]:
    """Judge every service that has a vendor-made address beside a custom domain or a CDN in front."""
    return judge_each(
        CHECK,
        snapshot,
        ("services", "stages"),
        snapshot.services,
        service_subject,
        lambda service: _judge(snapshot, service),
    )


def _judge(snapshot: ConfigSnapshot, service: Service) -> Judgement | None:
    if not service.default_host:
        return None
    stages = [stage for stage in snapshot.stages if stage.service_ref == service.ref]
    hosts = {*service.hosts, *(host for stage in stages for host in stage.hosts)} - {service.default_host}
    fronts = [front for stage in stages for front in aws_fixes.fronts_of(stage)]
    if not hosts and not fronts:
        known = all(aws_fixes.fronts_known(stage) for stage in stages)
        return None if known or service.default_host_enabled is False else unknown(aws_fixes.FRONTS_NOT_KNOWN)
    if service.default_host_enabled is None:
        return unknown("Whether the default address is switched off could not be read.")
    if not service.default_host_enabled:
        return passed("The default address is switched off.")
    past = f"CloudFront distribution {fronts[0]['name']}" if fronts else f"its domain {min(hosts)}"
    return fail(
        f"{service.default_host} reaches the API past {past}.",
        [excerpt("API as declared", service.ref, service.evidence)],
        [aws_fixes.close_default_endpoint(service, fronts)],
    )
