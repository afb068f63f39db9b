"""WAFv2 web ACLs as neutral policies: rules in order, what they protect and where they log."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from connectors.aws.gateway_model import picked, plain
from connectors.aws.session import AwsSession
from connectors.base.enforcement import OWNERSHIP_PREFIX
from connectors.base.errors import SettingsError
from connectors.base.ledger import Ledger
from connectors.base.model import WafPolicy, WafRule

if TYPE_CHECKING:
    from connectors.aws.distributions import Distribution

#: The only region that serves CloudFront's web ACLs.
CLOUDFRONT_REGION = "us-east-1"
#: Resource kinds asked for. The remaining kinds (Cognito, App Runner,
#: Verified Access …) need permissions in other services; without them "attached to nothing" is not known.
_RESOURCE_TYPES = ("API_GATEWAY", "APPLICATION_LOAD_BALANCER", "APPSYNC")
#: Headers whose expected values in a rule are no secrets; others may be (a CDN's origin secret).
_HARMLESS_HEADERS = {"user-agent", "host", "referer", "content-type", "accept", "origin", "x-forwarded-for"}
_KINDS = {
    "ManagedRuleGroupStatement": "managed",
    "RuleGroupReferenceStatement": "group",
    "RateBasedStatement": "rate",
    "IPSetReferenceStatement": "ip_set",
    "GeoMatchStatement": "geo",
}


@dataclass(frozen=True, slots=True)
class WebAcls:
    """The web ACLs of a scope. ``known``: every one of them and all it is attached to was read."""

    policies: tuple[WafPolicy, ...]
    known: bool

    def of(self, ref: str) -> str | None:
        """The web ACL attached to a resource; "" is none, None cannot be told."""
        found = next((policy.ref for policy in self.policies if ref in policy.attached_to), None)
        return found if found or not self.known else ""

    def throttles(self, acl: str | None) -> bool | None:
        """Whether a rate-based rule of this web ACL acts; None when that is not known, or only a group's rules could."""
        if not acl:
            return None if acl is None else False
        policy = next((policy for policy in self.policies if policy.ref == acl), None)
        if policy is None:
            return None
        acting = {rule.kind for rule in policy.rules if rule.action != "count"}
        if "rate" in acting:
            return True
        return None if acting & {"managed", "group"} else False  # what a group does inside is not read

    def attached_to(self, distributions: Sequence[Distribution] | None) -> list[WafPolicy]:
        """CloudFront's web ACLs with the distributions that name them; None: the distributions are not known.

        One that no distribution names may protect what is not read (Amplify apps, tenants of distributions).
        """
        made = []
        for policy in self.policies:
            held = tuple(entry.ref for entry in distributions or () if entry.acl == policy.ref)
            made.append(
                replace(policy, attached_to=held, attachments_known=distributions is not None and bool(held))
            )
        return made


def read_web_acls(session: AwsSession, ledger: Ledger, region: str, scope: str) -> WebAcls:
    """Every web ACL of a scope (CLOUDFRONT lives in us-east-1 only)."""
    listed = ledger.attempt(
        ("waf",),
        f"web ACLs ({scope.lower()}) in {region}",
        lambda: session.items("wafv2", "ListWebACLs", region, "WebACLs", Scope=scope),
    )
    known = listed is not None
    policies = []
    for entry in listed or ():
        document = ledger.attempt(
            ("waf",),
            f"web ACL {entry['Name']}",
            lambda entry=entry: session.call(  # type: ignore[misc]
                "wafv2", "GetWebACL", region, Name=entry["Name"], Id=entry["Id"], Scope=scope
            )["WebACL"],
        )
        if document is None:
            known = False
            continue
        arn, name = str(document["ARN"]), str(document["Name"])
        attached = ledger.attempt(
            ("waf_attachments",),
            f"attachments of web ACL {name}",
            lambda arn=arn: _attached(session, region, scope, arn),  # type: ignore[misc]
        )
        known = known and attached is not None
        policies.append(_policy(session, ledger, region, scope, document, attached or []))
    return WebAcls(tuple(policies), known)


