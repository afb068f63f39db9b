"""Pages for list operations where moto ignores the limit.

Sources: API Gateway API reference (``limit`` default 25, maximum 500, ``position`` is opaque) and API
Gateway v2 reference (``maxResults`` a string, ``nextToken`` opaque).
"""

import base64
import binascii
from typing import Any

from connectors.testkit.doubles.aws.errors import AwsError
from connectors.testkit.doubles.aws.operations import ApiCall

V1_PAGED = {
    "GetRestApis",
    "GetResources",
    "GetAuthorizers",
    "GetModels",
    "GetUsagePlans",
    "GetDomainNames",
    "GetApiKeys",
    "GetBasePathMappings",
    "GetRequestValidators",
    "GetVpcLinks",
    "GetDeployments",
    "GetUsagePlanKeys",
}
V2_PAGED = {
    "GetApis",
    "GetRoutes",
    "GetIntegrations",
    "GetAuthorizers",
    "GetStages",
    "GetDomainNames",
    "GetApiMappings",
}


def is_paged(call: ApiCall) -> bool:
    """Whether the operation's answer comes in pages."""
    return call.operation in (V1_PAGED if call.service == "apigateway" else V2_PAGED)


def _offset(token: Any) -> int:
    if not token:
        return 0
    try:
        return int(base64.urlsafe_b64decode(str(token).encode()).decode().removeprefix("at:"))
    except (binascii.Error, ValueError, UnicodeDecodeError) as error:
        raise AwsError("BadRequestException", "Invalid position parameter") from error


def page(call: ApiCall, body: dict[str, Any]) -> dict[str, Any]:
    """One page of moto's complete answer ``body``."""
    first = call.service == "apigateway"
    items_key, limit_key, token_key, next_key = (
        ("item", "limit", "position", "position")
        if first
        else ("items", "maxResults", "nextToken", "nextToken")
    )
    items = body.get(items_key, [])
    try:
        limit = min(int(call.params.get(limit_key) or 25), 500)
    except ValueError as error:
        raise AwsError("BadRequestException", f"Invalid {limit_key} parameter") from error
    start = _offset(call.params.get(token_key))
    answer = {**body, items_key: items[start : start + limit]}
    answer.pop(next_key, None)
    if start + limit < len(items):
        answer[next_key] = base64.urlsafe_b64encode(f"at:{start + limit}".encode()).decode()
    return answer
