"""Routes of one deployed proxy: its flows, and what is left for a request that no flow takes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from connectors.apigee.bundle import Bundle, said
from connectors.apigee.conditions import Node, holds, parsed, without_values
from connectors.apigee.flows import Step, Way, steps_of, ways_of
from connectors.apigee.policies import auth_of, cors_of, is_limit, limit_of
from connectors.base.model import Auth, Cors, RateLimit, Route


@dataclass(frozen=True, slots=True)
class Deployed:
    """One revision of a proxy in one environment: its bundle, the shared flows there, and how it is reached."""

    service_ref: str
    stage_ref: str
    bundle: Bundle
    shared: Mapping[str, Bundle]
    hook: Sequence[Step]
    hook_known: bool
    hosts: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Rules:
    """What holds for the requests of a route."""

    auth: tuple[Auth, ...]
    auth_known: bool
    limits: tuple[RateLimit, ...]
    limited: bool
    cors: Cors | None
    validated: bool
    refused: bool  # every request is answered with a fault


def routes_of(deployed: Deployed) -> list[Route]:
    """All routes in the order of the flows, the one of unlisted paths last."""
    made: list[Route] = []
    for name, endpoint in deployed.bundle.proxies.items():
        made += _endpoint_routes(deployed, name, endpoint)
    return made


def base_path(endpoint: Any) -> str:
    """The base path of a proxy endpoint, ``/`` when it takes everything."""
    return said(endpoint, "HTTPProxyConnection/BasePath").rstrip("/") or "/"


def target_of(endpoint: Any) -> str:
    """The target most requests go to: that of the first rule without a condition, else of the first; "" for none."""
    rules = endpoint.findall("RouteRule")
    plain = [rule for rule in rules if not said(rule, "Condition")]
    return said((plain or rules)[0], "TargetEndpoint") if rules else ""


def _endpoint_routes(deployed: Deployed, name: str, endpoint: Any) -> list[Route]:
    base, made, unlisted = base_path(endpoint), [], True
    for flow in endpoint.findall("Flows/Flow"):
        condition = parsed(said(flow, "Condition"))
        for number, way in enumerate(ways_of(condition, base)):
            rules = _rules(deployed, endpoint, flow, way)
            if condition is None:
                unlisted = False
                if rules.refused:
                    continue
            ref = f"{deployed.service_ref}#{name}/{flow.get('name', 'flow')}" + (
                f"/{number}" if number else ""
            )
            made.append(_route(deployed, ref, base, way, rules, endpoint, said(flow, "Condition")))
        if condition is None:
            break
    if unlisted:
        rules = _rules(deployed, endpoint, None, Way())
        if not rules.refused:
            ref = f"{deployed.service_ref}#{name}/unlisted"
            made.append(_route(deployed, ref, base, Way(), rules, endpoint, ""))
    return made


def _route(
    deployed: Deployed, ref: str, base: str, way: Way, rules: Rules, endpoint: Any, condition: str
) -> Route:
    catch_all = way == Way()
    suffix = "" if way.suffix in (None, "/", "") else f"/{str(way.suffix).lstrip('/')}"
    target = target_of(endpoint)
    return Route(
        ref=ref,
        service_ref=deployed.service_ref,
        path=f"{base.rstrip('/')}{suffix}" or "/",
        methods=way.methods,
        hosts=deployed.hosts,
        auth=rules.auth,
        auth_known=rules.auth_known,
        rate_limits=rules.limits,
        cors=rules.cors,
        catch_all=catch_all,
        prefix=way.prefix or way.suffix is None,
        validated=rules.validated,
        upstream_ref=f"{deployed.stage_ref}#{target}" if target else "",
        stage_refs=(deployed.stage_ref,),
        evidence={
            "condition": without_values(condition),
            "narrower_than_shown": way.narrowed,
            "limited_at_run_time": rules.limited and not rules.limits,
        },
    )


def _rules(deployed: Deployed, endpoint: Any, flow: Any, way: Way) -> Rules:
    bundle, shared = deployed.bundle, deployed.shared
    target = bundle.targets.get(target_of(endpoint))
    parts = [endpoint.find("PreFlow"), flow, endpoint.find("PostFlow")]
    if target is not None:
        parts += [target.find("PreFlow"), target.find("PostFlow")]
    steps = [*deployed.hook, *(step for part in parts for step in steps_of(part, bundle, shared))]
    auth: dict[str, Auth] = {}
    limits: dict[str, RateLimit] = {}
    known, limited, validated, refused, cors = deployed.hook_known, False, False, False, None
    for step in steps:
        runs = _runs(step.conditions, way)
        if runs is False:
            continue
        if step.policy is None:
            known = False
            continue
        required = auth_of(step.policy)
        if required is not None:
            optional = runs is None or step.doubtful
            auth.setdefault(required.source, _with(required, optional))
        limit = limit_of(step.policy)
        limited = limited or is_limit(step.policy)
        if limit is not None:
            limits.setdefault(limit.source, limit)
        cors = cors or cors_of(step.policy)
        certain = runs is True and not step.doubtful
        validated = validated or (certain and step.policy.tag == "OASValidation")
        refused = refused or (certain and step.policy.tag == "RaiseFault")
    return Rules(tuple(auth.values()), known, tuple(limits.values()), limited, cors, validated, refused)


def _with(auth: Auth, optional: bool) -> Auth:
    return Auth(auth.kind, auth.location, optional, auth.source, auth.details)


def _runs(conditions: Sequence[Node], way: Way) -> bool | None:
    """Whether a step runs for every request of a way, for none, or for some."""
    suffix = None if way.prefix else way.suffix
    found = [holds(condition, suffix, way.methods) for condition in conditions]
    if False in found:
        return False
    return None if None in found else True