def _policy(
    session: AwsSession,
    ledger: Ledger,
    region: str,
    scope: str,
    document: Mapping[str, Any],
    attached: Sequence[str],
) -> WafPolicy:
    arn, name = str(document["ARN"]), str(document["Name"])
    logging = ledger.attempt(
        ("waf_logging",), f"logging of web ACL {name}", lambda: _logging(session, region, arn)
    )
    evidence = picked(
        document, "Name", "ARN", "DefaultAction", "Capacity", "ManagedByFirewallManager", "LabelNamespace"
    )
    if logging is not None:
        evidence["LoggingConfiguration"] = logging
    return WafPolicy(
        ref=arn,
        name=name,
        default_action="allow" if "Allow" in (document.get("DefaultAction") or {}) else "block",
        rules=tuple(
            _rule(rule) for rule in sorted(document.get("Rules") or (), key=lambda rule: rule["Priority"])
        ),
        attached_to=tuple(attached),
        attachments_known=bool(attached),
        logging=None if logging is None else bool(logging),
        log_destinations=tuple((logging or {}).get("LogDestinationConfigs") or ()),
        scope=scope,
        writable=not document.get("ManagedByFirewallManager", False),
        evidence={"region": region, **evidence},
    )


def _logging(session: AwsSession, region: str, arn: str) -> dict[str, Any]:
    """The logging configuration; {} when the vendor says there is none."""
    try:
        answer = session.call("wafv2", "GetLoggingConfiguration", region, ResourceArn=arn)
    except SettingsError as error:
        if getattr(error, "missing", ""):
            raise
        return {}
    return dict(plain(answer.get("LoggingConfiguration") or {}))


def _attached(session: AwsSession, region: str, scope: str, arn: str) -> list[str]:
    if scope == "CLOUDFRONT":
        return []  # the distributions tell (``WebAcls.attached_to``)
    found: list[str] = []
    for kind in _RESOURCE_TYPES:
        answer = session.call("wafv2", "ListResourcesForWebACL", region, WebACLArn=arn, ResourceType=kind)
        found += [stage_ref(str(resource)) for resource in answer.get("ResourceArns") or ()]
    return list(dict.fromkeys(found))


def stage_ref(arn: str) -> str:
    """A REST stage's ARN as our stage ref (``<api>/<stage>``); any other ARN as it is."""
    head, _, tail = arn.partition("::/restapis/")
    api_id, _, stage = tail.partition("/stages/")
    return f"{api_id}/{stage}" if head.startswith("arn:aws:apigateway:") and stage else arn


def _rule(rule: Mapping[str, Any]) -> WafRule:
    statement = rule.get("Statement") or {}
    kind = next((named for key, named in _KINDS.items() if key in statement), "match")
    return WafRule(
        name=str(rule["Name"]),
        priority=int(rule["Priority"]),
        action=rule_action(rule),
        kind=kind,
        ours=is_ours(rule),
        evidence=redacted(plain(rule)),
    )


def rule_action(rule: Mapping[str, Any]) -> str:
    """allow, block, count, captcha, challenge; ``none`` when a group's own actions count."""
    action = rule.get("Action") or rule.get("OverrideAction") or {"None": {}}
    return str(next(iter(action), "None")).lower()


def is_ours(rule: Mapping[str, Any]) -> bool:
    """Whether a web ACL's rule is our reference: our name, and a rule group of ours behind it."""
    target = ((rule.get("Statement") or {}).get("RuleGroupReferenceStatement") or {}).get("ARN", "")
    return str(rule.get("Name", "")).startswith(
        OWNERSHIP_PREFIX
    ) and f"/rulegroup/{OWNERSHIP_PREFIX}-" in str(target)


def redacted(rule: Any) -> Any:
    """A rule without the values it expects in headers that may carry secrets."""
    if isinstance(rule, list):
        return [redacted(entry) for entry in rule]
    if not isinstance(rule, dict):
        return rule
    made = {key: redacted(value) for key, value in rule.items()}
    header = ((made.get("FieldToMatch") or {}).get("SingleHeader") or {}).get("Name", "")
    if header and str(header).lower() not in _HARMLESS_HEADERS:
        for key in ("SearchString", "RegexString"):
            if key in made:
                made[key] = "(not kept: may be a secret)"
    return made
