"""Block intents as rules of one security policy: pure. What Cloud Armor cannot say is refused or named, never weakened.

Facts used (Cloud Armor documentation): the rule with the smallest priority that fits decides, whatever it decides; a
throttle lets a request below its threshold pass, and no later rule is asked; a previewed rule is only logged.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, Final

from connectors.base.enforcement import Program, State, Target
from connectors.base.intent import (
    BlockAction,
    BlockIntent,
    Compiled,
    Coverage,
    Exactness,
    IPNetwork,
    Match,
)
from connectors.cloudarmor.draft import Draft, Layout
from connectors.cloudarmor.expressions import Inexpressible, check_speakable, expressions, networks_of
from connectors.cloudarmor.limits import GROUP_CAPACITY, RANGES, RULES_PER_INTENT
from connectors.cloudarmor.rules import action_members, expression_match, label, network_matches, rate_members

_BROWSERS: Final = (
    "Only browsers can solve a challenge of reCAPTCHA; other clients, such as apps and partners, are stopped."
)
_FIRST_LIMIT: Final = (
    "Several of our rate limits stand in this policy: of those that fit a request only the first counts it."
)


def compile_program(intents: Sequence[BlockIntent], target: Target, state: State, layout: Layout) -> Program:
    """The program of all intents; equal intents in any order give equal objects."""
    draft = Draft(target, state, layout)
    ordered = sorted(intents, key=lambda intent: intent.id)
    shared = [intent for intent in ordered if _is_plain(intent)]
    outcomes: dict[str, Compiled] = {}
    for intent in ordered:
        if intent not in shared:
            outcomes[intent.id] = _attempted(intent, draft, _single)
    for action in (BlockAction.COUNT, BlockAction.BLOCK):
        outcomes |= _shared([intent for intent in shared if intent.action is action], action, draft)
    limits = [intent for intent in ordered if intent.action is BlockAction.RATE_LIMIT]
    if len(limits) > 1:
        for intent in limits:
            outcomes[intent.id] = _noted(outcomes[intent.id], (_FIRST_LIMIT,))
    objects = sorted(draft.objects, key=lambda entry: (entry.kind, entry.ref))
    return Program(target, tuple(objects), tuple(outcomes[intent.id] for intent in intents))


def _is_plain(intent: BlockIntent) -> bool:
    """Whether an intent names networks alone and is blocked or counted: those share rules."""
    match = intent.match
    alone = bool(match.networks) and match == Match(networks=match.networks)
    return alone and intent.action in (BlockAction.BLOCK, BlockAction.COUNT)


def _attempted(
    intent: BlockIntent, draft: Draft, compile_one: Callable[[BlockIntent, Draft], Compiled]
) -> Compiled:
    """The outcome; nothing of a refused intent stays in the draft."""
    held = len(draft.objects)
    try:
        return compile_one(intent, draft)
    except Inexpressible as reason:
        del draft.objects[held:]
        uncovered = tuple((ref, str(reason)) for ref in draft.target.service_refs)
        return Compiled(intent.id, Exactness.REFUSED, (str(reason),), Coverage((), uncovered))


def _single(intent: BlockIntent, draft: Draft) -> Compiled:
    """An intent with rules of its own."""
    members, notes = _members(intent, draft)
    matches, said, exact = _matches(intent, draft)
    priorities = draft.add(intent.id, [{**members, "match": match} for match in matches], intent.action)
    if intent.action is BlockAction.RATE_LIMIT:
        _check_nothing_behind(draft, min(priorities))
    exact = exact and intent.action in (BlockAction.BLOCK, BlockAction.COUNT)
    exactness = Exactness.EXACT if exact else Exactness.APPROXIMATED
    advanced = sum("expr" in match for match in matches)
    cost = f"{len(matches)} rules of the project's quota" + (
        f", {advanced} with an expression" if advanced else ""
    )
    outcome = Compiled(intent.id, exactness, (*notes, *said), Coverage(draft.target.service_refs), cost)
    return _judged(outcome, draft, max(priorities))


def _members(intent: BlockIntent, draft: Draft) -> tuple[dict[str, Any], tuple[str, ...]]:
    """What the intent's rules do, with what differs from what was asked."""
    if intent.action is BlockAction.RATE_LIMIT:
        try:
            return rate_members(intent.rate)
        except ValueError as reason:
            raise Inexpressible(str(reason)) from None
    if intent.action is BlockAction.CHALLENGE:
        if draft.policy.regional:
            raise Inexpressible("A regional policy cannot challenge; block instead.")
        return action_members(intent.action), (_BROWSERS,)
    return action_members(intent.action), ()


