"""The enforcement view of a zone: our rules and lists as a ``State``, and what we must know of everything else.

``compile`` is pure, so plan, numbers of foreign rules and lists travel in the state. Of foreign rules no expression is
kept, since customers compare secrets in them; the digest covers them all the same.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from ipaddress import ip_network
from typing import Any, Final

import orjson

from connectors.base.enforcement import OWNERSHIP_PREFIX, State, Target, VendorObject
from connectors.base.errors import SettingsError, VendorAnswerError
from connectors.cloudflare.client import ApiV4, Document
from connectors.cloudflare.permissions import LISTS, ZONE
from connectors.cloudflare.waf_rules import CUSTOM, RATE, is_ours, read_entries, rules_of
from connectors.cloudflare.zones import Zone, read_zone

RULE, LIST, FACTS = "rule", "list", "zone"
DESCRIPTION: Final = "Portcullis: written by the control plane, changes by hand are undone"
#: Phases we write to.
WRITTEN: Final = (CUSTOM, RATE)
ITEMS_PER_PAGE: Final = 500

_RULE_MEMBERS: Final = (
    "action",
    "action_parameters",
    "description",
    "enabled",
    "expression",
    "ratelimit",
    "ref",
)
_RULE_MOVING: Final = ("version", "last_updated")
_LIST_MEMBERS: Final = ("id", "name", "kind", "description")


@dataclass(frozen=True, slots=True)
class Estate:
    """What compiling must know: plan, whether the zone is paused, and what others have."""

    plan: str
    paused: bool
    foreign_rules: Mapping[str, int]
    foreign_lists: int
    skips: tuple[str, ...]  # names of customer rules that may end the evaluation before ours


@dataclass(frozen=True, slots=True)
class Located:
    """Where our objects are at Cloudflare: entry points and rules by phase, lists and items by name."""

    rulesets: Mapping[str, str]
    rules: Mapping[str, tuple[Document, ...]]
    lists: Mapping[str, str]
    items: Mapping[str, Mapping[str, str]]


def list_name(target: Target, action: str) -> str:
    """Our address list for one action on one zone; lists belong to the account, so the zone is in the name."""
    return f"{OWNERSHIP_PREFIX}_{target.ref[:12]}_{action}"


def read(api: ApiV4, target: Target) -> tuple[State, Located]:
    """The state now, and where its objects are. Any failed read is raised: nothing is computed from a half view."""
    zone = zone_of(api, target)
    entries = read_entries(api, zone, WRITTEN)
    lists = api.pages(f"/accounts/{api.account}/rules/lists", LISTS)
    mine = [entry for entry in lists if str(entry.get("name")).startswith(list_name(target, ""))]
    items = {str(entry["name"]): _items(api, str(entry["id"])) for entry in mine}
    rules = {phase: tuple(rules_of(entry)) for phase, entry in entries.items()}
    foreign_lists = [e for e in lists if not str(e.get("name")).startswith(f"{OWNERSHIP_PREFIX}_")]
    objects = [_rule(phase, rule) for phase, found in rules.items() for rule in found if is_ours(rule)]
    objects += [_list(entry, items[str(entry["name"])]) for entry in mine]
    state = State(
        target=target,
        objects=tuple(sorted(objects, key=lambda entry: (entry.kind, entry.ref))),
        foreign=(_facts(zone, rules, len(lists) - len(mine)),),
        foreign_digest=_digest(rules, foreign_lists),
    )
    located = Located(
        {phase: str(entry["id"]) for phase, entry in entries.items()},
        rules,
        {str(entry["name"]): str(entry["id"]) for entry in mine},
        items,
    )
    return state, located


def zone_of(api: ApiV4, target: Target) -> Zone:
    """The target's zone; ``SettingsError`` when the token does not see it."""
    zone = read_zone(api, target.ref)
    if zone is not None:
        return zone
    raise SettingsError(
        f"The token does not see the zone {target.name}.", action=f"Add “{ZONE}” for this zone to the token."
    )


