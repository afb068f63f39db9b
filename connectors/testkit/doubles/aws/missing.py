"""Operations moto lacks or answers wrongly, served from its state.

List of gaps: measured on moto 5.2; shapes from botocore's service models.
"""

import time
from collections.abc import Callable
from typing import Any

from connectors.testkit.doubles.aws import log_events, openapi_export, trail, waf_operations
from connectors.testkit.doubles.aws.errors import AwsError
from connectors.testkit.doubles.aws.operations import ApiCall
from connectors.testkit.doubles.aws.sampling import SAMPLES
from connectors.testkit.doubles.aws.state import backend

Operation = Callable[[ApiCall], dict[str, Any]]


def _http_api(call: ApiCall) -> Any:
    api_id = str(call.params.get("ApiId", call.params.get("apiId", "")))
    api = backend("apigatewayv2", call.region).apis.get(api_id)
    if api is None:
        raise AwsError("NotFoundException", f"Invalid API identifier specified {api_id}", 404)
    return api


def _get_authorizers(call: ApiCall) -> dict[str, Any]:
    return {"items": [authorizer.to_json() for authorizer in _http_api(call).authorizers.values()]}


def _get_models(call: ApiCall) -> dict[str, Any]:
    return {"items": [model.to_json() for model in _http_api(call).models.values()]}


def _empty_items(call: ApiCall) -> dict[str, Any]:
    return {"item": []} if call.service == "apigateway" else {"items": []}


def _no_routing_rules(_call: ApiCall) -> dict[str, Any]:
    return {"routingRules": []}


def _get_tags(call: ApiCall) -> dict[str, Any]:
    arn = call.path.partition("/tags/")[2]
    parts = arn.partition("::/")[2].split("/")
    apis = backend("apigateway", call.region).apis
    if len(parts) < 2 or parts[1] not in apis:
        raise AwsError("NotFoundException", "Invalid Resource ARN specified", 404)
    api = apis[parts[1]]
    holder = api.stages.get(parts[3]) if len(parts) == 4 else api
    return {"tags": (holder.tags if holder else None) or {}}


def _sampled_requests(call: ApiCall) -> dict[str, Any]:
    window = call.params.get("TimeWindow") or {}
    now = time.time()
    start, end = (float(window.get("StartTime", now - 10_800)), float(window.get("EndTime", now)))
    if start < now - 10_860:
        # API reference: the window must lie within the previous three hours.
        start = now - 10_800
    found = SAMPLES.within(
        str(call.params.get("WebAclArn")), str(call.params.get("RuleMetricName")), start, end
    )
    limit = int(call.params.get("MaxItems") or 100)
    return {
        "SampledRequests": found[:limit],
        "PopulationSize": len(found),
        "TimeWindow": {"StartTime": start, "EndTime": end},
    }


def _rate_keys(_call: ApiCall) -> dict[str, Any]:
    return {
        "ManagedKeysIPV4": {"IPAddressVersion": "IPV4", "Addresses": []},
        "ManagedKeysIPV6": {"IPAddressVersion": "IPV6", "Addresses": []},
    }


OPERATIONS: dict[tuple[str, str], Operation] = {
    ("apigatewayv2", "GetAuthorizers"): _get_authorizers,
    ("apigatewayv2", "GetModels"): _get_models,
    ("apigatewayv2", "GetDeployments"): _empty_items,
    ("apigatewayv2", "ListRoutingRules"): _no_routing_rules,
    ("apigatewayv2", "ExportApi"): openapi_export.http_api,
    ("apigateway", "GetExport"): openapi_export.rest_api,
    ("apigateway", "GetTags"): _get_tags,
    ("apigateway", "GetClientCertificates"): _empty_items,
    ("apigateway", "GetDocumentationParts"): _empty_items,
    ("wafv2", "CheckCapacity"): waf_operations.check_capacity,
    ("wafv2", "ListResourcesForWebACL"): waf_operations.list_resources,
    ("wafv2", "ListWebACLs"): waf_operations.list_web_acls,
    ("wafv2", "ListAvailableManagedRuleGroups"): waf_operations.managed_groups,
    ("wafv2", "GetSampledRequests"): _sampled_requests,
    ("wafv2", "GetRateBasedStatementManagedKeys"): _rate_keys,
    ("logs", "FilterLogEvents"): log_events.filter_log_events,
    ("cloudtrail", "LookupEvents"): trail.lookup_events,
}
