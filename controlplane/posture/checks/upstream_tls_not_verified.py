"""Upstreams whose certificate nobody checks."""

from __future__ import annotations

from connectors.base.model import ConfigSnapshot, Upstream
from controlplane.findings.types import CheckCard, CheckResult, Severity
from controlplane.posture import aws_fixes, cloudflare_fixes, fixes
from controlplane.posture.judging import (
    Judgement,
    excerpt,
    fail,
    judge_each,
    passed,
    unknown,
    upstream_subject,
)
from controlplane.posture.types import Facts

CHECK = CheckCard(
    id="upstream_tls_not_verified",
    title="Upstream certificate is not verified",
    severity=Severity.MEDIUM,
    why="Anyone between gateway and service can present any certificate and read the traffic.",
    references=(
        "Kong docs: tls_verify",
        "AWS docs: tlsConfig.insecureSkipVerification",
    ),
)


def evaluate(snapshot: ConfigSnapshot, facts: Facts) -> list[CheckResult]:
    """Judge every upstream that is called over TLS."""
    return judge_each(
        CHECK,
        snapshot,
        ("upstreams",),
        snapshot.upstreams,
        upstream_subject,
        lambda upstream: _judge(snapshot, upstream),
    )


def _judge(snapshot: ConfigSnapshot, upstream: Upstream) -> Judgement | None:
    if upstream.kind == aws_fixes.TARGET_GROUP:
        return (
            None  # a load balancer checks no certificates, and in its VPC nobody else can answer for a target
        )
    if not upstream.url.lower().startswith(("https://", "grpcs://", "wss://")):
        return None
    if upstream.tls_verified is None:
        return unknown("Whether the certificate is verified depends on a default that could not be read.")
    if upstream.tls_verified:
        return passed("The upstream's certificate is verified.")
    if snapshot.vendor == "kong":
        fix = fixes.deck(
            "services",
            fixes.upstream_name(snapshot, upstream),
            {"tls_verify": True},
        )
    elif snapshot.vendor == "gcp":
        fix = fixes.console(
            "Make a backend authentication config with the authority of your certificates (Certificate Manager) and name "
            "it in the backend service's TLS settings."
        )
    elif snapshot.vendor == "cloudflare":
        fix = cloudflare_fixes.zone_setting(str(upstream.evidence.get("zone_id")), "ssl", "strict")
    else:
        fix = fixes.terraform(
            "aws_api_gateway_integration",
            upstream.ref,
            {"tls_config": {"insecure_skip_verification": False}},
        )
    return fail(
        f"The certificate of {upstream.url} is not verified.",
        [excerpt("Upstream as declared", upstream.ref, upstream.evidence)],
        [fix],
    )
