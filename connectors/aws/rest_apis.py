"""REST APIs (API Gateway v1): APIs, resources with their methods, stages, authorizers and validators."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from connectors.aws.gateway_model import (
    DomainMapping,
    Parts,
    hosts_of,
    is_catch_all,
    path_parameters,
    picked,
    plain,
    stage_addresses,
    upstream,
    variables_evidence,
)
from connectors.aws.ledger import Ledger
from connectors.aws.session import AwsSession
from connectors.base.model import Auth, AuthKind, Cors, Exposure, Parameter, RateLimit, Route, Service, Stage

_AUTH = {
    "AWS_IAM": AuthKind.IAM,
    "CUSTOM": AuthKind.CUSTOM,
    "COGNITO_USER_POOLS": AuthKind.COGNITO,
}
_CORS_HEADER = "method.response.header.access-control-allow-"


@dataclass(frozen=True, slots=True)
class Account:
    """What is known of a region's account-wide facts. ``rate`` is the account's own request rate, or None."""

    rate: float | None
    plans: Sequence[Mapping[str, Any]] | None


@dataclass(frozen=True, slots=True)
class _Api:
    """One REST API as read; a None is a part that could not be read."""

    region: str
    document: Mapping[str, Any]
    resources: list[dict[str, Any]] | None
    stages: list[dict[str, Any]] | None
    authorizers: dict[str, dict[str, Any]] | None
    validators: dict[str, dict[str, Any]] | None

    @property
    def id(self) -> str:
        """The API's id."""
        return str(self.document["id"])


def read_rest_apis(
    session: AwsSession,
    ledger: Ledger,
    region: str,
    mappings: Sequence[DomainMapping],
    account: Account,
    parts: Parts,
) -> None:
    """Add every REST API of a region to ``parts``."""
    everything = ("services", "stages", "routes", "upstreams")
    listed = ledger.attempt(
        everything,
        f"REST APIs in {region}",
        lambda: session.items("apigateway", "GetRestApis", region, "items"),
    )
    for document in listed or ():
        api = _read(session, ledger, region, document)
        parts.services.append(_service(api, mappings))
        parts.stages.extend(_stage(api, stage, mappings, account) for stage in api.stages or ())
        for route in _routes(api, account, parts):
            parts.routes.append(route)


def _read(session: AwsSession, ledger: Ledger, region: str, document: Mapping[str, Any]) -> _Api:
    api_id, label = document["id"], f"REST API {document.get('name', document['id'])}"

    def listed(
        operation: str, what: str, sections: tuple[str, ...], **more: Any
    ) -> list[dict[str, Any]] | None:
        return ledger.attempt(
            sections,
            f"{what} of {label}",
            lambda: session.items("apigateway", operation, region, "items", restApiId=api_id, **more),
        )

    stages = ledger.attempt(
        ("stages",),
        f"stages of {label}",
        lambda: list(session.call("apigateway", "GetStages", region, restApiId=api_id).get("item") or ()),
    )
    resources = listed("GetResources", "resources", ("routes", "upstreams"), embed=["methods"])
    authorizers = listed("GetAuthorizers", "authorizers", ("authorizers",))
    validators = listed("GetRequestValidators", "request validators", ("validators",))
    return _Api(region, document, resources, stages, _by_id(authorizers), _by_id(validators))


def _by_id(entries: list[dict[str, Any]] | None) -> dict[str, dict[str, Any]] | None:
    return None if entries is None else {str(entry["id"]): entry for entry in entries}


def _default_host(api: _Api) -> str:
    return f"{api.id}.execute-api.{api.region}.amazonaws.com"


