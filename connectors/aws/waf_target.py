"""A web ACL as a place for blocks: where it is, what it protects, and what is out of its reach."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from connectors.base.enforcement import OWNERSHIP_PREFIX, Target
from connectors.base.errors import SettingsError
from connectors.base.model import ConfigSnapshot, Stage

KIND: Final = "web_acl"
_ARN: Final = re.compile(
    r"^arn:aws[\w-]*:wafv2:([\w-]+):(\d{12}):(regional|global)/webacl/([\w-]+)/([\w-]+)$"
)
_NO_WAF: Final = (
    "WAFv2 cannot be attached to HTTP and WebSocket APIs. Put CloudFront with a web ACL in front and disable the "
    "default endpoint, or deny in a Lambda authorizer."
)


@dataclass(frozen=True, slots=True)
class WafTarget(Target):
    """A target that also knows the stages it does not protect, each with the reason."""

    out_of_reach: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class AclAddress:
    """A web ACL's ARN taken apart. ``scope`` is REGIONAL or CLOUDFRONT."""

    region: str
    account: str
    scope: str
    name: str
    id: str


def acl_address(ref: str) -> AclAddress:
    """The parts of a target's ref; raises ``SettingsError`` when it is no web ACL's ARN."""
    found = _ARN.match(ref)
    if found is None:
        raise SettingsError(
            f"{ref} is not the ARN of a web ACL.", action="Choose a target from the list again."
        )
    region, account, place, name, identifier = found.groups()
    return AclAddress(region, account, "CLOUDFRONT" if place == "global" else "REGIONAL", name, identifier)


def group_name(owner: str, target: Target) -> str:
    """The name of our rule group for a target. ``owner`` tells apart connections to one account."""
    digest = hashlib.sha256(f"{owner}|{target.ref}".encode()).hexdigest()[:8]
    return f"{OWNERSHIP_PREFIX}-{digest}"


def waf_targets(snapshot: ConfigSnapshot) -> list[Target]:
    """Web ACLs we may write to, each with the stages it protects."""
    targets: list[Target] = []
    for policy in snapshot.waf_policies:
        if not policy.writable:
            continue
        attached = {stage.ref for stage in snapshot.stages if stage.waf_ref == policy.ref} | set(
            policy.attached_to
        )
        note = (
            ""
            if attached or not policy.attachments_known
            else "It is attached to nothing: blocks have no effect."
        )
        if not attached and not policy.attachments_known:
            note = "What it protects is not known."
        targets.append(
            WafTarget(
                ref=policy.ref,
                name=policy.name,
                kind=KIND,
                service_refs=tuple(sorted(attached)),
                note=note,
                out_of_reach=_out_of_reach(snapshot, policy.ref),
            )
        )
    return targets


def _out_of_reach(snapshot: ConfigSnapshot, acl: str) -> tuple[tuple[str, str], ...]:
    kinds = {service.ref: service.kind for service in snapshot.services}
    names = {policy.ref: policy.name for policy in snapshot.waf_policies}
    found: list[tuple[str, str]] = []
    for stage in snapshot.stages:
        reason = _reason(stage, kinds.get(stage.service_ref, ""), acl, names)
        if reason:
            found.append((stage.ref, reason))
    return tuple(found)


def _reason(stage: Stage, kind: str, acl: str, names: dict[str, str]) -> str:
    if kind in ("http_api", "websocket_api"):
        return _NO_WAF
    if stage.waf_ref == acl:
        return ""
    if stage.waf_ref is None:
        return "Whether a web ACL protects it is not known."
    if not stage.waf_ref:
        return "No web ACL is attached to this stage. Attach one, then push the block there."
    return f"It is protected by another web ACL ({names.get(stage.waf_ref, stage.waf_ref)}); choose that target too."


def is_stage(ref: str) -> bool:
    """Whether a protected ref is an API Gateway stage (``<api>/<stage>``), not another resource's ARN."""
    return not ref.startswith("arn:")


def fingerprinted(refs: Sequence[str]) -> tuple[list[str], list[str]]:
    """Refs where WAF computes TLS fingerprints (CloudFront, load balancers), and the others."""
    able = [ref for ref in refs if ":cloudfront:" in ref or ":elasticloadbalancing:" in ref]
    return able, [ref for ref in refs if ref not in able]
