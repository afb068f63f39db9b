"""Block intents as Kong plugins and routes: pure. What Kong cannot say is refused or named, never weakened.

Facts used (Kong documentation): one instance of a plugin per scope; only the most specific instance runs; ``deny``
of ip-restriction is looked at before ``allow``; the traditional router compares no client address.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from connectors.base.enforcement import Program, State, Target, VendorObject
from connectors.base.intent import BlockAction, BlockIntent, Compiled, Coverage, Exactness, HeaderMatch, Match
from connectors.kong.condition_blocks import compile_condition, place
from connectors.kong.consumer_blocks import compile_consumers
from connectors.kong.coverage import concerned, refs_of, wider_than
from connectors.kong.draft import Draft, condition_ref
from connectors.kong.entities import Entity, config_of
from connectors.kong.estate import estate_of, service_of
from connectors.kong.gitops import patch_of
from connectors.kong.path_blocks import compile_expression, compile_routes
from connectors.kong.rate_blocks import compile_rate

COUNTED: Final = (
    "Kong has no counting mode: hits are counted by Portcullis from Kong's logs, nothing is written to Kong."
)
_UNSPEAKABLE: Final = {
    "principals": "Kong does not know the stored principal; name the consumer instead.",
    "ja4": "Kong sees no TLS fingerprint.",
    "countries": "Kong does not know countries; block the networks instead.",
    "asns": "Kong does not know network owners; block their networks instead.",
}


def compile_program(
    intents: Sequence[BlockIntent], target: Target, state: State, unwritable: str = ""
) -> Program:
    """The program of all intents; equal intents in any order give an equal program.

    ``unwritable`` is a reason known from the settings why writes would not last: everything is then refused and
    handed out as a decK patch.
    """
    draft = _draft(target, state)
    # Who stands already, and as it is, keeps the room it has in the shared condition.
    ordered = sorted(intents, key=lambda intent: (place(intent, draft), intent.id))
    why = unwritable or draft.estate.unwritable()
    outcomes = tuple(_compile(intent, draft) for intent in ordered)
    if why:
        parts = draft.parts()
        patched = (_as_patch(outcome, parts.get(outcome.intent_id, []), why) for outcome in outcomes)
        return Program(target, (), tuple(patched))
    return Program(target, draft.objects(), outcomes)


def _draft(target: Target, state: State) -> Draft:
    shared = condition_ref(target)
    standing = [entry.document for entry in state.objects if entry.ref == shared]
    return Draft(target, estate_of(state), standing[0] if standing else None)


def _as_patch(outcome: Compiled, objects: Sequence[VendorObject], why: str) -> Compiled:
    """Refused, with what the customer's own pipeline would have to add."""
    if outcome.exactness is Exactness.REFUSED or not objects:
        return Compiled(outcome.intent_id, Exactness.REFUSED, (why, *outcome.reasons), outcome.coverage)
    reasons = (why, *outcome.reasons, f"decK patch for your own pipeline:\n{patch_of(objects)}")
    return Compiled(outcome.intent_id, Exactness.REFUSED, reasons)


def _compile(intent: BlockIntent, draft: Draft) -> Compiled:
    match = intent.match
    problems = [reason for name, reason in _UNSPEAKABLE.items() if getattr(match, name)]
    if match.is_empty():
        problems.append("The block names nothing to match and would stop every request.")
    if intent.action is BlockAction.CHALLENGE:
        problems.append("Kong cannot challenge a client.")
    if problems:
        return Compiled(intent.id, Exactness.REFUSED, tuple(problems))
    if intent.action is BlockAction.COUNT:
        covered = [ref for route in draft.estate.routes for ref in concerned(route, match)]
        return Compiled(
            intent.id, Exactness.APPROXIMATED, (COUNTED,), Coverage(tuple(covered)), "nothing is written"
        )
    if intent.action is BlockAction.RATE_LIMIT:
        return compile_rate(intent, draft)
    return _best(intent, draft)


def _best(intent: BlockIntent, draft: Draft) -> Compiled:
    """A block without a condition where that says all of it; else with one, where this Kong has conditions.

    Addresses alone and user agents alone stay in their lists, which have more room than a condition.
    """
    listed = not _narrowed(intent.match) and not intent.match.consumers
    if listed or _only_user_agent(intent.match) or draft.without_conditions(intent.id):
        outcome = _compile_block(intent, draft)
        if outcome.exactness is not Exactness.REFUSED or draft.estate.no_conditions():
            return outcome
        return _or_else(outcome, compile_condition(intent, draft))
    plain = draft.apart()
    outcome = _compile_block(intent, plain)
    if outcome.exactness is Exactness.EXACT:
        draft.take(plain)
        return outcome
    conditional = draft.apart()
    better = compile_condition(intent, conditional)
    refused = outcome.exactness is Exactness.REFUSED
    wider = refused or len(better.coverage.uncovered) < len(outcome.coverage.uncovered)
    if better.exactness is Exactness.EXACT or (wider and better.exactness is Exactness.APPROXIMATED):
        draft.take(conditional)
        return better
    draft.take(plain)
    return _or_else(outcome, better) if refused else outcome


def _or_else(refused: Compiled, other: Compiled) -> Compiled:
    """The other way, or both reasons when that is refused as well."""
    if other.exactness is not Exactness.REFUSED:
        return other
    return replace(refused, reasons=tuple(dict.fromkeys((*refused.reasons, *other.reasons))))


def _narrowed(match: Match) -> bool:
    """Whether a match names a part of the traffic by more than who sends it."""
    return bool(match.methods or match.path_templates or match.hosts or match.headers)


