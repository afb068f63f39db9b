"""Read what stands in one security policy now: our rules and address groups, and the rest as a digest."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from connectors.base.enforcement import OWNERSHIP_PREFIX, State, Target, VendorObject
from connectors.base.google.api import listed
from connectors.cloudarmor.client import Project
from connectors.cloudarmor.permissions import wanted
from connectors.cloudarmor.rules import (
    GROUP,
    POLICY,
    RULE,
    bare,
    foreign_digest,
    mark_of,
    outline,
    rule_ref,
    short_hash,
)

_GROUP_MEMBERS: Final = ("type", "capacity", "purpose", "items", "description")


def read_state(project: Project, target: Target, enterprise: bool) -> State:
    """The state now. Any failed read is raised: blocks are never computed from a half-known policy."""
    policy = project.policy(target.ref)
    own = [rule for rule in policy["rules"] if mark_of(rule) is not None]
    objects = [_rule(target.ref, rule) for rule in own]
    if enterprise or any("evaluateAddressGroup" in str(rule.get("match")) for rule in own):
        objects += _groups(project, target)
    document = {
        "type": policy.get("type", "CLOUD_ARMOR"),
        "regional": "/regions/" in target.ref,
        "rules": outline(rule for rule in policy["rules"] if mark_of(rule) is None),
    }
    return State(
        target=target,
        objects=tuple(sorted(objects, key=lambda entry: (entry.kind, entry.ref))),
        foreign=(VendorObject(POLICY, target.ref, target.name, document, ours=False),),
        foreign_digest=foreign_digest(policy),
    )


def groups_url(project: Project) -> str:
    """Where the project's global address groups are."""
    return f"{project.network_security}/{project.name}/locations/global/addressGroups"


def _rule(policy: str, rule: Mapping[str, Any]) -> VendorObject:
    ref = rule_ref(policy, int(rule["priority"]))
    return VendorObject(RULE, ref, str(rule["description"]), {"preview": False, **bare(rule)})


def _groups(project: Project, target: Target) -> list[VendorObject]:
    """Our address groups for this policy; those of other policies have another name."""
    prefix = f"{OWNERSHIP_PREFIX}-{short_hash(target.ref)[:8]}-"
    asked = wanted("networksecurity.addressGroups.list")
    found = []
    for page in project.api.pages(groups_url(project), asked, {"pageSize": "100"}):
        for group in listed(page, "addressGroups", asked):
            name = str(group.get("name", "")).rpartition("/")[2]
            if name.startswith(prefix):
                document = {key: group[key] for key in _GROUP_MEMBERS if group.get(key) not in (None, "", [])}
                found.append(VendorObject(GROUP, name, name, document))
    return found
