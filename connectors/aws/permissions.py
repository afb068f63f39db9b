"""Every permission the connector uses, read and write apart, with the operations it stands for.

The manifest, the policy texts, the access check and the test "what is asked for is what is called" all come
from these two tables. ``{account}`` is filled with the customer's account id.
"""

from __future__ import annotations

from typing import Any, Final

from connectors.base.manifest import PermissionNeed

_APIGW = "arn:aws:apigateway:*::"


def _need(action: str, purpose: str, *resources: str) -> PermissionNeed:
    return PermissionNeed(action, purpose, resources or ("*",))


READ: Final[tuple[PermissionNeed, ...]] = (
    _need(
        "apigateway:GET",
        "Read APIs, routes, stages, authorizers, custom domains and usage plans. API keys are denied explicitly.",
        *(
            f"{_APIGW}/{path}"
            for path in (
                "account",
                "restapis",
                "restapis/*",
                "apis",
                "apis/*",
                "domainnames",
                "domainnames/*",
                "usageplans",
            )
        ),
    ),
    _need("wafv2:ListWebACLs", "Find the web ACLs."),
    _need("wafv2:GetWebACL", "Read a web ACL's rules and default action."),
    _need("wafv2:ListResourcesForWebACL", "See which stages a web ACL protects."),
    _need("wafv2:GetLoggingConfiguration", "See whether and where a web ACL logs."),
    _need("wafv2:ListIPSets", "Find our own address sets."),
    _need(
        "wafv2:GetIPSet", "Read back our own address sets.", "arn:aws:wafv2:*:{account}:*/ipset/portcullis-*"
    ),
    _need("wafv2:ListRuleGroups", "Find our own rule group."),
    _need(
        "wafv2:GetRuleGroup", "Read back our own rules.", "arn:aws:wafv2:*:{account}:*/rulegroup/portcullis-*"
    ),
    _need("wafv2:CheckCapacity", "Ask what a rule would cost before it is written."),
    _need(
        "logs:FilterLogEvents",
        "Read access logs and WAF logs.",
        "arn:aws:logs:*:{account}:log-group:aws-waf-logs-*",
        "{log_groups}",
    ),
    _need("s3:ListBucket", "Find WAF log files.", "arn:aws:s3:::aws-waf-logs-*"),
    _need("s3:GetObject", "Read WAF log files.", "arn:aws:s3:::aws-waf-logs-*/*"),
    _need("cloudtrail:LookupEvents", "See who changed APIs and web ACLs, when and through what."),
    *(
        _need(f"elasticloadbalancing:Describe{what}", purpose)
        for what, purpose in (
            ("LoadBalancers", "Find the load balancers."),
            (
                "LoadBalancerAttributes",
                "See whether a load balancer logs, and what it does with odd requests.",
            ),
            ("Listeners", "See which ports a load balancer serves, and by which TLS policy."),
            ("Rules", "See which hosts and paths lead where."),
            ("TargetGroups", "See what stands behind a load balancer."),
            ("SSLPolicies", "See which TLS versions a policy accepts."),
            ("Tags", "See whose a load balancer is."),
        )
    ),
    _need("cloudfront:ListDistributions", "Find the CloudFront distributions."),
    _need(
        "cloudfront:GetDistributionConfig",
        "See what a distribution stands in front of, its web ACL, TLS and logging.",
        "arn:aws:cloudfront::{account}:distribution/*",
    ),
    _need("logs:DescribeDeliverySources", "See which distributions send standard logs (v2)."),
    _need("logs:DescribeDeliveries", "See where those logs go."),
)

#: Only in the account that tells us of the others.
ORGANIZATION: Final[tuple[PermissionNeed, ...]] = (
    _need("organizations:ListAccounts", "Only for an organisation: find its accounts."),
)

_OURS = tuple(f"arn:aws:wafv2:*:{{account}}:*/{kind}/portcullis-*" for kind in ("ipset", "rulegroup"))

