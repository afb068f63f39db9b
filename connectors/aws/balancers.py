"""Application Load Balancers: each as a service with one stage, its listeners' rules as routes.

Source: Elastic Load Balancing API reference 2015-12-01. Network and Gateway Load Balancers see no requests and are left out.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

from connectors.aws.balancer_rules import Listener, rule_routes
from connectors.aws.gateway_model import Parts, picked, plain
from connectors.aws.session import AwsSession
from connectors.aws.tls_versions import least, minimum_tls
from connectors.aws.web_acls import WebAcls
from connectors.base.ledger import Ledger
from connectors.base.model import Exposure, Route, Service, Stage, Upstream

KIND: Final = "load_balancer"
_EVERYTHING: Final = ("load_balancers", "services", "stages", "routes", "upstreams")
#: Load balancers in one DescribeTags.
_TAGGED_AT_ONCE: Final = 20
_SCHEMES: Final = {"internet-facing": Exposure.PUBLIC, "internal": Exposure.PRIVATE}


@dataclass(frozen=True, slots=True)
class _Region:
    """What the load balancers of a region share; a None is a part that could not be read."""

    session: AwsSession
    ledger: Ledger
    name: str
    acls: WebAcls
    tags: Mapping[str, Mapping[str, str]]
    protocols: Mapping[str, list[str]]  # accepted ones, by TLS policy

    def read(
        self, what: str, operation: str, key: str, section: str, **more: Any
    ) -> list[dict[str, Any]] | None:
        """One list about a load balancer."""
        ask = partial(self.session.items, "elbv2", operation, self.name, key, **more)
        return self.ledger.attempt(("load_balancers", section), what, ask)


def read_load_balancers(
    session: AwsSession, ledger: Ledger, region: str, acls: WebAcls, parts: Parts
) -> None:
    """Add every Application Load Balancer of a region to ``parts``."""
    listed = ledger.attempt(
        _EVERYTHING,
        f"load balancers in {region}",
        lambda: session.items("elbv2", "DescribeLoadBalancers", region, "LoadBalancers"),
    )
    found = [document for document in listed or () if document.get("Type") == "application"]
    if not found:
        return
    arns = [str(document["LoadBalancerArn"]) for document in found]
    shared = _Region(
        session,
        ledger,
        region,
        acls,
        _tags(session, ledger, region, arns),
        _policies(session, ledger, region),
    )
    for group in (
        shared.read(f"target groups in {region}", "DescribeTargetGroups", "TargetGroups", "upstreams") or ()
    ):
        target = _upstream(group)
        parts.upstreams[target.ref] = target
    for document in found:
        _add(shared, document, parts)


def _tags(session: AwsSession, ledger: Ledger, region: str, arns: list[str]) -> dict[str, dict[str, str]]:
    found: dict[str, dict[str, str]] = {}
    for start in range(0, len(arns), _TAGGED_AT_ONCE):
        ask = partial(
            session.call, "elbv2", "DescribeTags", region, ResourceArns=arns[start : start + _TAGGED_AT_ONCE]
        )
        answer = ledger.attempt(("load_balancers",), f"tags of load balancers in {region}", ask) or {}
        for entry in answer.get("TagDescriptions") or ():
            found[str(entry["ResourceArn"])] = {
                str(tag["Key"]): str(tag.get("Value") or "") for tag in entry.get("Tags") or ()
            }
    return found


def _policies(session: AwsSession, ledger: Ledger, region: str) -> dict[str, list[str]]:
    ask = partial(session.items, "elbv2", "DescribeSSLPolicies", region, "SslPolicies")
    listed = ledger.attempt(("load_balancers",), f"TLS policies in {region}", ask)
    return {str(entry["Name"]): list(entry.get("SslProtocols") or ()) for entry in listed or ()}


def _upstream(group: Mapping[str, Any]) -> Upstream:
    """A target group. A load balancer checks no certificates of targets; in a VPC nobody can pretend to be one."""
    arn, kind = str(group["TargetGroupArn"]), str(group.get("TargetType"))
    evidence = picked(
        group,
        "TargetGroupName",
        "Protocol",
        "ProtocolVersion",
        "Port",
        "TargetType",
        "VpcId",
        "HealthCheckPath",
    )
    if kind == "lambda":
        return Upstream(arn, arn, "lambda", None, evidence)
    protocol = str(group.get("Protocol") or "HTTP").lower()
    return Upstream(
        arn, f"{protocol}://{group['TargetGroupName']}:{group.get('Port')}", "target_group", None, evidence
    )


def _add(shared: _Region, document: Mapping[str, Any], parts: Parts) -> None:
    arn, name = str(document["LoadBalancerArn"]), str(document["LoadBalancerName"])
    listeners = shared.read(
        f"listeners of load balancer {name}", "DescribeListeners", "Listeners", "routes", LoadBalancerArn=arn
    )
    routes: list[Route] = []
    rules_read = listeners is not None
    for entry in listeners or ():
        listener = Listener(arn, name, entry)
        place = f"load balancer {name}, port {entry.get('Port')}"
        if listener.secure:
            policy = str(entry.get("SslPolicy") or "")
            accepted = least(shared.protocols.get(policy, ()))
            parts.settings.append(minimum_tls(listener.ref, place, _host(document), policy, accepted))
        rules = shared.read(f"rules of {place}", "DescribeRules", "Rules", "routes", ListenerArn=listener.ref)
        rules_read = rules_read and rules is not None
        routes += [route for rule in rules or () for route in rule_routes(listener, rule)]
    parts.routes += routes
    hosts = dict.fromkeys(host for route in routes for host in route.hosts if "*" not in host)
    parts.services.append(
        Service(
            ref=arn,
            name=name,
            kind=KIND,
            hosts=tuple(hosts),
            exposure=_SCHEMES.get(str(document.get("Scheme")), Exposure.UNKNOWN),
            tags=shared.tags.get(arn, {}),
            evidence={
                "region": shared.name,
                **picked(document, "DNSName", "Scheme", "VpcId", "IpAddressType"),
            },
        )
    )
    parts.stages.append(_stage(shared, document, listeners, rules_read=rules_read))


def _host(document: Mapping[str, Any]) -> str:
    return str(document.get("DNSName") or "").lower()


def _stage(
    shared: _Region, document: Mapping[str, Any], listeners: list[dict[str, Any]] | None, *, rules_read: bool
) -> Stage:
    arn, name, host = str(document["LoadBalancerArn"]), str(document["LoadBalancerName"]), _host(document)
    ask = partial(
        shared.session.call, "elbv2", "DescribeLoadBalancerAttributes", shared.name, LoadBalancerArn=arn
    )
    answer = shared.ledger.attempt(("load_balancers",), f"attributes of load balancer {name}", ask)
    attributes: dict[str, str] | None = None
    if answer is not None:
        attributes = {
            str(entry["Key"]): str(entry.get("Value") or "") for entry in answer.get("Attributes") or ()
        }
    acl = shared.acls.of(arn)
    return Stage(
        ref=arn,
        service_ref=arn,
        name=name,
        hosts=(host,) if host else (),
        access_log=None if attributes is None else _access_log(attributes),
        throttled=shared.acls.throttles(acl),
        waf_ref=acl,
        evidence={
            "region": shared.name,
            "addresses": [{"host": host, "basePath": ""}],
            "attributes": attributes,
            "listeners": None if listeners is None else [_listener(entry) for entry in listeners],
            "rulesRead": rules_read,
        },
    )


def _access_log(attributes: Mapping[str, str]) -> str:
    if attributes.get("access_logs.s3.enabled") != "true":
        return ""
    prefix = attributes.get("access_logs.s3.prefix", "")
    return f"s3://{attributes.get('access_logs.s3.bucket', '')}" + (f"/{prefix}" if prefix else "")


def _listener(document: Mapping[str, Any]) -> dict[str, Any]:
    kept = picked(document, "ListenerArn", "Port", "Protocol", "SslPolicy", "MutualAuthentication")
    kinds = [str(action.get("Type")) for action in document.get("DefaultActions") or ()]
    return {**kept, "defaultActions": plain(kinds)}
