"""Read what is at AWS on one web ACL: our address sets, our rule group, our reference, and the rest as a digest."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from ipaddress import get_mixed_type_key, ip_network
from typing import Any, Final

from connectors.aws.session import AwsSession
from connectors.aws.waf_documents import foreign_digest, from_wire
from connectors.aws.waf_objects import IP_SET, REFERENCE, RULE_GROUP, WEB_ACL, own_ref
from connectors.aws.waf_target import AclAddress, acl_address
from connectors.aws.web_acls import rule_action
from connectors.base.enforcement import State, Target, VendorObject

_SET_MEMBERS: Final = ("Name", "IPAddressVersion", "Addresses", "Description")
_GROUP_MEMBERS: Final = ("Name", "Capacity", "Description", "Rules", "VisibilityConfig")
_LISTS: Final = {IP_SET: ("ListIPSets", "IPSets"), RULE_GROUP: ("ListRuleGroups", "RuleGroups")}


@dataclass(frozen=True, slots=True)
class WebAcl:
    """A web ACL as AWS answered it, with its lock token."""

    address: AclAddress
    document: Mapping[str, Any]
    lock: str

    @property
    def managed(self) -> bool:
        """Whether Firewall Manager owns it, so that nobody else may write."""
        return bool(self.document.get("ManagedByFirewallManager"))


def read_web_acl(session: AwsSession, target: Target) -> WebAcl:
    """The target's web ACL now."""
    address = acl_address(target.ref)
    answer = session.call(
        "wafv2", "GetWebACL", address.region, Name=address.name, Id=address.id, Scope=address.scope
    )
    return WebAcl(address, answer["WebACL"], str(answer["LockToken"]))


def read_state(session: AwsSession, target: Target, name: str) -> State:
    """Our objects for ``target`` (those whose name is ``name`` or starts with it) and the digest of the rest."""
    acl = read_web_acl(session, target)
    address = acl.address
    sets = _summaries(session, address, *_LISTS[IP_SET], name)
    groups = _summaries(session, address, *_LISTS[RULE_GROUP], name)
    names = {str(entry["ARN"]): own_ref(IP_SET, entry["Name"]) for entry in sets}
    names |= {str(entry["ARN"]): own_ref(RULE_GROUP, entry["Name"]) for entry in groups}
    objects = [_ip_set(session, address, entry) for entry in sets]
    objects += [_rule_group(session, address, entry, names) for entry in groups]
    objects += [
        VendorObject(
            REFERENCE, target.ref, name, {"WebACLArn": target.ref, "Rule": from_wire(rule, names)}, acl.lock
        )
        for rule in acl.document.get("Rules") or ()
        if rule.get("Name") == name
    ]
    return State(
        target=target,
        objects=tuple(sorted(objects, key=lambda entry: (entry.kind, entry.name))),
        foreign=(VendorObject(WEB_ACL, target.ref, address.name, _outline(acl, name), acl.lock, ours=False),),
        foreign_digest=foreign_digest(acl.document, frozenset({name})),
    )


def arns(session: AwsSession, target: Target, name: str) -> dict[str, str]:
    """``ip_set/<name>`` and ``rule_group/<name>`` of our existing objects to their ARNs."""
    address = acl_address(target.ref)
    found: dict[str, str] = {}
    for kind, (operation, key) in _LISTS.items():
        for entry in _summaries(session, address, operation, key, name):
            found[own_ref(kind, str(entry["Name"]))] = str(entry["ARN"])
    return found


def find(session: AwsSession, address: AclAddress, kind: str, name: str) -> dict[str, Any] | None:
    """The summary (Name, Id, ARN, LockToken) of one of our objects, None when there is none of that name."""
    return next((e for e in _summaries(session, address, *_LISTS[kind], name) if e["Name"] == name), None)


def _summaries(
    session: AwsSession, address: AclAddress, operation: str, key: str, name: str
) -> list[dict[str, Any]]:
    found = session.items("wafv2", operation, address.region, key, Scope=address.scope)
    return [entry for entry in found if entry["Name"] == name or str(entry["Name"]).startswith(f"{name}-")]


def _ip_set(session: AwsSession, address: AclAddress, entry: Mapping[str, Any]) -> VendorObject:
    answer = session.call(
        "wafv2", "GetIPSet", address.region, Name=entry["Name"], Id=entry["Id"], Scope=address.scope
    )
    document = _members(answer["IPSet"], _SET_MEMBERS, address)
    addresses = [ip_network(address, strict=False) for address in document.get("Addresses") or ()]
    document["Addresses"] = [str(address) for address in sorted(addresses, key=get_mixed_type_key)]
    return VendorObject(
        IP_SET, own_ref(IP_SET, entry["Name"]), str(entry["Name"]), document, str(answer["LockToken"])
    )


def _rule_group(
    session: AwsSession, address: AclAddress, entry: Mapping[str, Any], names: Mapping[str, str]
) -> VendorObject:
    answer = session.call(
        "wafv2", "GetRuleGroup", address.region, Name=entry["Name"], Id=entry["Id"], Scope=address.scope
    )
    document = _members(from_wire(answer["RuleGroup"], names), _GROUP_MEMBERS, address)
    return VendorObject(
        RULE_GROUP, own_ref(RULE_GROUP, entry["Name"]), str(entry["Name"]), document, str(answer["LockToken"])
    )


def _members(source: Mapping[str, Any], names: tuple[str, ...], address: AclAddress) -> dict[str, Any]:
    return {"Scope": address.scope} | {name: source[name] for name in names if source.get(name) is not None}


def _outline(acl: WebAcl, name: str) -> dict[str, Any]:
    """What must be known of the customer's part: order and action of rules; never their content."""
    rules = [
        {"Name": rule["Name"], "Priority": rule["Priority"], "Action": rule_action(rule)}
        for rule in acl.document.get("Rules") or ()
        if rule.get("Name") != name
    ]
    return {
        "Rules": sorted(rules, key=lambda rule: int(rule["Priority"])),
        "Capacity": acl.document.get("Capacity"),
        "ManagedByFirewallManager": acl.managed,
    }