def _compile_block(intent: BlockIntent, draft: Draft) -> Compiled:
    match = intent.match
    narrowed = _narrowed(match)
    if match.consumers:
        return compile_consumers(intent, draft, narrowed)
    if match.networks and not narrowed:
        return _compile_deny(
            intent, draft, "ip-restriction", [_entry(str(network)) for network in match.networks]
        )
    if _only_user_agent(match):
        return _compile_deny(intent, draft, "bot-detection", [_agent_pattern(match.headers)])
    if draft.estate.expressions:
        return compile_expression(intent, draft)
    return _compile_networks_on_routes(intent, draft) if match.networks else compile_routes(intent, draft)


def _compile_deny(intent: BlockIntent, draft: Draft, plugin: str, entries: list[str]) -> Compiled:
    """Entries of a workspace-wide deny list, and the routes on which a narrower instance keeps them from working."""
    blocker = draft.deny_blocker(plugin)
    if not blocker and not draft.deny_room(plugin, len(entries)):
        blocker = f"The {plugin} list would be longer than we allow."
    if blocker:
        return Compiled(intent.id, Exactness.REFUSED, (blocker,))
    covered: list[str] = []
    uncovered: list[tuple[str, str]] = []
    partly: list[str] = []
    index = draft.estate.index
    for route in draft.estate.routes:
        refs = [ref for ref, _ in refs_of(route)]
        scope = (str(route.get("id")), service_of(route))
        running = index.effective(*scope).get(plugin)
        if running is not None and _is_narrower(running):
            reason = f"Kong runs only the most specific {plugin}, and this route has its own ({running.get('id')})."
            uncovered += [(ref, reason) for ref in refs]
            continue
        covered += refs
        if index.for_callers(plugin, *scope):
            partly.append(f"Consumers or groups with their own {plugin} are not covered.")
    reasons = [f"{len(uncovered)} routes have their own {plugin} and are not covered."] if uncovered else []
    reasons += dict.fromkeys(partly)
    theirs = index.scoped(plugin)
    if plugin == "bot-detection" and theirs is not None and config_of(theirs).get("allow"):
        reasons.append("Your bot-detection lets the user agents of its allow list pass before any denial.")
    exactness = Exactness.APPROXIMATED if reasons else Exactness.EXACT
    if uncovered and not covered:
        return Compiled(intent.id, Exactness.REFUSED, tuple(reasons), Coverage((), tuple(uncovered)))
    cost = draft.deny(plugin, entries, intent.id)
    return Compiled(intent.id, exactness, tuple(reasons), Coverage(tuple(covered), tuple(uncovered)), cost)


def _compile_networks_on_routes(intent: BlockIntent, draft: Draft) -> Compiled:
    """Addresses on a part of the traffic: ip-restriction on routes that serve nothing but that part."""
    match = intent.match
    free: list[tuple[Entity, list[str]]] = []
    uncovered: list[tuple[str, str]] = []
    for route in draft.estate.routes:
        refs = concerned(route, match)
        wider = wider_than(route, match) + (["other headers"] if match.headers else [])
        taken = draft.estate.index.scoped("ip-restriction", route=str(route.get("id")))
        if refs and wider:
            uncovered += [(ref, f"The route also serves {' and '.join(wider)}.") for ref in refs]
        elif refs and taken is not None:
            uncovered += [
                (ref, "The route has an ip-restriction of its own, and Kong allows only one.") for ref in refs
            ]
        elif refs:
            free.append((route, refs))
    advice = "Block the address everywhere, or the path for everyone, or use Kong's expressions router."
    if not free:
        reasons = dict.fromkeys(reason for _, reason in uncovered) or {
            "No route can serve such a request.": None
        }
        why = "Kong's traditional router cannot combine an address with a part of a route."
        return Compiled(intent.id, Exactness.REFUSED, (why, *reasons, advice), Coverage((), tuple(uncovered)))
    config = {
        "deny": sorted(_entry(str(network)) for network in match.networks),
        "status": 403,
        "message": "Forbidden",
    }
    for route, _ in free:
        draft.want_plugin("ip-restriction", {"route": str(route.get("id"))}, config, intent.id)
    covered = tuple(ref for _, refs in free for ref in refs)
    reasons = dict.fromkeys(reason for _, reason in uncovered)
    return Compiled(
        intent.id,
        Exactness.APPROXIMATED if uncovered else Exactness.EXACT,
        tuple(reasons),
        Coverage(covered, tuple(uncovered)),
        cost=f"{len(free)} plugins",
    )


def _is_narrower(plugin: Entity) -> bool:
    return bool(plugin.get("route") or plugin.get("service"))


def _entry(network: str) -> str:
    """A network as Kong users write it: single addresses without their prefix length."""
    return network.removesuffix("/32") if "." in network else network.removesuffix("/128")


def _only_user_agent(match: Match) -> bool:
    others = match.networks or match.methods or match.path_templates or match.hosts
    return (
        bool(match.headers)
        and not others
        and all(header.name.lower() == "user-agent" for header in match.headers)
    )


def _agent_pattern(headers: tuple[HeaderMatch, ...]) -> str:
    """One pattern (PCRE, without case) that holds when every condition on the user agent does."""
    shapes = {"contains": "(?=.*{})", "prefix": "(?={})", "equals": "(?={}$)"}
    conditions = sorted(shapes.get(h.operator, shapes["equals"]).format(re.escape(h.value)) for h in headers)
    return f"(?i)^{''.join(conditions)}"
