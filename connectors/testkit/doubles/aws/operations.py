"""Which API operation a signed HTTP request asks for, and on which resource: the facts IAM decides on.

REST operations are recognised with the ``requestUri`` of botocore's own service models.
IAM action and resource names follow the Service Authorization Reference of each service.
"""

import re
from dataclasses import dataclass, field
from functools import cache
from typing import Any
from urllib.parse import parse_qsl, unquote

import botocore.session
import orjson
from werkzeug.wrappers import Request

CREDENTIAL = re.compile(r"Credential=([^/,\s]+)/\d+/([^/]+)/([^/]+)/aws4_request")


@dataclass(frozen=True)
class ApiCall:
    """One parsed request: ``service`` as botocore names it, wire-named ``params``, and who signed it."""

    service: str
    operation: str
    method: str
    path: str
    region: str
    access_key: str
    session_token: str
    params: dict[str, Any] = field(default_factory=dict)


@cache
def rest_routes(service: str) -> tuple[tuple[str, re.Pattern[str], str], ...]:
    """(HTTP method, path pattern, operation name) of REST operations, longest literal path first."""
    model = botocore.session.get_session().get_service_model(service)
    routes = []
    for name in model.operation_names:
        http = model.operation_model(name).http
        uri = http["requestUri"].split("?")[0]
        pattern = re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", re.sub(r"\{(\w+)\+\}", r"(?P<\1>.+)", uri))
        routes.append((http["method"], re.compile(f"^{pattern.rstrip('/')}/?$"), name))
    return tuple(sorted(routes, key=lambda route: -len(re.sub(r"\(.*?\)", "", route[1].pattern))))


def _rest_call(service: str, method: str, path: str) -> tuple[str, dict[str, str]]:
    for verb, pattern, name in rest_routes(service):
        if verb == method and (match := pattern.match(path)):
            return name, {key: unquote(value) for key, value in match.groupdict().items()}
    return "Unknown", {}


def _s3_call(method: str, path: str, query: dict[str, str]) -> tuple[str, dict[str, str]]:
    bucket, _, key = path.lstrip("/").partition("/")
    params = {"Bucket": bucket, "Key": key}
    if not bucket:
        return "ListBuckets", params
    if key:
        names = {"GET": "GetObject", "HEAD": "HeadObject", "PUT": "PutObject", "DELETE": "DeleteObject"}
        return names.get(method, "PostObject"), params
    if method == "GET" and "location" in query:
        return "GetBucketLocation", params
    names = {"GET": "ListObjectsV2", "HEAD": "HeadBucket", "PUT": "CreateBucket", "DELETE": "DeleteBucket"}
    return names.get(method, "PostBucket"), params


def _json_body(request: Request) -> dict[str, Any]:
    try:
        body = orjson.loads(request.get_data() or b"{}")
    except orjson.JSONDecodeError:
        return {}
    return body if isinstance(body, dict) else {}


def parse_call(request: Request) -> ApiCall | None:
    """The operation a request asks for; None when it is not a SigV4-signed API request."""
    signed = CREDENTIAL.search(request.headers.get("Authorization", ""))
    if signed is None:
        return None
    access_key, region, service = signed.groups()
    query = dict(request.args)
    params: dict[str, Any]
    if target := request.headers.get("X-Amz-Target"):
        operation, params = target.rpartition(".")[2], _json_body(request)
    elif service == "s3":
        operation, extracted = _s3_call(request.method, request.path, query)
        params = {**query, **extracted}
    elif service == "apigateway":
        service = "apigatewayv2" if request.path.startswith("/v2/") else "apigateway"
        operation, extracted = _rest_call(
            service, request.method, request.environ.get("RAW_URI", request.path).split("?")[0]
        )
        params = {**query, **_json_body(request), **extracted}
    elif service == "cloudfront":
        operation, extracted = _rest_call(service, request.method, request.path)
        params = {**query, **extracted}
    elif "/operation/" in request.path:
        operation, params = request.path.rpartition("/")[2], {}
    else:
        form = dict(parse_qsl(request.get_data().decode("utf-8", "replace"), keep_blank_values=True))
        params = {**query, **form}
        operation = str(params.get("Action", "Unknown"))
    token = request.headers.get("X-Amz-Security-Token", "")
    return ApiCall(service, operation, request.method, request.path, region, access_key, token, params)


def iam_action(call: ApiCall) -> str:
    """The IAM action the request needs, such as ``wafv2:UpdateIPSet`` or ``apigateway:GET``."""
    if call.service in ("apigateway", "apigatewayv2"):
        return f"apigateway:{call.method}"
    if call.service == "s3":
        renamed = {"HeadObject": "GetObject", "ListObjectsV2": "ListBucket", "HeadBucket": "ListBucket"}
        return f"s3:{renamed.get(call.operation, call.operation)}"
    if call.service == "tagging":
        return f"tag:{call.operation}"
    return f"{call.service}:{call.operation}"


def _waf_resources(call: ApiCall, account: str) -> list[str]:
    for member in ("ARN", "ResourceARN", "WebACLArn", "ResourceArn"):
        if value := call.params.get(member):
            return [str(value)]
    kinds = {
        "IPSet": "ipset",
        "RegexPatternSet": "regexpatternset",
        "RuleGroup": "rulegroup",
        "WebACL": "webacl",
    }
    for suffix, kind in kinds.items():
        if call.operation.endswith(suffix) and call.params.get("Name"):
            scope = "global" if call.params.get("Scope") == "CLOUDFRONT" else "regional"
            name, identifier = call.params["Name"], call.params.get("Id", "*")
            return [f"arn:aws:wafv2:{call.region}:{account}:{scope}/{kind}/{name}/{identifier}"]
    return ["*"]


def iam_resources(call: ApiCall, account: str) -> list[str]:
    """The ARN forms of the resource; a policy that covers any one of them covers the request."""
    if call.service in ("apigateway", "apigatewayv2"):
        path = call.path.removeprefix("/v2")
        return [f"arn:aws:apigateway:{call.region}::{path.rstrip('/') or '/'}"]
    if call.service == "wafv2":
        return _waf_resources(call, account)
    if call.service == "logs":
        group = (
            call.params.get("logGroupName") or str(call.params.get("logGroupIdentifier", "*")).split(":")[-1]
        )
        arn = f"arn:aws:logs:{call.region}:{account}:log-group:{group}"
        return [f"{arn}:*", arn, f"{arn}:log-stream:{call.params.get('logStreamName', '')}"]
    if call.service == "s3":
        bucket, key = call.params.get("Bucket", ""), call.params.get("Key", "")
        return [f"arn:aws:s3:::{bucket}/{key}" if key else f"arn:aws:s3:::{bucket or '*'}"]
    if call.service == "cloudfront" and call.params.get("Id"):
        return [f"arn:aws:cloudfront::{account}:distribution/{call.params['Id']}"]
    if call.operation == "AssumeRole":
        return [str(call.params.get("RoleArn", "*"))]
    return ["*"]
