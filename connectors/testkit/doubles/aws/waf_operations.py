"""The checks WAFv2 does before, and the bookkeeping it does after, each operation; moto does neither.

Sources: AWS WAF API reference (each operation's errors), Developer Guide "Deleting a rule group / an IP set"
(``WAFAssociatedItemException``), "Rule group capacity" (fixed at creation).
"""

import re
from typing import Any

from connectors.testkit.doubles.aws.errors import AwsError, waf_invalid
from connectors.testkit.doubles.aws.operations import ApiCall
from connectors.testkit.doubles.aws.state import backend
from connectors.testkit.doubles.aws.waf_capacity import MANAGED_GROUPS, rules_capacity, walk
from connectors.testkit.doubles.aws.waf_validity import (
    DUPLICATE,
    check_addresses,
    check_description,
    check_name,
    check_rules,
)

MAX_WEB_ACL_CAPACITY = 5000
"""Developer Guide, quotas: the maximum WCU of one web ACL (1,500 included in the basic price)."""

REST_STAGE = re.compile(r"^arn:aws:apigateway:[\w-]+::/restapis/[a-z0-9]+/stages/[\w-]+$")
OTHER_RESOURCE = re.compile(r"^arn:aws:(elasticloadbalancing|appsync|cognito-idp|apprunner|ec2|amplify):")
RESOURCE_SERVICES = {
    "API_GATEWAY": "apigateway", "APPLICATION_LOAD_BALANCER": "elasticloadbalancing", "APPSYNC": "appsync",
    "COGNITO_USER_POOL": "cognito-idp", "APP_RUNNER_SERVICE": "apprunner", "VERIFIED_ACCESS_INSTANCE": "ec2",
    "AMPLIFY": "amplify",
}  # fmt: skip
NO_SUCH_ITEM = "AWS WAF couldn't perform the operation because your resource doesn't exist."


def group_capacity(region: str, arn: str) -> int:
    """The fixed capacity of a rule group, or ``WAFNonexistentItemException``."""
    group = backend("wafv2", region).rule_groups.get(arn)
    if group is None:
        raise AwsError("WAFNonexistentItemException", NO_SUCH_ITEM)
    return int(group.capacity)


def _known_arns(region: str) -> set[str]:
    waf = backend("wafv2", region)
    return {*waf.ip_sets, *waf.rule_groups, *waf.regex_pattern_sets}


def _capacity(call: ApiCall, rules: list[dict[str, Any]]) -> int:
    return rules_capacity(rules, lambda arn: group_capacity(call.region, arn))


def _check_capacity_limit(used: int, allowed: int, field: str) -> None:
    if used > allowed:
        raise waf_invalid("You exceeded the capacity limit for a rule group or web ACL.", field, str(used))


def _referrers(region: str, arn: str) -> bool:
    waf = backend("wafv2", region)
    rules = [rule for holder in (*waf.wacls.values(), *waf.rule_groups.values()) for rule in holder.rules]
    return any(
        (body or {}).get("ARN") == arn for r in rules for s in walk(r.statement) for body in s.values()
    )


def _find(call: ApiCall) -> Any:
    """The item a Name/Id/Scope request means; None when there is none."""
    waf = backend("wafv2", call.region)
    stores = {"IPSet": waf.ip_sets, "RuleGroup": waf.rule_groups, "WebACL": waf.wacls}
    stores["RegexPatternSet"] = waf.regex_pattern_sets
    store: dict[str, Any] = next(
        (items for suffix, items in stores.items() if call.operation.endswith(suffix)), {}
    )
    wanted = f"/{call.params.get('Name')}/{call.params.get('Id')}"
    return next((item for arn, item in store.items() if arn.endswith(wanted)), None)


def _before_ip_set(call: ApiCall) -> None:
    if call.operation == "CreateIPSet":
        check_name(call.params.get("Name"))
        same = backend("wafv2", call.region).ip_sets.values()
        if any(s.name == call.params.get("Name") and s.scope == call.params.get("Scope") for s in same):
            raise DUPLICATE
        version = str(call.params.get("IPAddressVersion"))
    else:
        current = _find(call)
        version = current.ip_address_version if current else "IPV4"
    check_description(call.params.get("Description"))
    check_addresses(call.params.get("Addresses") or [], version)


def _before_rules(call: ApiCall) -> None:
    in_group = call.operation.endswith("RuleGroup")
    rules = call.params.get("Rules") or []
    if call.operation.startswith("Create"):
        check_name(call.params.get("Name"))
    check_description(call.params.get("Description"))
    check_rules(rules, in_group=in_group, known_arns=_known_arns(call.region))
    if not in_group:
        _check_capacity_limit(_capacity(call, rules), MAX_WEB_ACL_CAPACITY, "WEB_ACL")
        return
    current = _find(call)
    allowed = int(call.params.get("Capacity") or (current.capacity if current else MAX_WEB_ACL_CAPACITY))
    _check_capacity_limit(_capacity(call, rules), allowed, "RULE_GROUP")
    if call.operation == "CreateRuleGroup":
        _check_capacity_limit(allowed, MAX_WEB_ACL_CAPACITY, "RULE_GROUP")


def _before_delete(call: ApiCall) -> None:
    item = _find(call)
    if item is None:
        return
    in_use = (
        bool(item.associated_resources)
        if call.operation == "DeleteWebACL"
        else _referrers(call.region, item.arn)
    )
    if in_use:
        message = (
            "AWS WAF couldn't perform the operation because your resource is being used by another resource."
        )
        raise AwsError("WAFAssociatedItemException", message)


