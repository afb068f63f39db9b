"""Repairs at AWS's load balancers and CloudFront: Terraform for the resource at hand, steps where an order matters."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from connectors.base.model import ConfigSnapshot, Service, Stage, Upstream
from controlplane.findings.types import Fix
from controlplane.posture import fixes

#: Kinds of services that stand at the edge, as the snapshot names them.
BALANCER: Final = "load_balancer"
DISTRIBUTION: Final = "distribution"
EDGES: Final = (BALANCER, DISTRIBUTION)
#: Kinds of upstreams that stand behind them.
TARGET_GROUP: Final = "target_group"
#: Said of an API when the account's distributions could not be read.
FRONTS_NOT_KNOWN: Final = "Whether a distribution stands in front could not be read."
EDGE_UPSTREAMS: Final = (TARGET_GROUP, "origin")


def edge_of(snapshot: ConfigSnapshot, stage: Stage) -> str:
    """The kind of a stage that is a load balancer or a distribution of AWS, else ""."""
    service = fixes.service_of(snapshot, stage.service_ref)
    return service.kind if snapshot.vendor == "aws" and service is not None and service.kind in EDGES else ""


def balancer(name: str, arguments: Mapping[str, Any]) -> Fix:
    """Arguments of one load balancer."""
    return fixes.terraform("aws_lb", name, {"name": name, **arguments})


def distribution(name: str, arguments: Mapping[str, Any]) -> Fix:
    """Arguments of one distribution."""
    return fixes.terraform("aws_cloudfront_distribution", name, arguments)


def access_log(stage: Stage, kind: str) -> Fix:
    """Log every request to a bucket."""
    if kind == BALANCER:
        return balancer(stage.name, {"access_logs": {"bucket": "$aws_s3_bucket.logs.id", "enabled": True}})
    bucket = "$aws_s3_bucket.logs.bucket_domain_name"
    return distribution(stage.name, {"logging_config": {"bucket": bucket, "include_cookies": False}})


def web_acl(stage: Stage, kind: str) -> Fix:
    """Attach a web ACL; CloudFront's are made in us-east-1."""
    if kind == DISTRIBUTION:
        return distribution(stage.name, {"web_acl_id": "$aws_wafv2_web_acl.edge.arn"})
    return fixes.terraform(
        "aws_wafv2_web_acl_association",
        stage.name,
        {"resource_arn": stage.ref, "web_acl_arn": "$aws_wafv2_web_acl.api.arn"},
    )


def rate_rule(stage: Stage) -> Fix:
    """Limit every address, by a rule of the web ACL: nothing else at the edge can."""
    return fixes.console(
        f"Add a rate-based rule to the web ACL of {stage.name}: for example 2,000 requests in five minutes per address, "
        "first with the action Count. Attach a web ACL where there is none."
    )


def only_https(service: Service) -> Fix:
    """Redirect plain HTTP."""
    if service.kind == DISTRIBUTION:
        return distribution(
            service.name, {"default_cache_behavior": {"viewer_protocol_policy": "redirect-to-https"}}
        )
    redirect = {"protocol": "HTTPS", "port": "443", "status_code": "HTTP_301"}
    return fixes.terraform(
        "aws_lb_listener",
        f"{service.name}_http",
        {
            "load_balancer_arn": service.ref,
            "port": 80,
            "protocol": "HTTP",
            "default_action": {"type": "redirect", "redirect": redirect},
        },
    )


def encrypted_upstream(upstream: Upstream) -> Fix:
    """Call a target group or an origin by HTTPS."""
    if upstream.kind == TARGET_GROUP:
        name = str(upstream.evidence.get("TargetGroupName"))
        return fixes.terraform("aws_lb_target_group", name, {"name": name, "protocol": "HTTPS", "port": 443})
    name = str(upstream.evidence.get("DomainName"))
    origin = {"domain_name": name, "custom_origin_config": {"origin_protocol_policy": "https-only"}}
    return distribution(name, {"origin": origin})


def newer_tls(snapshot: ConfigSnapshot, ref: str, host: str) -> Fix:
    """Accept TLS 1.2 and newer only, at a listener, a distribution or a custom domain."""
    if ":listener/" in ref:
        return fixes.terraform(
            "aws_lb_listener", host, {"ssl_policy": "ELBSecurityPolicy-TLS13-1-2-Res-2021-06"}
        )
    if ":distribution/" in ref:
        newer = {"minimum_protocol_version": "TLSv1.2_2021"}
        stage = next((stage for stage in snapshot.stages if stage.ref == ref), None)
        certificate = stage.evidence.get("viewerCertificate") if stage else None
        if not (certificate or {}).get("CloudFrontDefaultCertificate"):
            return distribution(host, {"viewer_certificate": newer})
        # CloudFront's own certificate always takes TLS 1.0; only a certificate of one's own takes a policy.
        own = {"acm_certificate_arn": "$aws_acm_certificate.edge.arn", "ssl_support_method": "sni-only"}
        return distribution(host, {"aliases": ["YOUR-DOMAIN"], "viewer_certificate": {**own, **newer}})
    return fixes.terraform(
        "aws_api_gateway_domain_name", host, {"domain_name": host, "security_policy": "TLS_1_2"}
    )


def close_default_endpoint(service: Service, fronts: list[Mapping[str, Any]]) -> Fix:
    """Switch the vendor-made address off; a distribution that calls it needs another origin first."""
    if any(front.get("origin") == service.default_host for front in fronts):
        return fixes.console(
            f"Give {service.name} a custom domain, make it the distribution's origin instead of {service.default_host}, and "
            "then disable the default endpoint. Let the API ask for a header or certificate only CloudFront sends."
        )
    kind = "aws_api_gateway_rest_api" if service.kind == "rest_api" else "aws_apigatewayv2_api"
    return fixes.terraform(kind, service.name, {"name": service.name, "disable_execute_api_endpoint": True})


def fronts_of(stage: Stage) -> list[Mapping[str, Any]]:
    """The distributions in front of a stage, each with ``name``, ``webAcl`` and ``origin``."""
    return list(stage.evidence.get("distributions") or ())


def fronts_known(stage: Stage) -> bool:
    """Whether it was read which distributions stand in front of a stage."""
    return stage.evidence.get("distributions", ()) is not None


def rules_read(snapshot: ConfigSnapshot, service: Service) -> bool:
    """Whether every listener and rule of a load balancer was read."""
    stages = [stage for stage in snapshot.stages if stage.service_ref == service.ref]
    return all(
        stage.evidence.get("listeners", ()) is not None and stage.evidence.get("rulesRead", True)
        for stage in stages
    )
