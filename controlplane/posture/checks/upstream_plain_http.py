"""Upstreams that are called over plain HTTP."""

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
    upstream_subject,
)
from controlplane.posture.types import Facts

CHECK = CheckCard(
    id="upstream_plain_http",
    title="Upstream over plain HTTP",
    severity=Severity.MEDIUM,
    why="Between gateway and service, credentials and data travel readable and changeable.",
    references=("OWASP API8:2023", "Kong docs: service protocol", "CKV_AWS_378"),
)


def evaluate(snapshot: ConfigSnapshot, facts: Facts) -> list[CheckResult]:
    """Judge every upstream that is an address."""
    return judge_each(
        CHECK,
        snapshot,
        ("upstreams",),
        snapshot.upstreams,
        upstream_subject,
        lambda upstream: _judge(snapshot, upstream),
    )


def _judge(snapshot: ConfigSnapshot, upstream: Upstream) -> Judgement | None:
    scheme = upstream.url.partition("://")[0].lower()
    if scheme not in {"http", "https", "grpc", "grpcs", "ws", "wss"}:
        return None
    if scheme.endswith("s") and scheme != "ws":
        return passed("The upstream is called over TLS.")
    secure = upstream.url.replace(f"{scheme}://", f"{scheme}s://", 1)
    if upstream.kind in aws_fixes.EDGE_UPSTREAMS:
        fix = aws_fixes.encrypted_upstream(upstream)
    elif snapshot.vendor == "kong":
        name = fixes.upstream_name(snapshot, upstream)
        fix = fixes.deck("services", name, {"url": secure, "tls_verify": True})
    elif snapshot.vendor == "gcp":
        name = upstream.ref.rpartition("/")[2]
        fix = fixes.gcloud(f"backend-services update {name} --global --protocol=HTTPS --port-name=https")
    elif snapshot.vendor == "cloudflare":
        fix = cloudflare_fixes.zone_setting(str(upstream.evidence.get("zone_id")), "ssl", "strict")
    else:
        fix = fixes.terraform(
            "aws_api_gateway_integration",
            upstream.ref,
            {"type": "HTTP_PROXY", "uri": secure},
        )
    return fail(
        f"{upstream.url} is called without TLS.",
        [excerpt("Upstream as declared", upstream.ref, upstream.evidence)],
        [fix],
    )