_REFERABLE = ("webacl", "rulegroup", "ipset", "regexpatternset")

WRITE: Final[tuple[PermissionNeed, ...]] = tuple(
    PermissionNeed(action, purpose, resources, "write")
    for action, purpose, resources in (
        ("wafv2:CreateIPSet", "Create an address set of ours.", _OURS[:1]),
        ("wafv2:UpdateIPSet", "Change the addresses of a set of ours.", _OURS[:1]),
        ("wafv2:DeleteIPSet", "Remove an address set of ours.", _OURS[:1]),
        ("wafv2:CreateRuleGroup", "Create our rule group.", (*_OURS,)),
        ("wafv2:UpdateRuleGroup", "Change the rules of our group.", (*_OURS,)),
        ("wafv2:DeleteRuleGroup", "Remove our rule group.", _OURS[1:]),
        ("wafv2:TagResource", "Mark what we create as ours.", (*_OURS,)),
        (
            "wafv2:UpdateWebACL",
            "Add and remove the one reference to our rule group; nothing else in the web ACL is changed. "
            "AWS evaluates this action on everything the web ACL refers to.",
            (
                *(f"arn:aws:wafv2:*:{{account}}:*/{kind}/*" for kind in _REFERABLE),
                "arn:aws:wafv2:*:*:*/managedruleset/*",
            ),
        ),
    )
)

#: Denied whatever other policies say: values of API keys, and their listing.
DENIED: Final[tuple[PermissionNeed, ...]] = (
    _need(
        "apigateway:GET",
        "API keys are secrets: they are never read.",
        f"{_APIGW}/apikeys",
        f"{_APIGW}/apikeys/*",
        f"{_APIGW}/usageplans/*/keys",
        f"{_APIGW}/usageplans/*/keys/*",
    ),
)


def reading(organization: bool) -> tuple[PermissionNeed, ...]:
    """What the read role of an account needs, or that of the account its organisation is listed by."""
    return READ + ORGANIZATION if organization else READ


def policy_document(
    access: str, account: str, log_groups: tuple[str, ...], *, organization: bool = False
) -> dict[str, Any]:
    """The least-privilege IAM policy of one role ("read" or "write") as a JSON-ready document."""
    needs = reading(organization) if access == "read" else WRITE
    grouped: dict[tuple[str, ...], list[str]] = {}
    for need in needs:
        grouped.setdefault(_resources(need, account, log_groups), []).append(need.action)
    statements: list[dict[str, Any]] = [
        {"Sid": _sid(actions[0]), "Effect": "Allow", "Action": actions, "Resource": list(resources)}
        for resources, actions in grouped.items()
    ]
    if access == "read":
        statements += [
            {
                "Sid": "NeverApiKeys",
                "Effect": "Deny",
                "Action": [need.action],
                "Resource": list(need.resources),
            }
            for need in DENIED
        ]
    return {"Version": "2012-10-17", "Statement": statements}


def trust_document(principal_arn: str, external_id: str) -> dict[str, Any]:
    """The trust policy of both roles: our principal, and only with this connection's external id."""
    return {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Principal": {"AWS": principal_arn},
                "Action": "sts:AssumeRole",
                "Condition": {"StringEquals": {"sts:ExternalId": external_id}},
            }
        ],
    }


def _resources(need: PermissionNeed, account: str, log_groups: tuple[str, ...]) -> tuple[str, ...]:
    filled: list[str] = []
    for resource in need.resources:
        if resource == "{log_groups}":
            filled += [f"arn:aws:logs:*:{account}:log-group:{name}:*" for name in log_groups]
        elif ":log-group:" in resource:
            filled.append(resource.replace("{account}", account) + ":*")
        else:
            filled.append(resource.replace("{account}", account))
    return tuple(filled)


def _sid(action: str) -> str:
    service, _, verb = action.partition(":")
    return f"{service.replace('-', '').capitalize()}{verb.capitalize() if verb.isupper() else verb}"
