"""What is to stand in a policy: rules with their priorities, networks packed ten to a rule, or in address groups.

Placements are kept: a rule stays at its priority, a network in its rule, for as long as it is wanted. So ending one block
does not rewrite the others.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from connectors.base.addresses import collapsed
from connectors.base.enforcement import OWNERSHIP_PREFIX, State, Target, VendorObject
from connectors.base.intent import BlockAction, IPNetwork
from connectors.cloudarmor.expressions import Inexpressible
from connectors.cloudarmor.limits import GROUP_CAPACITY, RANGES
from connectors.cloudarmor.rules import (
    GROUP,
    RULE,
    Policy,
    action_members,
    description,
    mark_of,
    network_matches,
    rule_ref,
    short_hash,
)

#: Packs are made anew when this many more of them stand than would be needed.
_SPARSE: Final = 2
_FULL: Final = (
    "Our priorities in this policy are used up. End blocks that are no longer needed, or give us more priorities in the "
    "settings."
)


@dataclass(frozen=True, slots=True)
class Layout:
    """Which priorities are ours, and whether networks stand in address groups."""

    first: int
    rate_first: int
    count: int
    enterprise: bool

    def blocks(self) -> range:
        """Priorities of blocks and challenges."""
        return range(self.first, self.first + self.count)

    def rates(self) -> range:
        """Priorities of rate limits."""
        return range(self.rate_first, self.rate_first + self.count)


@dataclass
class Draft:
    """The objects of one policy while they are collected; made from a state, changed by adding."""

    target: Target
    state: State
    layout: Layout
    objects: list[VendorObject] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.policy = Policy.of(self.state)
        self.own = {entry.name: entry for entry in self.state.objects if entry.kind == RULE}
        self._groups = {entry.name: entry for entry in self.state.objects if entry.kind == GROUP}
        self._taken = {rule.priority for rule in self.policy.foreign}
        self._standing = {int(entry.document["priority"]) for entry in self.own.values()}

    def add(self, owner: str, bodies: Sequence[Mapping[str, Any]], action: BlockAction) -> tuple[int, ...]:
        """Rules of one owner, numbered from 1; their priorities. ``Inexpressible`` when there is no room."""
        named = {description(owner, number): body for number, body in enumerate(bodies, 1)}
        return self._placed(named, action)

    def add_packs(self, action: BlockAction, networks: Iterable[IPNetwork]) -> tuple[int, ...]:
        """Basic rules that together hold all networks; networks that stand in one stay there."""
        owner = f"addresses-{action.value}"
        wanted = _collapsed(networks)
        packs = self._kept_packs(owner, wanted)
        placed = {text for pack in packs.values() for text in pack}
        left = [text for text in wanted if text not in placed]
        for pack in packs.values():
            while left and len(pack) < RANGES:
                pack.append(left.pop(0))
        number = 1
        while left:
            if number not in packs:
                packs[number], left = left[:RANGES], left[RANGES:]
            number += 1
        order = {text: place for place, text in enumerate(wanted)}
        members = action_members(action)
        named = {
            description(owner, number): {**members, "match": match}
            for number, pack in sorted(packs.items())
            for match in network_matches(sorted(pack, key=order.__getitem__))
        }
        return self._placed(named, action)

    def add_groups(self, owner: str, networks: Iterable[IPNetwork]) -> tuple[str, ...]:
        """Address groups that hold the networks, one per address family; their names."""
        wanted = [(network.version, str(network)) for network in collapsed(networks)]
        names: list[str] = []
        made: list[VendorObject] = []
        for version in (4, 6):
            items = [text for family, text in wanted if family == version]
            if not items:
                continue
            name = f"{OWNERSHIP_PREFIX}-{short_hash(self.target.ref)[:8]}-{short_hash(owner)[:8]}-v{version}"
            present = self._groups.get(name)
            capacity = int(present.document["capacity"]) if present else GROUP_CAPACITY
            if len(items) > capacity:
                raise Inexpressible(f"{len(items)} networks are more than an address group's {capacity}.")
            document = {
                "type": f"IPV{version}",
                "capacity": capacity,
                "purpose": ["CLOUD_ARMOR"],
                "items": items,
                "description": f"{OWNERSHIP_PREFIX}: networks of blocks; do not edit",
            }
            names.append(name)
            made.append(VendorObject(GROUP, name, name, document))
        self.objects += made
        return tuple(names)

    def _kept_packs(self, owner: str, wanted: Sequence[str]) -> dict[int, list[str]]:
        """The packs that stand, with those of their networks that are still wanted; empty when they are too sparse."""
        known, seen = set(wanted), set[str]()
        found: dict[int, list[str]] = {}
        for entry in sorted(self.own.values(), key=lambda own: own.name):
            mark = mark_of(entry.document)
            if mark is None or mark[0] != owner:
                continue
            ranges = entry.document.get("match", {}).get("config", {}).get("srcIpRanges", [])
            kept = [text for text in ranges if text in known and text not in seen]
            seen.update(kept)
            if kept:
                found[mark[1]] = kept
        needed = -(-len(wanted) // RANGES)
        return found if len(found) <= needed + _SPARSE else {}

    def _placed(self, named: Mapping[str, Mapping[str, Any]], action: BlockAction) -> tuple[int, ...]:
        band = self.layout.rates() if action is BlockAction.RATE_LIMIT else self.layout.blocks()
        chosen: dict[str, int] = {}
        for name in named:
            standing = self.own.get(name)
            if standing is not None and int(standing.document["priority"]) in band:
                chosen[name] = int(standing.document["priority"])
        free = (p for p in _order(band, action) if p not in self._taken and p not in self._standing)
        for name in named:
            if name not in chosen:
                priority = next(free, None)
                if priority is None:
                    raise Inexpressible(_FULL)
                chosen[name] = priority
        self._taken.update(chosen.values())
        for name, body in named.items():
            document = {"priority": chosen[name], "description": name, **body}
            ref = rule_ref(self.target.ref, chosen[name])
            self.objects.append(VendorObject(RULE, ref, name, document))
        return tuple(chosen.values())


def _collapsed(networks: Iterable[IPNetwork]) -> list[str]:
    return [str(network) for network in collapsed(networks)]


def _order(band: range, action: BlockAction) -> Iterable[int]:
    """Challenges take priorities from the end: a request that is blocked is not challenged."""
    return reversed(band) if action is BlockAction.CHALLENGE else band
