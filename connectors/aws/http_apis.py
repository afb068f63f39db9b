"""HTTP and WebSocket APIs (API Gateway v2): APIs, routes, integrations, authorizers and stages."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from connectors.aws.gateway_model import (
    DomainMapping,
    Parts,
    hosts_of,
    is_catch_all,
    path_parameters,
    picked,
    stage_addresses,
    upstream,
    variables_evidence,
)
from connectors.aws.session import AwsSession
from connectors.base.ledger import Ledger
from connectors.base.model import Auth, AuthKind, Cors, Exposure, RateLimit, Route, Service, Stage

_AUTH = {"AWS_IAM": AuthKind.IAM, "CUSTOM": AuthKind.CUSTOM, "JWT": AuthKind.JWT}


@dataclass(frozen=True, slots=True)
class _Api:
    """One API as read; a None is a part that could not be read."""

    region: str
    document: Mapping[str, Any]
    routes: list[dict[str, Any]] | None
    integrations: dict[str, dict[str, Any]] | None
    authorizers: dict[str, dict[str, Any]] | None
    stages: list[dict[str, Any]] | None

    @property
    def id(self) -> str:
        """The API's id."""
        return str(self.document["ApiId"])

    @property
    def websocket(self) -> bool:
        """Whether it is a WebSocket API."""
        return self.document.get("ProtocolType") == "WEBSOCKET"

    @property
    def default_host(self) -> str:
        """The address AWS made for it."""
        endpoint = urlsplit(str(self.document.get("ApiEndpoint") or "")).hostname
        return endpoint or f"{self.id}.execute-api.{self.region}.amazonaws.com"


def read_http_apis(
    session: AwsSession, ledger: Ledger, region: str, mappings: Sequence[DomainMapping], parts: Parts
) -> None:
    """Add every HTTP and WebSocket API of a region to ``parts``."""
    everything = ("services", "stages", "routes", "upstreams")
    listed = ledger.attempt(
        everything,
        f"HTTP APIs in {region}",
        lambda: session.items("apigatewayv2", "GetApis", region, "Items"),
    )
    for document in listed or ():
        api = _read(session, ledger, region, document)
        parts.services.append(_service(api, mappings))
        parts.stages.extend(_stage(api, stage, mappings) for stage in api.stages or ())
        parts.routes.extend(_route(api, route, parts) for route in api.routes or ())


def _read(session: AwsSession, ledger: Ledger, region: str, document: Mapping[str, Any]) -> _Api:
    api_id, label = document["ApiId"], f"API {document.get('Name', document['ApiId'])}"

    def listed(operation: str, what: str, section: str) -> list[dict[str, Any]] | None:
        return ledger.attempt(
            (section,),
            f"{what} of {label}",
            lambda: session.items("apigatewayv2", operation, region, "Items", ApiId=api_id),
        )

    routes = listed("GetRoutes", "routes", "routes")
    integrations = listed("GetIntegrations", "integrations", "upstreams")
    authorizers = listed("GetAuthorizers", "authorizers", "authorizers")
    stages = listed("GetStages", "stages", "stages")
    return _Api(
        region,
        document,
        routes,
        None if integrations is None else {str(entry["IntegrationId"]): entry for entry in integrations},
        None if authorizers is None else {str(entry["AuthorizerId"]): entry for entry in authorizers},
        stages,
    )


def _service(api: _Api, mappings: Sequence[DomainMapping]) -> Service:
    document = api.document
    return Service(
        ref=api.id,
        name=str(document.get("Name", api.id)),
        kind="websocket_api" if api.websocket else "http_api",
        protocol="websocket" if api.websocket else "http",
        hosts=hosts_of(mappings, api.id),
        default_host=api.default_host,
        default_host_enabled=not document.get("DisableExecuteApiEndpoint", False),
        exposure=Exposure.PUBLIC,
        tags=dict(document.get("Tags") or {}),
        evidence={
            "arn": f"arn:aws:apigateway:{api.region}::/apis/{api.id}",
            "region": api.region,
            **picked(
                document, "ApiId", "Name", "ProtocolType", "ApiEndpoint", "CorsConfiguration",
                "DisableExecuteApiEndpoint", "ApiKeySelectionExpression", "RouteSelectionExpression", "IpAddressType",
            ),
        },
    )  # fmt: skip