def _service(api: _Api, mappings: Sequence[DomainMapping]) -> Service:
    document = api.document
    types = (document.get("endpointConfiguration") or {}).get("types") or []
    evidence = picked(
        document, "id", "name", "endpointConfiguration", "apiKeySource", "disableExecuteApiEndpoint", "tags"
    )
    if document.get("policy"):
        evidence["policy"] = _policy(str(document["policy"]))
    exposure = (
        Exposure.UNKNOWN if not types else Exposure.PRIVATE if types == ["PRIVATE"] else Exposure.PUBLIC
    )
    return Service(
        ref=api.id,
        name=str(document.get("name", api.id)),
        kind="rest_api",
        hosts=hosts_of(mappings, api.id),
        default_host=_default_host(api),
        default_host_enabled=not document.get("disableExecuteApiEndpoint", False),
        exposure=exposure,
        tags=dict(document.get("tags") or {}),
        evidence={
            "arn": f"arn:aws:apigateway:{api.region}::/restapis/{api.id}",
            "region": api.region,
            **evidence,
        },
    )


def _policy(text: str) -> Any:
    """A resource policy; API Gateway returns it as JSON with escaped quotes."""
    for candidate in (text, text.replace('\\"', '"')):
        try:
            return json.loads(candidate)
        except ValueError:
            continue
    return text[:2000]


def _stage(api: _Api, stage: Mapping[str, Any], mappings: Sequence[DomainMapping], account: Account) -> Stage:
    name = str(stage["stageName"])
    log = stage.get("accessLogSettings") or {}
    enabled = not api.document.get("disableExecuteApiEndpoint", False)
    base, hosts, pairs = stage_addresses(mappings, api.id, name, _default_host(api), enabled, f"/{name}")
    evidence = picked(
        stage, "deploymentId", "methodSettings", "accessLogSettings", "webAclArn", "clientCertificateId",
        "tracingEnabled", "cacheClusterEnabled", "canarySettings",
    )  # fmt: skip
    evidence.get("canarySettings", {}).pop("stageVariableOverrides", None)
    evidence |= variables_evidence(stage.get("variables"))
    return Stage(
        ref=f"{api.id}/{name}",
        service_ref=api.id,
        name=name,
        base_path=base,
        hosts=hosts,
        access_log=str(log.get("destinationArn") or ""),
        access_log_format=log.get("format"),
        throttled=_throttled(stage, account),
        waf_ref=str(stage.get("webAclArn") or ""),
        tags=dict(stage.get("tags") or {}),
        evidence={
            "arn": f"arn:aws:apigateway:{api.region}::/restapis/{api.id}/stages/{name}",
            "region": api.region,
            "addresses": pairs,
            **evidence,
        },
    )


def _throttled(stage: Mapping[str, Any], account: Account) -> bool | None:
    """Whether any own limit is set: below the account's rate, which AWS fills in where nobody set one."""
    limits = [
        float(entry["throttlingRateLimit"])
        for entry in (stage.get("methodSettings") or {}).values()
        if entry.get("throttlingRateLimit") is not None
    ]
    limits = [limit for limit in limits if limit >= 0]
    if not limits:
        return False
    return None if account.rate is None else min(limits) < account.rate


def _routes(api: _Api, account: Account, parts: Parts) -> Iterator[Route]:
    for resource in api.resources or ():
        methods = resource.get("resourceMethods") or {}
        cors = _cors(methods.get("OPTIONS"))
        for verb, method in methods.items():
            yield _route(api, resource, str(verb), method, cors, account, parts)


def _route(
    api: _Api,
    resource: Mapping[str, Any],
    verb: str,
    method: Mapping[str, Any],
    cors: Cors | None,
    account: Account,
    parts: Parts,
) -> Route:
    path = str(resource.get("path", "/"))
    integration = method.get("methodIntegration") or {}
    target = upstream(
        api.id,
        str(integration.get("type", "")),
        str(integration.get("uri") or ""),
        str(integration.get("connectionType") or ""),
        integration.get("tlsConfig"),
    )
    if target is not None:
        parts.upstreams[target.ref] = target
    key_required = bool(method.get("apiKeyRequired"))
    return Route(
        ref=f"{api.id}/{resource['id']}/{verb}",
        service_ref=api.id,
        path=path,
        methods=() if verb == "ANY" else (verb,),
        auth=_auth(api, method),
        rate_limits=tuple(_limits(api, path, verb, key_required, account)),
        cors=cors,
        parameters=_parameters(path, method),
        catch_all=is_catch_all(path),
        validated=_validated(api, method),
        upstream_ref=target.ref if target else "",
        stage_refs=tuple(f"{api.id}/{stage['stageName']}" for stage in api.stages or ()),
        evidence={
            "path": path,
            "httpMethod": verb,
            "region": api.region,
            **picked(
                method, "authorizationType", "authorizerId", "authorizationScopes", "apiKeyRequired",
                "requestValidatorId", "requestParameters", "operationName",
            ),
            "integration": picked(integration, "type", "connectionType", "timeoutInMillis"),
        },
    )  # fmt: skip


