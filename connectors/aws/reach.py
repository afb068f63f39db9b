"""Which stages a web ACL's rules reach, which not, and why: attached to them, or to a distribution in front. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from connectors.aws.balancers import KIND as BALANCER
from connectors.aws.fronts import Front, fronts_of
from connectors.base.model import ConfigSnapshot, Exposure, Service, Stage, WafPolicy

_NO_WAF: Final = "WAFv2 cannot be attached to HTTP and WebSocket APIs. "
_PUT_IN_FRONT: Final = (
    "Put CloudFront with a web ACL in front and disable the default endpoint, or deny in a Lambda authorizer."
)


def reached(snapshot: ConfigSnapshot, policy: WafPolicy) -> set[str]:
    """Refs the rules of a web ACL are in force on."""
    found = set(policy.attached_to)
    found |= {stage.ref for stage in snapshot.stages if stage.waf_ref == policy.ref}
    return found | {stage.ref for stage, _ in _behind(snapshot, policy.ref)}


def _behind(snapshot: ConfigSnapshot, acl: str) -> Iterator[tuple[Stage, Front]]:
    """Stages behind a distribution with this web ACL that nothing leads past, with the distribution."""
    services = _services(snapshot)
    for stage in snapshot.stages:
        service = services.get(stage.service_ref)
        for front in fronts_of(stage):
            if front.acl == acl and service is not None and not passing_by(stage, service):
                yield stage, front


def passing_by(stage: Stage, service: Service) -> str:
    """The vendor-made address that still leads past a distribution in front; "" when there is none or it is closed."""
    if service.exposure is Exposure.PRIVATE:
        return ""
    if service.kind == BALANCER:
        return stage.hosts[0] if stage.hosts else ""  # it cannot be closed, only hidden in a private network
    return service.default_host if service.default_host_enabled else ""


def unguarded_origins(snapshot: ConfigSnapshot, acl: str) -> str:
    """A sentence on stages that count as reached although their own domain can be called past the distribution; or ""."""
    services = _services(snapshot)
    hosts = {
        front.origin
        for stage, front in _behind(snapshot, acl)
        if stage.waf_ref != acl and services[stage.service_ref].exposure is not Exposure.PRIVATE
    }
    if not hosts:
        return ""
    return (
        f"Who knows {', '.join(sorted(hosts))} can call it past CloudFront, unless the API asks for something only "
        "CloudFront sends: a secret header, or a client certificate."
    )


def out_of_reach(snapshot: ConfigSnapshot, acl: str, attached: set[str]) -> tuple[tuple[str, str], ...]:
    """Every stage the web ACL's rules are not in force on, with the reason and what to do."""
    services = _services(snapshot)
    names = {policy.ref: policy.name for policy in snapshot.waf_policies}
    return tuple(
        (stage.ref, " ".join(_reasons(stage, services.get(stage.service_ref), acl, names)))
        for stage in snapshot.stages
        if stage.ref not in attached
    )


def _services(snapshot: ConfigSnapshot) -> dict[str, Service]:
    return {service.ref: service for service in snapshot.services}


def _reasons(stage: Stage, service: Service | None, acl: str, names: Mapping[str, str]) -> Iterator[str]:
    fronts = [front for front in fronts_of(stage) if front.acl]
    if service is not None and service.kind in ("http_api", "websocket_api"):
        yield _NO_WAF + ("" if fronts else _PUT_IN_FRONT)
    elif stage.waf_ref is None:
        yield "Whether a web ACL protects it is not known."
    elif stage.waf_ref:
        yield f"It is protected by another web ACL ({names.get(stage.waf_ref, stage.waf_ref)}); choose that target too."
    elif not fronts:
        yield "No web ACL is attached to it. Attach one, then push the block there."
    for front in fronts:
        yield _of_front(front, passing_by(stage, service) if service else "", acl, names)


def _of_front(front: Front, address: str, acl: str, names: Mapping[str, str]) -> str:
    held = "this web ACL" if front.acl == acl else f"the web ACL {names.get(front.acl, front.acl)}"
    said = f"CloudFront distribution {front.name} with {held} stands in front"
    if address:
        said += f", but {address} still leads past it: close that address"
        said += "" if front.acl == acl else ", and choose that target too"
        return f"{said}."
    return f"{said}: choose that target too."