def _stage(api: _Api, stage: Mapping[str, Any], mappings: Sequence[DomainMapping]) -> Stage:
    name = str(stage["StageName"])
    log = stage.get("AccessLogSettings") or {}
    enabled = not api.document.get("DisableExecuteApiEndpoint", False)
    default_base = "" if name == "$default" else f"/{name}"
    base, hosts, pairs = stage_addresses(mappings, api.id, name, api.default_host, enabled, default_base)
    limits = [stage.get("DefaultRouteSettings") or {}, *(stage.get("RouteSettings") or {}).values()]
    return Stage(
        ref=f"{api.id}/{name}",
        service_ref=api.id,
        name=name,
        base_path=base,
        hosts=hosts,
        access_log=str(log.get("DestinationArn") or ""),
        access_log_format=log.get("Format"),
        throttled=any(float(entry.get("ThrottlingRateLimit") or 0) > 0 for entry in limits),
        waf_ref="",
        tags=dict(stage.get("Tags") or {}),
        evidence={
            "arn": f"arn:aws:apigateway:{api.region}::/apis/{api.id}/stages/{name}",
            "region": api.region,
            "addresses": pairs,
            **picked(
                stage,
                "DeploymentId",
                "AutoDeploy",
                "AccessLogSettings",
                "DefaultRouteSettings",
                "RouteSettings",
            ),
            **variables_evidence(stage.get("StageVariables")),
        },
    )


def _route(api: _Api, route: Mapping[str, Any], parts: Parts) -> Route:
    key = str(route.get("RouteKey", "$default"))
    verb, _, path = key.partition(" ")
    if not path:
        verb, path = "ANY", key if api.websocket else "/{proxy+}"
    integration = (api.integrations or {}).get(
        str(route.get("Target") or "").removeprefix("integrations/"), {}
    )
    tls = integration.get("TlsConfig")
    target = upstream(
        api.id,
        str(integration.get("IntegrationType", "")),
        str(integration.get("IntegrationUri") or ""),
        str(integration.get("ConnectionType") or ""),
        tls and {"insecureSkipVerification": False, **tls},
    )
    if target is not None:
        parts.upstreams[target.ref] = target
    return Route(
        ref=f"{api.id}/{route['RouteId']}",
        service_ref=api.id,
        path=path,
        methods=() if verb == "ANY" else (verb,),
        protocols=("wss",) if api.websocket else ("https",),
        auth=_auth(api, route),
        rate_limits=tuple(_limits(api, key)),
        cors=_cors(api.document.get("CorsConfiguration")),
        parameters=tuple(path_parameters(path)),
        catch_all=key == "$default" or is_catch_all(path),
        validated=None,
        upstream_ref=target.ref if target else "",
        stage_refs=tuple(f"{api.id}/{stage['StageName']}" for stage in api.stages or ()),
        evidence={
            "region": api.region,
            **picked(
                route, "RouteKey", "AuthorizationType", "AuthorizerId", "AuthorizationScopes", "ApiKeyRequired",
                "OperationName",
            ),
            "integration": picked(integration, "IntegrationType", "ConnectionType", "TimeoutInMillis", "TlsConfig"),
        },
    )  # fmt: skip


def _auth(api: _Api, route: Mapping[str, Any]) -> tuple[Auth, ...]:
    made: list[Auth] = []
    kind = _AUTH.get(str(route.get("AuthorizationType", "NONE")))
    if kind is not None:
        authorizer = (api.authorizers or {}).get(str(route.get("AuthorizerId", "")), {})
        details = picked(
            authorizer,
            "Name",
            "AuthorizerType",
            "IdentitySource",
            "AuthorizerResultTtlInSeconds",
            "JwtConfiguration",
        )
        if route.get("AuthorizationScopes"):
            details["scopes"] = list(route["AuthorizationScopes"])
        source = str(authorizer.get("Name") or route.get("AuthorizationType"))
        location = "query" if "querystring" in str(authorizer.get("IdentitySource", "")) else "header"
        made.append(Auth(kind, location, False, source, details))
    if route.get("ApiKeyRequired"):
        made.append(Auth(AuthKind.API_KEY, "header", False, "api key"))
    return tuple(made)


def _limits(api: _Api, key: str) -> list[RateLimit]:
    found = []
    for stage in api.stages or ():
        settings = (stage.get("RouteSettings") or {}).get(key) or stage.get("DefaultRouteSettings") or {}
        rate = float(settings.get("ThrottlingRateLimit") or 0)
        if rate > 0:
            found.append(RateLimit(int(rate), 1, "stage", f"stage {stage['StageName']}"))
    return found


def _cors(document: Mapping[str, Any] | None) -> Cors | None:
    if not document or not document.get("AllowOrigins"):
        return None
    return Cors(
        origins=tuple(document["AllowOrigins"]),
        credentials=bool(document.get("AllowCredentials")),
        methods=tuple(document.get("AllowMethods") or ()),
        headers=tuple(document.get("AllowHeaders") or ()),
    )
