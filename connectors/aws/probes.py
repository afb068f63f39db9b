"""The harmless call behind each permission test, and which of AWS's answers prove that it was permitted."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

_NAME = "portcullis-access-check"
_NO_ID = "00000000-0000-4000-8000-000000000000"
_GONE = frozenset(
    {"WAFNonexistentItemException", "WAFOptimisticLockException", "WAFInvalidParameterException"}
)
_NOT_FOUND = frozenset({"NotFoundException", "BadRequestException"})
_INVALID = frozenset(
    {"WAFInvalidParameterException", "WAFDuplicateItemException", "WAFLimitsExceededException"}
)

Parameters = Callable[[str, str], dict[str, Any]]
Undo = Callable[[dict[str, Any]], tuple[str, dict[str, Any]]]


@dataclass(frozen=True, slots=True)
class Probe:
    """One test call. ``parameters(account, region)``; ``proves`` are refusals that came after the permission check."""

    service: str
    operation: str
    parameters: Parameters
    proves: frozenset[str] = frozenset()
    undo: Undo | None = None


def _acl_arn(account: str, region: str) -> str:
    return f"arn:aws:wafv2:{region}:{account}:regional/webacl/{_NAME}/{_NO_ID}"


def _balancer(kind: str, suffix: str = "") -> Callable[[str, str], str]:
    """The ARN of a load balancer's part that cannot exist."""
    ident = "0000000000000000"
    return lambda account, region: (
        f"arn:aws:elasticloadbalancing:{region}:{account}:{kind}/app/{_NAME}/{ident}{suffix}"
    )


def _named(**more: Any) -> Parameters:
    return lambda _account, _region: {"Name": _NAME, "Scope": "REGIONAL", **more}


def _existing(**more: Any) -> Parameters:
    return _named(Id=_NO_ID, LockToken=_NO_ID, **more)


def _visibility() -> dict[str, Any]:
    return {"SampledRequestsEnabled": False, "CloudWatchMetricsEnabled": False, "MetricName": _NAME}


def _impossible_rule() -> dict[str, Any]:
    """A rule WAFv2 cannot accept: it refers to an address set that does not exist."""
    arn = f"arn:aws:wafv2:us-east-1:000000000000:regional/ipset/{_NAME}/{_NO_ID}"
    return {
        "Name": _NAME,
        "Priority": 0,
        "Action": {"Count": {}},
        "Statement": {"IPSetReferenceStatement": {"ARN": arn}},
        "VisibilityConfig": _visibility(),
    }


def _summary(delete: str) -> Undo:
    def undo(answer: dict[str, Any]) -> tuple[str, dict[str, Any]]:
        made = answer["Summary"]
        return delete, {key: made[key] for key in ("Name", "Id", "LockToken")} | {"Scope": "REGIONAL"}

    return undo


_BALANCER: Final = _balancer("loadbalancer")
_LISTENER: Final = _balancer("listener", "/0000000000000000")
_NO_BALANCER: Final = frozenset({"LoadBalancerNotFound", "ListenerNotFound"})

