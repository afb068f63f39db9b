"""The AWS data plane: requests to deployed APIs through web ACL, authorizer and access log to the backend.

Source of order and answers: API Gateway Developer Guide, "Use AWS WAF to protect your REST APIs" (WAF is
evaluated before resource policies, authorizers and keys) and "Gateway response types".
"""

import secrets
import time
import uuid
from dataclasses import dataclass
from typing import Any

from werkzeug.wrappers import Request, Response

from connectors.testkit.doubles.aws import access_log, waf_log
from connectors.testkit.doubles.aws.delivery import LogDelivery
from connectors.testkit.doubles.aws.gateway_auth import ANONYMOUS, Identity, identify
from connectors.testkit.doubles.aws.gateway_routing import RefusedError, Target, execute_api_hosts, resolve
from connectors.testkit.doubles.aws.sampling import SAMPLES
from connectors.testkit.doubles.aws.state import ACCOUNT, LOCK
from connectors.testkit.doubles.aws.waf_evaluation import Verdict
from connectors.testkit.doubles.aws.waf_state import WafState
from connectors.testkit.doubles.aws.web_request import WebRequest
from connectors.testkit.doubles.client_facts import client_facts, visible_headers
from connectors.testkit.doubles.serving import json_response
from connectors.testkit.doubles.upstream import Upstream, UpstreamAnswer

ERROR_TYPES = {
    "Unauthorized": "UnauthorizedException",
    "The incoming token has expired": "UnauthorizedException",
    "Missing Authentication Token": "MissingAuthenticationTokenException",
    "Not Found": "NotFoundException",
}


@dataclass
class Exchange:
    """One request on its way through the gateway, with what the access log wants to know."""

    request: WebRequest
    target: Target
    identity: Identity = ANONYMOUS
    waf: Verdict | None = None
    waf_latency_ms: int = 0
    upstream: UpstreamAnswer | None = None
    error: str = ""


class DataPlane:
    """The gateway of one region in front of one backend."""

    def __init__(self, region: str, upstream: Upstream, delivery: LogDelivery) -> None:
        self._region = region
        self._upstream = upstream
        self._delivery = delivery
        self._waf = WafState(region)

    def answer(self, http: Request) -> Response:
        """Answer one request to a deployed API; requests to unknown hosts are refused."""
        started = time.perf_counter()
        if http.path == "/_double/hosts":
            return json_response(execute_api_hosts(self._region))
        request = web_request(http)
        try:
            with LOCK:
                target = resolve(request.host, request.uri, request.method, self._region)
        except RefusedError as refused:
            return json_response({"message": refused.message}, refused.status)
        exchange = Exchange(request, target)
        response = self._handle(exchange)
        response.headers["x-amzn-RequestId"] = request.request_id
        response.headers["x-amz-apigw-id"] = secrets.token_urlsafe(11)
        elapsed = round((time.perf_counter() - started) * 1000)
        self._log(
            exchange, response, max(elapsed, exchange.upstream.latency_ms + 2 if exchange.upstream else 1)
        )
        return response

    def _handle(self, exchange: Exchange) -> Response:
        request, target = exchange.request, exchange.target
        try:
            self._inspect(exchange)
            if (preflight := _preflight(target, request)) is not None:
                return preflight
            if target.route is None:
                missing = (
                    (403, "Missing Authentication Token") if target.kind == "REST" else (404, "Not Found")
                )
                raise RefusedError(*missing)
            with LOCK:
                exchange.identity = identify(target, request, self._region)
        except RefusedError as refused:
            exchange.error = refused.message
            headers = {"x-amzn-ErrorType": ERROR_TYPES.get(refused.message, "ForbiddenException")}
            return json_response({"message": refused.message}, refused.status, headers)
        query = f"?{request.query}" if request.query else ""
        forwarded = [("X-Forwarded-For", request.client_ip), ("X-Request-Id", request.request_id)]
        answer = self._upstream.send(
            request.method, target.path + query, [*request.headers, *forwarded], request.body
        )
        exchange.upstream = answer
        response = Response(answer.body, status=answer.status)
        response.headers.clear()
        for name, value in answer.headers:
            response.headers.add(name, value)
        _add_cors(target, request, response)
        return response

    def _inspect(self, exchange: Exchange) -> None:
        arn = exchange.target.stage.web_acl_arn if exchange.target.kind == "REST" else None
        if not arn:
            return
        started = time.perf_counter()
        verdict = self._waf.evaluate(arn, exchange.request)
        exchange.waf, exchange.waf_latency_ms = (verdict, round((time.perf_counter() - started) * 1000))
        source = f"{ACCOUNT}:{exchange.target.api.id}:{exchange.target.stage.name}"
        self._delivery.waf_log(arn, waf_log.record(arn, source, exchange.request, verdict))
        _sample(arn, exchange.request, verdict)
        if verdict.action != "ALLOW":
            raise RefusedError(verdict.response_code or 403, "Forbidden")

    def _log(self, exchange: Exchange, response: Response, latency_ms: int) -> None:
        settings = exchange.target.stage.access_log_settings or {}
        if not settings.get("format") or not settings.get("destinationArn"):
            return
        text = access_log.line(settings["format"], context(exchange, response, latency_ms))
        stream = exchange.request.request_id.replace("-", "")[:2]
        self._delivery.access_log(settings["destinationArn"], stream, exchange.request.time_ms, text)