def estate_of(state: State) -> Estate:
    """The estate a state describes."""
    facts: Mapping[str, Any] = next((e.document for e in state.foreign if e.kind == FACTS), {})
    return Estate(
        plan=str(facts.get("plan") or "free"),
        paused=bool(facts.get("paused")),
        foreign_rules=dict(facts.get("rules") or {}),
        foreign_lists=int(facts.get("lists") or 0),
        skips=tuple(facts.get("skips") or ()),
    )


def rule_document(phase: str, rule: Mapping[str, Any]) -> Document:
    """A rule of ours in the form it is compared and written in."""
    return {
        "phase": phase,
        **{name: rule[name] for name in _RULE_MEMBERS if rule.get(name) not in (None, {})},
    }


def _rule(phase: str, rule: Document) -> VendorObject:
    ref = str(rule["ref"])
    lock = f"{rule.get('id')}@{rule.get('version')}"
    return VendorObject(RULE, ref, ref, rule_document(phase, rule), lock=lock)


def _list(entry: Document, items: Mapping[str, str]) -> VendorObject:
    name = str(entry["name"])
    document = {"name": name, "kind": entry.get("kind"), "description": entry.get("description") or ""}
    return VendorObject(
        LIST, name, name, {**document, "items": sorted(items)}, lock=str(entry.get("modified_on"))
    )


def _items(api: ApiV4, list_id: str) -> dict[str, str]:
    """Ids of a list's items by network, in one notation."""
    found: dict[str, str] = {}
    path, cursor = f"/accounts/{api.account}/rules/lists/{list_id}/items", ""
    while True:
        entries, cursor = api.after(path, LISTS, {"per_page": ITEMS_PER_PAGE}, cursor)
        for entry in entries:
            found[_network(entry)] = str(entry.get("id"))
        if not cursor:
            return found


def _network(entry: Document) -> str:
    try:
        return str(ip_network(str(entry.get("ip"))))
    except ValueError as error:
        raise VendorAnswerError(f"An item of our address list is no network: {entry.get('ip')!r}.") from error


def _facts(zone: Zone, rules: Mapping[str, Iterable[Document]], others: int) -> VendorObject:
    theirs = {phase: [rule for rule in found if not is_ours(rule)] for phase, found in rules.items()}
    document = {
        "plan": zone.plan,
        "paused": zone.paused,
        "rules": {phase: len(found) for phase, found in theirs.items()},
        "lists": others,
        "skips": [_named(rule) for rule in _skips_ahead(rules.get(CUSTOM, ()))],
    }
    return VendorObject(FACTS, zone.id, zone.name, document, ours=False)


def _skips_ahead(rules: Iterable[Document]) -> list[Document]:
    """Acting rules of the customer that end this phase and that stand before the last rule of ours.

    Without any rule of ours there are none: ours are put first.
    """
    known = list(rules)
    last = max((number for number, rule in enumerate(known) if is_ours(rule)), default=-1)
    return [
        rule
        for rule in known[: max(last, 0)]
        if not is_ours(rule)
        and rule.get("enabled") is not False
        and rule.get("action") == "skip"
        and ((rule.get("action_parameters") or {}).get("ruleset") == "current")
    ]


def _named(rule: Document) -> str:
    return str(rule.get("description") or rule.get("ref") or rule.get("id"))


def _digest(rules: Mapping[str, Iterable[Document]], lists: Iterable[Document]) -> str:
    """A digest of every rule in our phases, in order, and every list that is not ours."""
    hasher = hashlib.sha256()
    for phase in WRITTEN:
        theirs = [rule for rule in rules.get(phase, ()) if not is_ours(rule)]
        hasher.update(
            _bytes([phase, [{k: v for k, v in r.items() if k not in _RULE_MOVING} for r in theirs]])
        )
    kept = sorted(
        ({name: entry.get(name) for name in _LIST_MEMBERS} for entry in lists), key=lambda e: str(e["id"])
    )
    hasher.update(_bytes(kept))
    return hasher.hexdigest()


def _bytes(value: Any) -> bytes:
    return orjson.dumps(value, option=orjson.OPT_SORT_KEYS)