PROBES: Final[dict[str, Probe | tuple[Probe, ...]]] = {
    "apigateway:GET": (
        Probe("apigateway", "GetRestApis", lambda _a, _r: {"limit": 1}),
        Probe(
            "apigateway", "GetResources", lambda _a, _r: {"restApiId": "portcullis0", "limit": 1}, _NOT_FOUND
        ),
        Probe("apigateway", "GetAccount", lambda _a, _r: {}),
        Probe("apigateway", "GetDomainNames", lambda _a, _r: {"limit": 1}),
        Probe("apigateway", "GetUsagePlans", lambda _a, _r: {"limit": 1}),
        Probe("apigatewayv2", "GetApis", lambda _a, _r: {"MaxResults": "1"}),
        Probe(
            "apigatewayv2",
            "GetRoutes",
            lambda _a, _r: {"ApiId": "portcullis0", "MaxResults": "1"},
            _NOT_FOUND,
        ),
    ),
    "wafv2:ListWebACLs": Probe("wafv2", "ListWebACLs", lambda _a, _r: {"Scope": "REGIONAL", "Limit": 1}),
    "wafv2:GetWebACL": Probe("wafv2", "GetWebACL", _named(Id=_NO_ID), _GONE),
    "wafv2:ListResourcesForWebACL": Probe(
        "wafv2",
        "ListResourcesForWebACL",
        lambda account, region: {"WebACLArn": _acl_arn(account, region), "ResourceType": "API_GATEWAY"},
        _GONE,
    ),
    "wafv2:GetLoggingConfiguration": Probe(
        "wafv2",
        "GetLoggingConfiguration",
        lambda account, region: {"ResourceArn": _acl_arn(account, region)},
        _GONE,
    ),
    "wafv2:ListIPSets": Probe("wafv2", "ListIPSets", lambda _a, _r: {"Scope": "REGIONAL", "Limit": 1}),
    "wafv2:GetIPSet": Probe("wafv2", "GetIPSet", _named(Id=_NO_ID), _GONE),
    "wafv2:ListRuleGroups": Probe(
        "wafv2", "ListRuleGroups", lambda _a, _r: {"Scope": "REGIONAL", "Limit": 1}
    ),
    "wafv2:GetRuleGroup": Probe("wafv2", "GetRuleGroup", _named(Id=_NO_ID), _GONE),
    "wafv2:CheckCapacity": Probe(
        "wafv2", "CheckCapacity", lambda _a, _r: {"Scope": "REGIONAL", "Rules": [_impossible_rule()]}, _GONE
    ),
    "logs:FilterLogEvents": Probe(
        "logs",
        "FilterLogEvents",
        lambda _a, _r: {"logGroupName": f"aws-waf-logs-{_NAME}", "limit": 1},
        frozenset({"ResourceNotFoundException"}),
    ),
    "s3:ListBucket": Probe(
        "s3",
        "ListObjectsV2",
        lambda account, _r: {"Bucket": f"aws-waf-logs-{_NAME}-{account}", "MaxKeys": 1},
        frozenset({"NoSuchBucket"}),
    ),
    "s3:GetObject": Probe(
        "s3",
        "GetObject",
        lambda account, _r: {"Bucket": f"aws-waf-logs-{_NAME}-{account}", "Key": _NAME},
        frozenset({"NoSuchBucket", "NoSuchKey"}),
    ),
    "cloudtrail:LookupEvents": Probe("cloudtrail", "LookupEvents", lambda _a, _r: {"MaxResults": 1}),
    "elasticloadbalancing:DescribeLoadBalancers": Probe(
        "elbv2", "DescribeLoadBalancers", lambda _a, _r: {"PageSize": 1}
    ),
    "elasticloadbalancing:DescribeLoadBalancerAttributes": Probe(
        "elbv2",
        "DescribeLoadBalancerAttributes",
        lambda a, r: {"LoadBalancerArn": _BALANCER(a, r)},
        _NO_BALANCER,
    ),
    "elasticloadbalancing:DescribeListeners": Probe(
        "elbv2", "DescribeListeners", lambda a, r: {"LoadBalancerArn": _BALANCER(a, r)}, _NO_BALANCER
    ),
    "elasticloadbalancing:DescribeRules": Probe(
        "elbv2", "DescribeRules", lambda a, r: {"ListenerArn": _LISTENER(a, r)}, _NO_BALANCER
    ),
    "elasticloadbalancing:DescribeTargetGroups": Probe(
        "elbv2", "DescribeTargetGroups", lambda _a, _r: {"PageSize": 1}
    ),
    "elasticloadbalancing:DescribeSSLPolicies": Probe(
        "elbv2", "DescribeSSLPolicies", lambda _a, _r: {"PageSize": 1}
    ),
    "elasticloadbalancing:DescribeTags": Probe(
        "elbv2", "DescribeTags", lambda a, r: {"ResourceArns": [_BALANCER(a, r)]}, _NO_BALANCER
    ),
    "cloudfront:ListDistributions": Probe(
        "cloudfront", "ListDistributions", lambda _a, _r: {"MaxItems": "1"}
    ),
    "cloudfront:GetDistributionConfig": Probe(
        "cloudfront",
        "GetDistributionConfig",
        lambda _a, _r: {"Id": "EPORTCULLISNONE"},
        frozenset({"NoSuchDistribution"}),
    ),
    "organizations:ListAccounts": Probe("organizations", "ListAccounts", lambda _a, _r: {"MaxResults": 1}),
    "logs:DescribeDeliverySources": Probe("logs", "DescribeDeliverySources", lambda _a, _r: {"limit": 1}),
    "logs:DescribeDeliveries": Probe("logs", "DescribeDeliveries", lambda _a, _r: {"limit": 1}),
    "wafv2:CreateIPSet": Probe(
        "wafv2",
        "CreateIPSet",
        _named(IPAddressVersion="IPV4", Addresses=["0.0.0.0/0"]),
        _INVALID,
        undo=_summary("DeleteIPSet"),
    ),
    "wafv2:UpdateIPSet": Probe("wafv2", "UpdateIPSet", _existing(Addresses=[]), _GONE),
    "wafv2:DeleteIPSet": Probe("wafv2", "DeleteIPSet", _existing(), _GONE),
    "wafv2:CreateRuleGroup": Probe(
        "wafv2",
        "CreateRuleGroup",
        _named(Capacity=1, Rules=[_impossible_rule()], VisibilityConfig=_visibility()),
        _INVALID | _GONE,
        undo=_summary("DeleteRuleGroup"),
    ),
    "wafv2:UpdateRuleGroup": Probe(
        "wafv2", "UpdateRuleGroup", _existing(VisibilityConfig=_visibility()), _GONE
    ),
    "wafv2:DeleteRuleGroup": Probe("wafv2", "DeleteRuleGroup", _existing(), _GONE),
    "wafv2:TagResource": Probe(
        "wafv2",
        "TagResource",
        lambda account, region: {
            "ResourceARN": f"arn:aws:wafv2:{region}:{account}:regional/ipset/{_NAME}/{_NO_ID}",
            "Tags": [{"Key": "portcullis", "Value": "access-check"}],
        },
        _GONE,
    ),
    "wafv2:UpdateWebACL": Probe(
        "wafv2",
        "UpdateWebACL",
        _existing(DefaultAction={"Allow": {}}, VisibilityConfig=_visibility()),
        _GONE,
    ),
}
