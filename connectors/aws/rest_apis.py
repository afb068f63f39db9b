"""REST APIs (API Gateway v1): APIs, resources with their methods, stages, authorizers and validators."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from connectors.aws.gateway_model import (
    DomainMapping,
    Parts,
    hosts_of,
    picked,
    stage_addresses,
    variables_evidence,
)
from connectors.aws.rest_methods import Account, RestApi, api_routes
from connectors.aws.session import AwsSession
from connectors.base.ledger import Ledger
from connectors.base.model import Exposure, Service, Stage


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
        parts.routes.extend(api_routes(api, account, parts))


def _read(session: AwsSession, ledger: Ledger, region: str, document: Mapping[str, Any]) -> RestApi:
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
    return RestApi(region, document, resources, stages, _by_id(authorizers), _by_id(validators))


def _by_id(entries: list[dict[str, Any]] | None) -> dict[str, dict[str, Any]] | None:
    return None if entries is None else {str(entry["id"]): entry for entry in entries}


def _default_host(api: RestApi) -> str:
    return f"{api.id}.execute-api.{api.region}.amazonaws.com"


def _service(api: RestApi, mappings: Sequence[DomainMapping]) -> Service:
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


def _stage(
    api: RestApi, stage: Mapping[str, Any], mappings: Sequence[DomainMapping], account: Account
) -> Stage:
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
