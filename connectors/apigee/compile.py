"""Block intents as security actions of one environment: pure. What Apigee cannot say is refused or named, never weakened.

Facts used (Apigee documentation): allow beats deny beats flag; within a condition any value fits, across conditions all
must; an action ends by itself at its ``expireTime``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any, Final

from connectors.apigee.actions import ENVIRONMENT, MARK, PACKED, kind_of, made_id, number_of, stamp
from connectors.apigee.limits import ACTIONS_PER_INTENT, ENABLED, METHODS, RANGES, SCOPED, SHARED_END, SPARE
from connectors.apigee.packs import packed
from connectors.apigee.scope import Scope, scope_of
from connectors.apigee.speech import (
    FORGEABLE,
    Inexpressible,
    check_combined,
    check_speakable,
    conditions_of,
    effect_members,
    refused,
)
from connectors.base.addresses import collapsed
from connectors.base.enforcement import Program, State, Target, VendorObject
from connectors.base.intent import BlockAction, BlockIntent, Compiled, Coverage, Exactness, Match

_FLAGGED: Final = "Apigee cannot count silently: it flags, and targets receive the header x-portcullis-count."
_NO_ADDON: Final = (
    "Advanced API Security is not switched on for this environment. Switch on the add-on for the organization, or for "
    "the environment if you pay as you go; then run the set-up text “Switch security actions on”."
)
_SWITCHED_OFF: Final = (
    "Security actions are switched off in this environment. Run the set-up text “Switch security actions on”."
)
_FULL: Final = "The environment has no room for more security actions. End blocks that are no longer needed."


@dataclass
class _Draft:
    """The actions of one environment while they are collected."""

    target: Target
    environment: Mapping[str, Any]
    combined: bool
    own: Mapping[str, VendorObject]
    objects: list[VendorObject] = field(default_factory=list)

    def room(self) -> int:
        """How many actions more may be enabled."""
        return ENABLED - SPARE - int(self.environment.get("enabled_actions", 0)) - len(self.objects)

    def scoped_room(self) -> int:
        """How many of them may name proxies."""
        ours = sum("apiProxies" in entry.document for entry in self.objects)
        return SCOPED - int(self.environment.get("scoped_actions", 0)) - ours

    def add(
        self, owner: str, number: int, described: str, members: Mapping[str, Any], ends: datetime
    ) -> None:
        """Want one action."""
        name = made_id(owner, number)
        document = {"description": described, "state": "ENABLED", **members, "expireTime": stamp(ends)}
        self.objects.append(VendorObject(kind_of(document), name, name, document))


def compile_program(intents: Sequence[BlockIntent], target: Target, state: State, combined: bool) -> Program:
    """The program of all intents; equal intents in any order give equal objects.

    ``combined``: runtimes of Apigee hybrid are new enough for two kinds of conditions in one action.
    """
    environment = next((entry.document for entry in state.foreign if entry.kind == ENVIRONMENT), {})
    ordered = sorted(intents, key=lambda intent: intent.id)
    why = "" if environment.get("enabled") else _SWITCHED_OFF
    why = why if environment.get("secured") else _NO_ADDON
    if why:
        return Program(target, (), tuple(refused(intent, target, why) for intent in ordered))
    draft = _Draft(target, environment, combined, {entry.name: entry for entry in state.objects})
    outcomes: dict[str, Compiled] = {}
    for intent in ordered:
        if not _is_plain(intent):
            outcomes[intent.id] = _single(intent, draft)
    outcomes |= _shared([intent for intent in ordered if _is_plain(intent)], draft)
    objects = sorted(draft.objects, key=lambda entry: entry.ref)
    return Program(
        target, tuple(objects), tuple(_judged(intent, outcomes[intent.id], environment) for intent in ordered)
    )


def _is_plain(intent: BlockIntent) -> bool:
    """Whether an intent names networks alone and is blocked or counted: those share actions."""
    alone = bool(intent.match.networks) and intent.match == Match(networks=intent.match.networks)
    return alone and intent.action in (BlockAction.BLOCK, BlockAction.COUNT)


def _single(intent: BlockIntent, draft: _Draft) -> Compiled:
    """An intent with actions of its own."""
    match = intent.match
    try:
        check_speakable(intent)
        conditions, notes = conditions_of(match)
        scope = scope_of(match.path_templates, draft.environment["proxies"]) if match.path_templates else None
        chunks = _chunks([str(network) for network in collapsed(match.networks)])
        kinds = [*(["ipAddressRanges"] if match.networks else []), *conditions]
        check_combined(kinds, draft.environment, draft.combined)
        if not kinds:
            # An action must have a condition: every method there is.
            conditions = {"httpMethods": list(METHODS)}
        room = min(draft.room(), ACTIONS_PER_INTENT, draft.scoped_room() if scope else ENABLED)
        if len(chunks) > room:
            most = f"More than {ACTIONS_PER_INTENT * RANGES:,} networks are too many for one such block."
            raise Inexpressible(most if len(chunks) > ACTIONS_PER_INTENT else _FULL)
    except Inexpressible as reason:
        return refused(intent, draft.target, str(reason))
    for number, chunk in enumerate(chunks, 1):
        members = {
            **effect_members(intent.action, intent.id),
            "conditionConfig": {**conditions, **({"ipAddressRanges": chunk} if chunk else {})},
            **({"apiProxies": list(scope.proxies)} if scope else {}),
        }
        draft.add(intent.id, number, f"{MARK}{intent.id}", members, intent.expires_at)
    said = (*notes, *(scope.notes if scope else ()), *_counted(intent))
    exactness = Exactness.APPROXIMATED if said else Exactness.EXACT
    cost = f"{len(chunks)} of {ENABLED:,} security actions" + (
        f", of {SCOPED} for chosen proxies" if scope else ""
    )
    return Compiled(intent.id, exactness, said, _coverage(draft.target, scope), cost)


def _shared(intents: Sequence[BlockIntent], draft: _Draft) -> dict[str, Compiled]:
    """Intents of networks alone: those of one effect that end at about the same time share actions."""
    outcomes: dict[str, Compiled] = {}
    groups: dict[tuple[BlockAction, datetime], set[str]] = {}
    left = draft.room()
    for intent in intents:
        key = (intent.action, _shared_end(intent.expires_at))
        networks = {str(network) for network in collapsed(intent.match.networks)}
        held = groups.get(key, set())
        more = _packs(len(held) + len(networks - held)) - _packs(len(held))
        if more > left:
            outcomes[intent.id] = refused(intent, draft.target, _FULL)
            continue
        left -= more
        groups.setdefault(key, set()).update(networks)
        said = _counted(intent)
        exactness = Exactness.APPROXIMATED if said else Exactness.EXACT
        cost = f"{len(networks)} networks, {RANGES} to a security action"
        outcomes[intent.id] = Compiled(intent.id, exactness, said, _coverage(draft.target, None), cost)
    for (action, ends), wanted in sorted(groups.items()):
        _add_packs(action, ends, wanted, draft)
    return outcomes


def _add_packs(action: BlockAction, ends: datetime, wanted: set[str], draft: _Draft) -> None:
    owner = f"addresses {action.value} {stamp(ends)}"
    ordered = sorted(wanted)
    standing = {
        number: list(entry.document.get("conditionConfig", {}).get("ipAddressRanges", ()))
        for name, entry in draft.own.items()
        if (number := number_of(owner, name))
    }
    for number, pack in packed(ordered, standing).items():
        members = {**effect_members(action, "addresses"), "conditionConfig": {"ipAddressRanges": pack}}
        draft.add(owner, number, PACKED, members, ends)


def _packs(networks: int) -> int:
    """How many actions so many networks take."""
    return -(-networks // RANGES)


def _chunks(networks: Sequence[str]) -> list[list[str]]:
    """At most a hundred networks each; one empty chunk when there are none."""
    return [list(networks[start : start + RANGES]) for start in range(0, max(len(networks), 1), RANGES)]


def _shared_end(moment: datetime) -> datetime:
    """The next whole five minutes: on time the block is taken out by us, this end is for when we are down."""
    seconds = -(-int(moment.timestamp()) // SHARED_END) * SHARED_END
    return datetime.fromtimestamp(seconds, UTC)


def _counted(intent: BlockIntent) -> tuple[str, ...]:
    return (_FLAGGED,) if intent.action is BlockAction.COUNT else ()


def _coverage(target: Target, scope: Scope | None) -> Coverage:
    """The proxies of the environment on which the action works; other proxies are not concerned."""
    if scope is None:
        return Coverage(target.service_refs)
    names = {ref.rpartition("/")[2]: ref for ref in target.service_refs}
    reason = "The proxy also serves other paths, and security actions stop whole proxies."
    covered = tuple(names[name] for name in scope.proxies if name in names)
    return Coverage(covered, tuple((names[name], reason) for name in scope.partly if name in names))


def _judged(intent: BlockIntent, outcome: Compiled, environment: Mapping[str, Any]) -> Compiled:
    """The outcome with what the environment does to it: forged addresses, and allows, which beat denials."""
    allows = environment.get("allows") or ()
    notes = [FORGEABLE] if intent.match.networks and environment.get("forgeable_addresses") else []
    if allows:
        notes.append(
            f"Requests that your action {', '.join(allows)} allows are let in: allow beats deny and flag."
        )
    if outcome.exactness is Exactness.REFUSED or not notes:
        return outcome
    return replace(outcome, exactness=Exactness.APPROXIMATED, reasons=(*outcome.reasons, *notes))
