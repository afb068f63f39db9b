"""AWS's quotas we keep to: API rates per account and region, and WAFv2 sizes.

Sources: AWS WAF Developer Guide "AWS WAF quotas", API Gateway Developer Guide "Quotas" (control plane),
IAM User Guide "STS quotas" (600 requests a second per calling account and region),
CloudWatch Logs quotas, CloudTrail API Reference "LookupEvents", Elastic Load Balancing User Guide "Request
throttling for the API" (describing actions: 40 at once, 10 a second). CloudFront and Organizations document no rate for
what we call; theirs are our own choice. An account may have higher ones; none has lower.
"""

from __future__ import annotations

from typing import Final

from connectors.egress.budget import budget_for

#: Addresses in one WAFv2 IP set.
IP_SET_ADDRESSES: Final = 10_000
#: WCU our rule group reserves when it is created; a rule group's capacity can never be changed.
GROUP_CAPACITY: Final = 500
#: Rate-based rules in one rule group.
GROUP_RATE_RULES: Final = 4
#: IP sets and pattern sets one rule group may reference.
GROUP_REFERENCES: Final = 50
#: Bytes of a ByteMatchStatement's search string, characters of a RegexMatchStatement's pattern.
SEARCH_BYTES: Final = 200
REGEX_CHARACTERS: Final = 512
#: Country codes in one GeoMatchStatement, numbers in one AsnMatchStatement.
COUNTRIES: Final = 50
ASNS: Final = 100
#: Evaluation windows of a rate-based rule, seconds, and its smallest and greatest limit.
RATE_WINDOWS: Final = (60, 120, 300, 600)
RATE_LIMITS: Final = (10, 2_000_000_000)
#: Bucket, calls per second and at once of services with one rate for everything we call.
_OTHERS: Final[dict[str, tuple[str, float, int]]] = {
    "elbv2": ("elbv2", 10, 20),
    "cloudfront": ("cloudfront", 2, 5),
    "organizations": ("organizations", 1, 2),
}


def budget(account: str, region: str, service: str, operation: str) -> None:
    """Wait until the account's rate allows one more call of this operation."""
    name, rate, burst = _bucket(service, operation)
    budget_for(f"aws:{account}:{region}:{name}", rate, burst).take()


def _bucket(service: str, operation: str) -> tuple[str, float, int]:
    if (service, operation) == ("sts", "AssumeRole"):
        return "sts:AssumeRole", 100, 100  # of our own account's 600; several processes take roles
    if service == "wafv2":
        if operation == "ListResourcesForWebACL":
            return f"wafv2:{operation}", 1, 1
        if operation.startswith(("Get", "List", "Check")):
            return f"wafv2:{operation}", 5, 5
        return f"wafv2:{operation}", 1, 1
    if service in ("apigateway", "apigatewayv2"):
        return ("apigateway:GetResources", 2.5, 5) if operation == "GetResources" else ("apigateway", 10, 20)
    if service == "logs":
        rate = 5 if operation.startswith("Describe") else 10
        return f"logs:{operation}", rate, rate
    if service == "cloudtrail":
        return (
            f"cloudtrail:{operation}",
            1,
            1,
        )  # half of the account's two: people search in their console, too
    return _OTHERS.get(service, (service, 20, 20))
