"""Block intents as custom rules of one WAF policy. Pure: what Azure cannot say is refused or named, never weakened.

Intents that only name networks share rules, so that 600 addresses cost one of a policy's hundred rules. Every other
intent has rules of its own, named after it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from connectors.azure.conditions import Inexpressible, address_conditions, rule_conditions
from connectors.azure.draft import ORDER, Draft
from connectors.azure.limits import COARSE_BELOW, CUSTOM_RULES, RATE_WINDOWS
from connectors.azure.waf_state import outline_of
from connectors.base.enforcement import Program, State, Target
from connectors.base.intent import (
    BlockAction,
    BlockIntent,
    Compiled,
    Coverage,
    Exactness,
    IPNetwork,
    Match,
    RateLimitSpec,
)

_PATHS: Final = "The path is compared as sent and also decoded: two rules per path."
_CHALLENGE: Final = "Only browsers can solve a challenge; other clients are stopped."
#: Who gets the room when not all have it: what stops requests before what only counts them.
_ROOM_FIRST: Final = (*ORDER[1:], ORDER[0])
_PREMIUM: Final = "premium_azurefrontdoor"


def compile_program(
    intents: Sequence[BlockIntent], target: Target, state: State, prefix: str, *, behind_proxy: bool = False
) -> Program:
    """The desired rules on ``target`` and each intent's outcome; equal intents in any order give equal rules."""
    draft = Draft(prefix, outline_of(state), behind_proxy)
    ordered = sorted(intents, key=lambda intent: intent.id)
    named: dict[str, list[str]] = {}
    refused: dict[str, str] = {}
    for action in _ROOM_FIRST:
        same = [intent for intent in ordered if intent.action is action]
        plain = [intent for intent in same if _only_networks(intent)]
        _shared(draft, plain, action, named, refused)
        for intent in same:
            if not _only_networks(intent):
                _single(draft, intent, named, refused)
    objects = draft.objects()
    priorities = {entry.name: int(entry.document["priority"]) for entry in objects}
    outcomes = tuple(
        _refusal(intent, target, refused[intent.id])
        if intent.id in refused
        else _outcome(intent, target, draft, [priorities[name] for name in named[intent.id]])
        for intent in intents
    )
    return Program(target, objects, outcomes)


def _only_networks(intent: BlockIntent) -> bool:
    match = intent.match
    limits = intent.action is BlockAction.RATE_LIMIT or intent.rate is not None
    return bool(match.networks) and match == Match(networks=match.networks) and not limits


def _shared(
    draft: Draft,
    intents: Sequence[BlockIntent],
    action: BlockAction,
    named: dict[str, list[str]],
    refused: dict[str, str],
) -> None:
    """One set of rules for all blocks of networks with the same action; those that do not fit any more are refused."""
    networks: list[IPNetwork] = []
    held: list[BlockIntent] = []
    room = draft.room * draft.dialect.addresses
    for intent in intents:
        wanted = intent.match.networks
        try:
            _check_policy(draft, intent)
            address_conditions(wanted, draft.dialect)
            if len(networks) + len(wanted) > room:  # joined they may still fit
                draft.check_room(len(address_conditions([*networks, *wanted], draft.dialect)))
        except Inexpressible as reason:
            refused[intent.id] = str(reason)
        else:
            networks += wanted
            held.append(intent)
    if not networks:
        return
    conditions = address_conditions(networks, draft.dialect)
    names = draft.add(f"{action.value}-networks", action, [[condition] for condition in conditions], None)
    named |= {intent.id: names for intent in held}


def _single(draft: Draft, intent: BlockIntent, named: dict[str, list[str]], refused: dict[str, str]) -> None:
    try:
        _check_policy(draft, intent)
        rules = rule_conditions(intent.match, draft.dialect)
        rate = _rate(draft, intent.rate)[0] if intent.action is BlockAction.RATE_LIMIT else None
        named[intent.id] = draft.add(intent.id, intent.action, rules, rate)
    except Inexpressible as reason:
        refused[intent.id] = str(reason)


