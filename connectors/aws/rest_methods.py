"""Methods of a REST API's resources as neutral routes: authentication, limits, parameters, validation, CORS."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from connectors.aws.gateway_model import Parts, is_catch_all, path_parameters, picked, plain, upstream
from connectors.base.model import Auth, AuthKind, Cors, Parameter, RateLimit, Route

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
class RestApi:
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


def api_routes(api: RestApi, account: Account, parts: Parts) -> Iterator[Route]:
    """The methods of an API's resources; upstreams they lead to are added to ``parts``."""
    for resource in api.resources or ():
        methods = resource.get("resourceMethods") or {}
        cors = _cors(methods.get("OPTIONS"))
        for verb, method in methods.items():
            yield _route(api, resource, str(verb), method, cors, account, parts)


def _route(
    api: RestApi,
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


def _auth(api: RestApi, method: Mapping[str, Any]) -> tuple[Auth, ...]:
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


def _validated(api: RestApi, method: Mapping[str, Any]) -> bool | None:
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


def _limits(api: RestApi, path: str, verb: str, key_required: bool, account: Account) -> Iterator[RateLimit]:
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
