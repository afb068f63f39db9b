"""A web ACL as a place for blocks: where it is, what it protects, and what is out of its reach."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from connectors.aws.reach import attached, out_of_reach, reached, unguarded_origins
from connectors.base.enforcement import OWNERSHIP_PREFIX, Target
from connectors.base.errors import SettingsError
from connectors.base.model import ConfigSnapshot, WafPolicy

KIND: Final = "web_acl"
_ARN: Final = re.compile(
    r"^arn:aws[\w-]*:wafv2:([\w-]+):(\d{12}):(regional|global)/webacl/([\w-]+)/([\w-]+)$"
)


@dataclass(frozen=True, slots=True)
class WafTarget(Target):
    """A target that also knows the stages it does not protect, each with the reason.

    ``fronted``: refs it protects only by a distribution in front of them.
    """

    out_of_reach: tuple[tuple[str, str], ...] = ()
    fronted: tuple[str, ...] = ()


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
        covered = reached(snapshot, policy)
        targets.append(
            WafTarget(
                ref=policy.ref,
                name=policy.name,
                kind=KIND,
                service_refs=tuple(sorted(covered)),
                note=_note(snapshot, policy, covered),
                out_of_reach=out_of_reach(snapshot, policy.ref, covered),
                fronted=tuple(sorted(covered - attached(snapshot, policy))),
            )
        )
    return targets


def _note(snapshot: ConfigSnapshot, policy: WafPolicy, covered: set[str]) -> str:
    if covered:
        return unguarded_origins(snapshot, policy.ref)
    if policy.attachments_known:
        return "It is attached to nothing: blocks have no effect."
    return "What it protects is not known."


def fingerprinted(refs: Sequence[str]) -> tuple[list[str], list[str]]:
    """Refs where WAF computes TLS fingerprints (CloudFront, load balancers), and the others."""
    able = [ref for ref in refs if ":cloudfront:" in ref or ":elasticloadbalancing:" in ref]
    return able, [ref for ref in refs if ref not in able]