def web_request(http: Request) -> WebRequest:
    """The request with the double's own headers turned into facts about the client."""
    facts = client_facts(http)
    raw = http.environ.get("RAW_URI") or http.path
    uri, _, query = raw.partition("?")
    return WebRequest(
        http.method,
        uri,
        query,
        visible_headers(http),
        http.get_data(),
        facts.address,
        facts.time_ms,
        str(uuid.uuid4()),
        host=http.host.partition(":")[0],
        country=facts.country,
        asn=facts.asn,
        ja4=facts.ja4,
    )


def _sample(arn: str, request: WebRequest, verdict: Verdict) -> None:
    headers = [{"Name": name, "Value": value} for name, value in request.headers]
    http = {
        "ClientIP": request.client_ip,
        "Country": request.country,
        "URI": request.uri,
        "Method": request.method,
    }
    for metric in verdict.matched_metrics:
        sample = {"Request": http | {"HTTPVersion": request.http_version, "Headers": headers}, "Weight": 1}
        SAMPLES.add(arn, metric, sample | {"Timestamp": request.time_ms / 1000, "Action": verdict.action})


def _cors(target: Target) -> dict[str, Any]:
    return (target.api.cors_configuration or {}) if target.kind == "HTTP" else {}


def _preflight(target: Target, request: WebRequest) -> Response | None:
    """HTTP APIs with a CORS configuration and REST OPTIONS mocks answer preflight requests themselves."""
    if request.method != "OPTIONS":
        return None
    response = Response(status=204)
    if target.kind == "HTTP":
        if not _cors(target):
            return None
        _add_cors(target, request, response)
        return response
    response.headers["Access-Control-Allow-Origin"] = "*"
    return response


def _add_cors(target: Target, request: WebRequest, response: Response) -> None:
    settings = _cors(target)
    origin = request.header("origin")
    allowed = settings.get("allowOrigins") or []
    if origin and ("*" in allowed or origin in allowed):
        response.headers["Access-Control-Allow-Origin"] = "*" if "*" in allowed else origin


def context(exchange: Exchange, response: Response, latency_ms: int) -> dict[str, str]:
    """The ``$context`` variables of one exchange; absent ones are left out."""
    request, target, identity = exchange.request, exchange.target, exchange.identity
    rest = target.kind == "REST"
    values: dict[str, Any] = {
        "requestId": request.request_id,
        "extendedRequestId": response.headers.get("x-amz-apigw-id"),
        "apiId": target.api.id if rest else target.api.api_id,
        "stage": target.stage.name,
        "accountId": ACCOUNT,
        "domainName": target.domain,
        "requestTime": access_log.request_time(request.time_ms),
        "requestTimeEpoch": request.time_ms,
        "httpMethod": request.method,
        "path": request.uri,
        "protocol": request.http_version,
        "status": response.status_code,
        "responseLength": len(response.get_data()),
        "responseLatency": latency_ms,
        "identity.sourceIp": request.client_ip,
        "identity.userAgent": request.header("user-agent"),
        "identity.apiKeyId": identity.api_key_id,
        "authorizer.principalId": identity.principal,
        "error.message": exchange.error,
    }
    values |= {f"authorizer.claims.{name}": value for name, value in identity.claims}
    if rest:
        values |= {"resourcePath": target.resource_path, "resourceId": target.resource_id}
        values["webaclArn"] = target.stage.web_acl_arn
    else:
        values["routeKey"] = target.resource_path
    if exchange.waf:
        values |= {"waf.status": exchange.waf.response_code or 200, "waf.latency": exchange.waf_latency_ms}
    if exchange.upstream:
        values |= {
            "integration.status": exchange.upstream.status,
            "integration.latency": exchange.upstream.latency_ms,
        }
        values |= {
            "integrationStatus": exchange.upstream.status,
            "integrationLatency": exchange.upstream.latency_ms,
        }
    return {name: str(value) for name, value in values.items() if value not in (None, "")}
