"""Load balancers and CloudFront distributions of the customer, made through AWS's API by their administrator."""

from __future__ import annotations

from typing import Any

VISIBILITY = {"SampledRequestsEnabled": True, "CloudWatchMetricsEnabled": True, "MetricName": "m"}
ORIGIN_SECRET = "origin-s3cr3t"
NEW_TLS, OLD_TLS = "ELBSecurityPolicy-TLS13-1-2-2021-06", "ELBSecurityPolicy-2016-08"


def web_acl(estate: Any, name: str, scope: str = "REGIONAL", rules: tuple[dict[str, Any], ...] = ()) -> str:
    """An allowing web ACL; its ARN."""
    client = estate.admin("wafv2", "us-east-1") if scope == "CLOUDFRONT" else estate.admin("wafv2")
    made = client.create_web_acl(
        Name=name, Scope=scope, DefaultAction={"Allow": {}}, VisibilityConfig=VISIBILITY, Rules=list(rules)
    )
    return str(made["Summary"]["ARN"])


def rate_rule() -> dict[str, Any]:
    """A rule that limits every address."""
    statement = {"RateBasedStatement": {"Limit": 600, "AggregateKeyType": "IP"}}
    return {
        "Name": "rate", "Priority": 1, "Action": {"Block": {}}, "Statement": statement, "VisibilityConfig": VISIBILITY,
    }  # fmt: skip


def load_balancer(estate: Any, name: str = "web", **more: Any) -> dict[str, Any]:
    """A load balancer without listeners: its ARN and DNS name."""
    subnets = [entry["SubnetId"] for entry in estate.admin("ec2").describe_subnets()["Subnets"][:2]]
    made = estate.admin("elbv2").create_load_balancer(
        Name=name, Subnets=subnets, **{"Scheme": "internet-facing", **more}
    )
    return dict(made["LoadBalancers"][0])


def target_group(estate: Any, name: str = "orders", protocol: str = "HTTPS") -> str:
    """A target group; its ARN."""
    vpc = estate.admin("ec2").describe_vpcs()["Vpcs"][0]["VpcId"]
    made = estate.admin("elbv2").create_target_group(Name=name, Protocol=protocol, Port=8443, VpcId=vpc)
    return str(made["TargetGroups"][0]["TargetGroupArn"])


def listener(estate: Any, balancer: str, actions: list[dict[str, Any]], **more: Any) -> str:
    """A listener, HTTPS unless told otherwise; its ARN."""
    given = {"Protocol": "HTTPS", "Port": 443, "SslPolicy": NEW_TLS, **more}
    if given["Protocol"] == "HTTPS":
        certificate = estate.admin("acm").request_certificate(DomainName="shop.example")["CertificateArn"]
        given["Certificates"] = [{"CertificateArn": certificate}]
    else:
        given.pop("SslPolicy")
    made = estate.admin("elbv2").create_listener(LoadBalancerArn=balancer, DefaultActions=actions, **given)
    return str(made["Listeners"][0]["ListenerArn"])


def forward(group: str) -> list[dict[str, Any]]:
    """The action that leads to one target group."""
    return [{"Type": "forward", "TargetGroupArn": group}]


TO_HTTPS = [
    {"Type": "redirect", "RedirectConfig": {"Protocol": "HTTPS", "Port": "443", "StatusCode": "HTTP_301"}}
]


def listed(*entries: Any) -> dict[str, Any]:
    """A list as CloudFront writes one."""
    return {"Quantity": len(entries), **({"Items": list(entries)} if entries else {})}


def origin(host: str, path: str = "", policy: str = "https-only") -> dict[str, Any]:
    """A custom origin, by its host as id, with a secret header."""
    return {
        "Id": host,
        "DomainName": host,
        "OriginPath": path,
        "CustomHeaders": listed({"HeaderName": "x-origin-verify", "HeaderValue": ORIGIN_SECRET}),
        "CustomOriginConfig": {
            "HTTPPort": 80, "HTTPSPort": 443, "OriginProtocolPolicy": policy, "OriginSslProtocols": listed("TLSv1.2"),
        },
    }  # fmt: skip


def behaviour(host: str, viewers: str = "redirect-to-https", **more: Any) -> dict[str, Any]:
    """A cache behaviour of every method."""
    methods = ("GET", "HEAD", "OPTIONS", "PUT", "PATCH", "POST", "DELETE")
    return {
        "TargetOriginId": host,
        "ViewerProtocolPolicy": viewers,
        "AllowedMethods": {**listed(*methods), "CachedMethods": listed("GET", "HEAD")},
        **more,
    }


def distribution(estate: Any, *origins: dict[str, Any], **more: Any) -> dict[str, Any]:
    """A distribution of the alias ``shop.example``: its ARN, id and own domain."""
    config: dict[str, Any] = {
        "CallerReference": f"ref-{more.get('Comment', 'one')}",
        "Aliases": listed("shop.example"),
        "Origins": listed(*origins),
        "DefaultCacheBehavior": behaviour(origins[0]["Id"]),
        "Comment": "shop front",
        "Enabled": True,
        "ViewerCertificate": {
            "ACMCertificateArn": "arn:aws:acm:us-east-1:123456789012:certificate/1",
            "MinimumProtocolVersion": "TLSv1.2_2021",
            "SSLSupportMethod": "sni-only",
        },
    }
    made = estate.admin("cloudfront").create_distribution(DistributionConfig={**config, **more})
    return dict(made["Distribution"])