def _matches(intent: BlockIntent, draft: Draft) -> tuple[list[dict[str, Any]], tuple[str, ...], bool]:
    match = intent.match
    check_speakable(match)
    if match == Match(networks=match.networks):
        found = network_matches([str(network) for network in networks_of(match)])
        if len(found) > RULES_PER_INTENT:
            raise Inexpressible(f"More than {RULES_PER_INTENT * RANGES} networks are too many for one block.")
        return found, (), True
    groups: tuple[str, ...] = ()
    if match.networks and draft.layout.enterprise:
        groups = draft.add_groups(intent.id, match.networks)
    made = expressions(match, groups)
    return [expression_match(text) for text in made.texts], made.notes, made.exact


def _shared(intents: Sequence[BlockIntent], action: BlockAction, draft: Draft) -> dict[str, Compiled]:
    """Intents of networks alone, one after the other for as long as there is room."""
    outcomes: dict[str, Compiled] = {}
    networks: list[IPNetwork] = []
    accepted: list[BlockIntent] = []
    for intent in intents:
        outcome = _attempted(intent, draft, partial(_measured, networks))
        outcomes[intent.id] = outcome
        if outcome.exactness is not Exactness.REFUSED:
            networks += intent.match.networks
            accepted.append(intent)
    if not accepted:
        return outcomes
    try:
        priorities = _add_networks(networks, action, draft)
    except Inexpressible as reason:
        uncovered = tuple((ref, str(reason)) for ref in draft.target.service_refs)
        refused = (str(reason),)
        return outcomes | {
            intent.id: Compiled(intent.id, Exactness.REFUSED, refused, Coverage((), uncovered))
            for intent in accepted
        }
    return outcomes | {intent.id: _judged(outcomes[intent.id], draft, max(priorities)) for intent in accepted}


def _measured(networks: Sequence[IPNetwork], intent: BlockIntent, draft: Draft) -> Compiled:
    """One network intent on its own: may it be said, and is there room beside the ``networks`` before it?"""
    check_speakable(intent.match)
    most = GROUP_CAPACITY if draft.layout.enterprise else RANGES * (draft.layout.count // 2)
    if len({*networks, *intent.match.networks}) > most:
        raise Inexpressible(
            f"More than {most:,} networks do not fit into this policy. End blocks that are no longer needed, block larger "
            "networks, or block at the network's firewall."
        )
    cost = f"{len(intent.match.networks)} networks, {RANGES} to a rule"
    if draft.layout.enterprise:
        cost = f"{len(intent.match.networks)} of {GROUP_CAPACITY:,} networks of an address group"
    return Compiled(intent.id, Exactness.EXACT, (), Coverage(draft.target.service_refs), cost)


def _add_networks(networks: Sequence[IPNetwork], action: BlockAction, draft: Draft) -> tuple[int, ...]:
    if not draft.layout.enterprise:
        return draft.add_packs(action, networks)
    owner = f"groups-{action.value}"
    groups = draft.add_groups(owner, networks)
    text = " || ".join(f"evaluateAddressGroup('{name}', origin.ip)" for name in groups)
    return draft.add(owner, [{**action_members(action), "match": expression_match(text)}], action)


def _check_nothing_behind(draft: Draft, priority: int) -> None:
    """A request below a limit passes at once, so a limit may stand only where nothing behind it would stop requests."""
    behind = [rule for rule in draft.policy.foreign if rule.priority > priority and rule.stops]
    if behind:
        raise Inexpressible(
            f"Requests below the limit would be let through without {', '.join(map(label, behind))}, which come after "
            "it. Move our rate limits behind them in the settings; in front of a default rule that denies, none can stand."
        )


def _judged(outcome: Compiled, draft: Draft, priority: int) -> Compiled:
    """The outcome with what the policy itself does to it: rules that let requests pass before ours."""
    ahead = [rule for rule in draft.policy.foreign if rule.priority < priority and rule.passes]
    if not ahead:
        return outcome
    names = ", ".join(label(rule) for rule in ahead)
    return _noted(outcome, (f"Requests that {names} of this policy let pass never come to our rules.",))


def _noted(outcome: Compiled, reasons: tuple[str, ...]) -> Compiled:
    if outcome.exactness is Exactness.REFUSED:
        return outcome
    return Compiled(
        outcome.intent_id,
        Exactness.APPROXIMATED,
        (*outcome.reasons, *reasons),
        outcome.coverage,
        outcome.cost,
    )
