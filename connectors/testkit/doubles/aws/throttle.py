"""The vendor's API rates as token buckets per account, region and action.

Sources: AWS WAF Developer Guide, "AWS WAF quotas" (Create/Put/Update 1 rps per action, Get/List 5 rps,
Associate and Disassociate 0.5 rps, GetWebACLForResource and ListResourcesForWebACL 1 rps); API Gateway
Developer Guide, "Quotas" (10 rps, burst 40, over all control-plane operations; GetResources 5 per 2 s);
CloudWatch Logs quotas (FilterLogEvents 10 rps per account and region); CloudTrail API Reference
(LookupEvents 2 rps per account and region); Elastic Load Balancing User Guide, "Request throttling for the
API" (40 describing calls at once, 10 rps, per account and region).
"""

import threading
import time
from dataclasses import dataclass, field

from connectors.testkit.doubles.aws.errors import AwsError
from connectors.testkit.doubles.aws.operations import ApiCall


@dataclass(frozen=True)
class Rate:
    """``per_second`` calls on average, at most ``burst`` at once; calls with the same ``bucket`` share it."""

    bucket: str
    per_second: float
    burst: float


def rates(call: ApiCall) -> list[Rate]:
    """Every rate that applies to ``call``."""
    name = call.operation
    if call.service == "wafv2":
        if name in ("AssociateWebACL", "DisassociateWebACL"):
            return [Rate(f"wafv2:{name}", 0.5, 1)]
        if name in ("GetWebACLForResource", "ListResourcesForWebACL"):
            return [Rate(f"wafv2:{name}", 1, 1)]
        if name.startswith(("Get", "List", "Describe", "Check")):
            return [Rate(f"wafv2:{name}", 5, 5)]
        return [Rate(f"wafv2:{name}", 1, 1)]
    if call.service in ("apigateway", "apigatewayv2"):
        shared = [Rate("apigateway", 10, 40)]
        return [*shared, Rate("apigateway:GetResources", 2.5, 5)] if name == "GetResources" else shared
    if call.service == "logs" and name == "FilterLogEvents":
        return [Rate("logs:FilterLogEvents", 10, 10)]
    if call.service == "elasticloadbalancing" and name.startswith("Describe"):
        return [Rate("elasticloadbalancing:Describe", 10, 40)]
    if call.service == "cloudtrail" and name == "LookupEvents":
        return [Rate("cloudtrail:LookupEvents", 2, 2)]
    if call.service == "organizations" and name.startswith("List"):
        return [Rate(f"organizations:{name}", 1, 5)]  # not published; what the product keeps to is less
    return []


@dataclass
class Throttle:
    """All buckets. ``scale`` multiplies every rate (tests raise it); 0 turns throttling off."""

    scale: float = 1.0
    _levels: dict[tuple[str, str], tuple[float, float]] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def admit(self, call: ApiCall, now: float | None = None) -> None:
        """Take one token from each bucket; raise the vendor's throttling error when one is empty."""
        if not self.scale:
            return
        moment = time.monotonic() if now is None else now
        with self._lock:
            for rate in rates(call):
                key = (call.region, rate.bucket)
                capacity = max(rate.burst * self.scale, 1.0)
                level, since = self._levels.get(key, (capacity, moment))
                level = min(capacity, level + (moment - since) * rate.per_second * self.scale)
                self._levels[key] = (max(level - 1, level if level < 1 else 0.0), moment)
                if level < 1:
                    raise throttled(call)


def throttled(call: ApiCall) -> AwsError:
    """The throttling error of the call's service."""
    if call.service in ("apigateway", "apigatewayv2"):
        return AwsError("TooManyRequestsException", "Too Many Requests", 429)
    return AwsError("ThrottlingException", "Rate exceeded")
