"""Our objects on one web ACL being put together: the rule group's rules within its limits, and address sets. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from ipaddress import IPv4Network, IPv6Network, collapse_addresses
from typing import Any, Final

from connectors.aws.limits import GROUP_RATE_RULES, GROUP_REFERENCES, IP_SET_ADDRESSES
from connectors.aws.statements import Inexpressible, cost, references
from connectors.base.enforcement import OWNERSHIP_PREFIX, VendorObject
from connectors.base.intent import BlockAction, IPNetwork

IP_SET: Final = "ip_set"
RULE_GROUP: Final = "rule_group"
REFERENCE: Final = "web_acl_rule"
WEB_ACL: Final = "web_acl"

DESCRIPTION: Final = "Managed by Portcullis. Changes made here are undone."
_ACTIONS: Final[dict[BlockAction, dict[str, Any]]] = {
    BlockAction.COUNT: {"Count": {}},
    BlockAction.BLOCK: {"Block": {}},
    BlockAction.CHALLENGE: {"Challenge": {}},
    BlockAction.RATE_LIMIT: {"Block": {"CustomResponse": {"ResponseCode": 429}}},
}


def own_ref(kind: str, name: str) -> str:
    """The ref of an object of ours: by name, because AWS gives a new ARN each time it is made again."""
    return f"{kind}/{name}"


def rule_name(intent_id: str) -> str:
    """WAF names are letters, digits, "_" and "-", at most 128 of them."""
    return f"{OWNERSHIP_PREFIX}-{re.sub(r'[^A-Za-z0-9_-]', '-', intent_id)}"[:128]


@dataclass(slots=True)
class Plan:
    """The group being filled: rules with what they cost, and the address sets they need."""

    name: str
    scope: str
    capacity: int
    rules: list[tuple[int, dict[str, Any]]] = field(default_factory=list)
    sets: list[VendorObject] = field(default_factory=list)
    used: int = 0
    referred: int = 0
    rate_rules: int = 0

    def add(self, order: int, name: str, statement: dict[str, Any], action: BlockAction) -> int:
        """Add a rule and answer its cost; raises ``Inexpressible`` when it does not fit any more."""
        price, refers = cost(statement), references(statement)
        if self.used + price > self.capacity:
            raise Inexpressible(
                f"It needs {price} WCU and only {self.capacity - self.used} of the {self.capacity} WCU of our rule "
                "group are free. Let an older block expire or combine blocks."
            )
        if self.referred + refers > GROUP_REFERENCES:
            raise Inexpressible(
                f"Our rule group already refers to {GROUP_REFERENCES} address sets, AWS's limit."
            )
        is_rate = "RateBasedStatement" in statement
        if is_rate and self.rate_rules >= GROUP_RATE_RULES:
            raise Inexpressible(f"A rule group holds at most {GROUP_RATE_RULES} rate limits.")
        self.used, self.referred, self.rate_rules = (
            self.used + price,
            self.referred + refers,
            self.rate_rules + is_rate,
        )
        self.rules.append(
            (
                order,
                {
                    "Name": name,
                    "Statement": statement,
                    "Action": _ACTIONS[action],
                    "VisibilityConfig": visibility(name),
                },
            )
        )
        return price

    def add_sets(self, stem: str, networks: Sequence[IPNetwork]) -> list[str]:
        """Address sets of ``networks`` (sharded), and their names."""
        names: list[str] = []
        for version, addresses in _by_version(networks).items():
            for number, start in enumerate(range(0, len(addresses), IP_SET_ADDRESSES), 1):
                name = f"{stem}-{version.lower()}-{number}"
                self.sets.append(
                    _ip_set(name, self.scope, version, addresses[start : start + IP_SET_ADDRESSES])
                )
                names.append(name)
        return names


def _ip_set(name: str, scope: str, version: str, addresses: Sequence[str]) -> VendorObject:
    document = {
        "Name": name,
        "Scope": scope,
        "IPAddressVersion": version,
        "Addresses": list(addresses),
        "Description": DESCRIPTION,
    }
    return VendorObject(IP_SET, own_ref(IP_SET, name), name, document)


def _by_version(networks: Sequence[IPNetwork]) -> dict[str, list[str]]:
    """Addresses in CIDR notation by version, without duplicates and contained networks, in order."""
    four = collapse_addresses(network for network in networks if isinstance(network, IPv4Network))
    six = collapse_addresses(network for network in networks if isinstance(network, IPv6Network))
    found = {"IPV4": [str(network) for network in four], "IPV6": [str(network) for network in six]}
    return {version: addresses for version, addresses in found.items() if addresses}


def visibility(name: str) -> dict[str, Any]:
    """The metrics settings every rule and group needs."""
    return {"SampledRequestsEnabled": True, "CloudWatchMetricsEnabled": True, "MetricName": name}
