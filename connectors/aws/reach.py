"""Which stages a web ACL's rules reach, which not, and why: attached to them, or to a distribution in front. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from connectors.aws.balancers import KIND as BALANCER
from connectors.aws.fronts import Front, fronts_known, fronts_of, open_addresses
from connectors.base.model import ConfigSnapshot, Exposure, Service, Stage, WafPolicy

_NO_WAF: Final = "WAFv2 cannot be attached to HTTP and WebSocket APIs. "
_PUT_IN_FRONT: Final = (
    "Put CloudFront with a web ACL in front and disable the default endpoint, or deny in a Lambda authorizer."
)


def reached(snapshot: ConfigSnapshot, policy: WafPolicy) -> set[str]:
    """Refs the rules of a web ACL are in force on."""
    return attached(snapshot, policy) | {stage.ref for stage, _ in _behind(snapshot, policy.ref)}


def attached(snapshot: ConfigSnapshot, policy: WafPolicy) -> set[str]:
    """Refs a web ACL is attached to itself."""
    return set(policy.attached_to) | {stage.ref for stage in snapshot.stages if stage.waf_ref == policy.ref}


def _behind(snapshot: ConfigSnapshot, acl: str) -> Iterator[tuple[Stage, Front]]:
    """Stages that only distributions with this web ACL lead to, wholly and at every address, with each of these."""
    services = _services(snapshot)
    for stage in snapshot.stages:
        service, fronts = services.get(stage.service_ref), fronts_of(stage)
        if service is None or passing_by(stage, service) or open_addresses(stage):
            continue
        if all(front.acl == acl and front.whole for front in fronts):
            for front in fronts:
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


def out_of_reach(snapshot: ConfigSnapshot, acl: str, covered: set[str]) -> tuple[tuple[str, str], ...]:
    """Every stage the web ACL's rules are not in force on, with the reason and what to do."""
    services = _services(snapshot)
    names = {policy.ref: policy.name for policy in snapshot.waf_policies}
    return tuple(
        (stage.ref, " ".join(_reasons(stage, services.get(stage.service_ref), acl, names)))
        for stage in snapshot.stages
        if stage.ref not in covered
    )


def _services(snapshot: ConfigSnapshot) -> dict[str, Service]:
    return {service.ref: service for service in snapshot.services}


def _reasons(stage: Stage, service: Service | None, acl: str, names: Mapping[str, str]) -> Iterator[str]:
    fronts = fronts_of(stage)
    guarding = [front for front in fronts if front.acl]
    if service is not None and service.kind in ("http_api", "websocket_api"):
        yield _NO_WAF + ("" if guarding or not fronts_known(stage) else _PUT_IN_FRONT)
    elif stage.waf_ref is None:
        yield "Whether a web ACL protects it is not known."
    elif stage.waf_ref:
        yield f"It is protected by another web ACL ({names.get(stage.waf_ref, stage.waf_ref)}); choose that target too."
    elif not guarding:
        yield "No web ACL is attached to it. Attach one, then push the block there."
    if not fronts_known(stage):
        yield "Whether a distribution stands in front of it is not known."
    if guarding:
        by = passing_by(stage, service) if service else ""
        past = list(dict.fromkeys([*([by] if by else []), *open_addresses(stage)]))
        for front in guarding:
            yield _of_front(front, past, acl, names)
        yield from (
            f"CloudFront distribution {front.name} without a web ACL leads past it."
            for front in fronts
            if not front.acl
        )


def _of_front(front: Front, past: Sequence[str], acl: str, names: Mapping[str, str]) -> str:
    held = "this web ACL" if front.acl == acl else f"the web ACL {names.get(front.acl, front.acl)}"
    said = f"CloudFront distribution {front.name} with {held} stands in front"
    if not front.whole:
        said += ", but forwards only a part of it"
    choose = "" if front.acl == acl else "choose that target too"
    if past:
        said += f", but {' and '.join(past)} still leads past it: close that address"
        return f"{said}{', and ' if choose else ''}{choose}."
    return f"{said}{': ' if choose else ''}{choose}."