def _check_policy(draft: Draft, intent: BlockIntent) -> None:
    """What the policy itself makes impossible."""
    outline = draft.outline
    if not outline.get("enabled", True):
        raise Inexpressible("The WAF policy is disabled: no rule of it does anything. Enable it first.")
    if outline.get("detects") and intent.action is not BlockAction.COUNT:
        raise Inexpressible(
            "The WAF policy is in detection mode: it would log the request and let it pass. Switch it to prevention."
        )
    if intent.action is BlockAction.CHALLENGE and str(outline.get("tier")).lower() != _PREMIUM:
        raise Inexpressible("Azure challenges clients only on Front Door Premium. Block or limit instead.")
    if intent.action is BlockAction.RATE_LIMIT and not outline.get("modern"):
        raise Inexpressible(
            "Rate limits of Application Gateway need the Default Rule Set or CRS 3.2; this policy runs an older one."
        )


def _rate(draft: Draft, spec: RateLimitSpec | None) -> tuple[dict[str, Any], tuple[str, ...]]:
    """The members of a rate rule, and in what it differs from what was asked."""
    if draft.behind_proxy and draft.front_door:
        raise Inexpressible(
            "Front Door counts per peer, and the peer is the proxy in front: all clients would share it."
        )
    if spec is None or spec.limit < 1 or spec.window_seconds < 1:
        raise Inexpressible("A rate limit needs a number of requests and a window.")
    window = next((size for size in RATE_WINDOWS if size >= spec.window_seconds), RATE_WINDOWS[-1])
    limit = max(1, round(spec.limit * window / spec.window_seconds))
    notes = []
    if window != spec.window_seconds:
        notes.append(
            f"Azure's windows are 60 and 300 seconds: {spec.limit} in {spec.window_seconds} s becomes {limit} in "
            f"{window} s."
        )
    if draft.front_door:
        notes.append("Front Door counts per address and edge server, so that more may pass.")
        if limit < COARSE_BELOW:
            notes.append(f"Front Door counts coarsely below {COARSE_BELOW} requests a window.")
        rule = {
            "rateLimitDurationInMinutes": window // 60,
            "rateLimitThreshold": limit,
            "groupBy": [{"variableName": "SocketAddr"}],
        }
        return rule, tuple(notes)
    notes.append("The gateway counts over a sliding window and per instance, so that more may pass.")
    return {
        "rateLimitDuration": "OneMin" if window == RATE_WINDOWS[0] else "FiveMins",
        "rateLimitThreshold": limit,
        "groupByUserSession": [{"groupByVariables": [{"variableName": "ClientAddr"}]}],
    }, tuple(notes)


def _outcome(intent: BlockIntent, target: Target, draft: Draft, priorities: Sequence[int]) -> Compiled:
    reasons: list[str] = []
    exact = True
    if intent.match.path_templates:
        reasons.append(_PATHS)
    if intent.action is BlockAction.CHALLENGE:
        reasons.append(_CHALLENGE)
    if intent.action is BlockAction.RATE_LIMIT:
        reasons += _rate(draft, intent.rate)[1]
        if len(priorities) > 2:
            reasons.append(f"Each of the {len(priorities)} rules counts by itself.")
        exact = False
    ahead = draft.passing_before(max(priorities))
    if ahead:
        reasons.append(
            f"Requests that your rules {', '.join(ahead)} let pass never reach ours: no priority is free before."
        )
        exact = False
    cost = f"{len(priorities)} of {CUSTOM_RULES} custom rules"
    exactness = Exactness.EXACT if exact else Exactness.APPROXIMATED
    return Compiled(intent.id, exactness, tuple(reasons), Coverage(target.service_refs), cost)


def _refusal(intent: BlockIntent, target: Target, reason: str) -> Compiled:
    uncovered = tuple((ref, reason) for ref in target.service_refs)
    return Compiled(intent.id, Exactness.REFUSED, (reason,), Coverage((), uncovered))