def _auth(api: _Api, method: Mapping[str, Any]) -> tuple[Auth, ...]:
    made: list[Auth] = []
    kind = _AUTH.get(str(method.get("authorizationType", "NONE")))
    if kind is not None:
        authorizer = (api.authorizers or {}).get(str(method.get("authorizerId", "")), {})
        details = picked(
            authorizer, "name", "type", "identitySource", "authorizerResultTtlInSeconds", "providerARNs"
        )
        if method.get("authorizationScopes"):
            details["scopes"] = list(method["authorizationScopes"])
        source = str(authorizer.get("name") or method.get("authorizationType"))
        location = "query" if "querystring" in str(authorizer.get("identitySource", "")) else "header"
        made.append(Auth(kind, location, False, source, details))
    if method.get("apiKeyRequired"):
        made.append(Auth(AuthKind.API_KEY, "header", False, "usage plan"))
    return tuple(made)


def _validated(api: _Api, method: Mapping[str, Any]) -> bool | None:
    validator = method.get("requestValidatorId")
    if not validator:
        return False
    if api.validators is None:
        return None
    found = api.validators.get(str(validator), {})
    return bool(found.get("validateRequestBody") or found.get("validateRequestParameters"))


def _parameters(path: str, method: Mapping[str, Any]) -> tuple[Parameter, ...]:
    found = {(entry.location, entry.name): entry for entry in path_parameters(path)}
    places = {"path": "path", "querystring": "query", "header": "header"}
    for name, required in (method.get("requestParameters") or {}).items():
        _, _, place, key = (*str(name).split(".", 3), "", "", "", "")[:4]
        if place in places and key:
            entry = Parameter(key, places[place], bool(required) or place == "path")
            found[(entry.location, key)] = entry
    return tuple(found.values())


def _limits(api: _Api, path: str, verb: str, key_required: bool, account: Account) -> Iterator[RateLimit]:
    own = f"{path.replace('/', '~1')}/{verb}"
    for stage in api.stages or ():
        settings = stage.get("methodSettings") or {}
        entry = settings.get(own) or settings.get(f"{path.lstrip('/')}/{verb}") or settings.get("*/*") or {}
        rate = entry.get("throttlingRateLimit")
        if rate is not None and 0 <= float(rate) < (account.rate or float("inf")):
            yield RateLimit(int(rate), 1, "stage", f"stage {stage['stageName']}")
    if not key_required:
        return
    for plan in account.plans or ():
        throttle = plan.get("throttle") or {}
        names = [
            str(entry.get("stage")) for entry in plan.get("apiStages") or () if entry.get("apiId") == api.id
        ]
        if names and throttle.get("rateLimit"):
            yield RateLimit(
                int(throttle["rateLimit"]), 1, "api key", f"usage plan {plan.get('name', plan['id'])}"
            )


def _cors(options: Mapping[str, Any] | None) -> Cors | None:
    """The policy a mock OPTIONS method answers (``'https://app.example'`` in single quotes)."""
    responses = ((options or {}).get("methodIntegration") or {}).get("integrationResponses") or {}
    for response in responses.values():
        headers = {
            str(name).lower().removeprefix(_CORS_HEADER): str(value).strip("'")
            for name, value in plain(response.get("responseParameters") or {}).items()
            if str(name).lower().startswith(_CORS_HEADER)
        }
        if headers.get("origin"):
            return Cors(
                origins=_listed(headers["origin"]),
                credentials=headers.get("credentials", "").lower() == "true",
                methods=_listed(headers.get("methods", "")),
                headers=_listed(headers.get("headers", "")),
            )
    return None


def _listed(text: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in text.split(",") if part.strip())