def _before_associate(call: ApiCall) -> None:
    resource = str(call.params.get("ResourceArn"))
    if not REST_STAGE.match(resource) and not OTHER_RESOURCE.match(resource):
        # HTTP and WebSocket APIs cannot carry a web ACL: only REST stages can.
        raise waf_invalid("The ARN isn't valid.", "RESOURCE_ARN", resource)
    if REST_STAGE.match(resource):
        _, _, api_id, _, stage = resource.rpartition("::")[2].split("/")
        apis = backend("apigateway", call.region).apis
        if api_id not in apis or stage not in apis[api_id].stages:
            raise AwsError("WAFNonexistentItemException", NO_SUCH_ITEM)
        backend("wafv2", call.region).disassociate_web_acl(resource)


def _before_logging(call: ApiCall) -> None:
    destinations = (call.params.get("LoggingConfiguration") or {}).get("LogDestinationConfigs") or []
    if len(destinations) != 1:
        # One destination per web ACL (PutLoggingConfiguration, API reference).
        raise waf_invalid(
            "You must set exactly one log destination.", "LOG_DESTINATION", str(len(destinations))
        )
    name = str(destinations[0]).removesuffix(":*").rpartition(":")[2].rpartition("/")[2]
    if not name.startswith("aws-waf-logs-"):
        raise waf_invalid("The ARN isn't valid.", "LOG_DESTINATION", str(destinations[0]))


def before(call: ApiCall) -> None:
    """Refuse what the vendor would refuse, before moto sees the request."""
    name = call.operation
    if name in ("CreateIPSet", "UpdateIPSet"):
        _before_ip_set(call)
    elif name in ("CreateRuleGroup", "UpdateRuleGroup", "CreateWebACL", "UpdateWebACL"):
        _before_rules(call)
    elif name in ("DeleteIPSet", "DeleteRuleGroup", "DeleteRegexPatternSet", "DeleteWebACL"):
        _before_delete(call)
    elif name == "PutLoggingConfiguration":
        _before_logging(call)
    elif name == "AssociateWebACL":
        _before_associate(call)
    elif name == "CreateRegexPatternSet":
        check_name(call.params.get("Name"))


def after(call: ApiCall) -> None:
    """Bring moto's state to what the vendor's would be after a successful operation."""
    name, waf = call.operation, backend("wafv2", call.region)
    if name in ("UpdateRuleGroup", "UpdateWebACL") and not call.params.get("Rules"):
        # moto keeps the old rules when the new list is empty; the vendor replaces the list.
        _find(call).rules = []
    if name in ("CreateWebACL", "UpdateWebACL"):
        for acl in waf.wacls.values():
            acl.capacity = _capacity(call, [rule.to_dict() for rule in acl.rules])


def check_capacity(call: ApiCall) -> dict[str, Any]:
    """``CheckCapacity``: the WCU of valid rules."""
    rules = call.params.get("Rules") or []
    check_rules(rules, in_group=False, known_arns=_known_arns(call.region))
    return {"Capacity": _capacity(call, rules)}


def list_resources(call: ApiCall) -> dict[str, Any]:
    """``ListResourcesForWebACL``: associated resources of the asked type (default: load balancers)."""
    acl = backend("wafv2", call.region).wacls.get(str(call.params.get("WebACLArn")))
    if acl is None:
        raise AwsError("WAFNonexistentItemException", NO_SUCH_ITEM)
    if ":global/" in acl.arn:
        # API reference: "For Amazon CloudFront, don't use this call"; CloudFront's own API tells.
        raise waf_invalid("The scope is not valid.", "SCOPE_VALUE", "CLOUDFRONT")
    service = RESOURCE_SERVICES.get(str(call.params.get("ResourceType") or "APPLICATION_LOAD_BALANCER"))
    if service is None:
        raise waf_invalid(
            "The resource type is not valid.", "RESOURCE_TYPE", str(call.params["ResourceType"])
        )
    return {"ResourceArns": [arn for arn in acl.associated_resources if arn.split(":")[2] == service]}


def list_web_acls(call: ApiCall) -> dict[str, Any]:
    """``ListWebACLs`` of one scope (moto lists both scopes) in pages of ``Limit`` with ``NextMarker``."""
    scope = "global" if call.params.get("Scope") == "CLOUDFRONT" else "regional"
    region = "global" if scope == "global" else call.region  # moto's own name for where CloudFront's live
    acls = [acl for acl in backend("wafv2", region).wacls.values() if f":{scope}/" in acl.arn]
    acls.sort(key=lambda acl: str(acl.arn))
    marker = str(call.params.get("NextMarker") or "")
    rest = [acl for acl in acls if acl.arn > marker]
    limit = min(int(call.params.get("Limit") or 100), 100)
    answer: dict[str, Any] = {"WebACLs": [acl.to_short_dict() for acl in rest[:limit]]}
    if len(rest) > limit:
        answer["NextMarker"] = rest[limit - 1].arn
    return answer


def managed_groups(_call: ApiCall) -> dict[str, Any]:
    """``ListAvailableManagedRuleGroups``: the AWS groups whose capacity we know."""
    return {"ManagedRuleGroups": [{"VendorName": "AWS", "Name": name} for name in sorted(MANAGED_GROUPS)]}
