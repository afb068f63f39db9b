"""Block intents as the shared flow and its rules in one environment: pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from connectors.apigee.flow import package, pages
from connectors.apigee.flow.limits import PAGE_BYTES, PAGES, PIECES
from connectors.apigee.flow.rules import is_slow, rules_of
from connectors.apigee.flow.state import (
    FIRST,
    FLOW,
    HOOK,
    LATE,
    MAP,
    PAGE,
    flow_document,
    hook_document,
    map_document,
)
from connectors.apigee.speech import FORGEABLE, Inexpressible, refused
from connectors.base.enforcement import Program, State, Target, VendorObject
from connectors.base.intent import BlockIntent, Compiled, Coverage, Exactness

_BASE: Final = (
    "An environment of the type Base runs no shared flows. Change its type to Intermediate or Comprehensive, or choose the "
    "security actions."
)
_FOREIGN_FLOW: Final = (
    f"A shared flow named {package.NAME} is deployed here that is not ours: its description was changed or it is another "
    "one. Undeploy or rename it."
)
_FOREIGN_MAP: Final = (
    f"The key value map {package.NAME} holds entries that are not ours. Move them, then block again."
)
_OLD: Final = (
    f"The deployed {package.NAME} is not there or is another version than ours. Deploy it by the set-up text “Beside your "
    "own flow hook”, then block again."
)
_FULL: Final = (
    f"The block does not fit: {PAGES} entries of {PAGE_BYTES // 1024} KB hold the rules of an environment. End blocks that "
    "are no longer needed, or name fewer networks."
)
_PIECES: Final = (
    f"An environment takes {PIECES} path templates with a variable that is only a piece of a segment, as in /{{x}}.json, so "
    "that no path makes the comparison slow. Write the whole segment as a variable."
)


def compile_flow(intents: Sequence[BlockIntent], target: Target, state: State) -> Program:
    """The program of all intents; equal intents in any order give equal objects."""
    environment = next((entry.document for entry in state.foreign if entry.kind == "environment"), {})
    why = _unusable(environment)
    ordered = sorted(intents, key=lambda intent: intent.id)
    if why:
        return Program(target, (), tuple(refused(intent, target, why) for intent in ordered))
    numbers = {pages.entry_of(number): number for number in range(1, PAGES + 1)}
    filled = pages.Pages({numbers[e.ref]: e.document for e in state.objects if e.kind == PAGE})
    outcomes: dict[str, Compiled] = {}
    waiting: list[BlockIntent] = []
    for intent in ordered:
        # Those that stand come first, so that a new one never takes their place.
        if not _standing(intent, filled):
            waiting.append(intent)
        else:
            outcomes[intent.id] = _compile(intent, target, environment, filled)
    outcomes |= {intent.id: _compile(intent, target, environment, filled) for intent in waiting}
    return Program(
        target, tuple(_objects(filled, environment)), tuple(outcomes[intent.id] for intent in ordered)
    )


def _unusable(environment: Mapping[str, Any]) -> str:
    if environment.get("type") == "BASE":
        return _BASE
    if environment.get("foreign_flow"):
        return _FOREIGN_FLOW
    if environment.get("foreign_entries"):
        return _FOREIGN_MAP
    if FIRST in environment.get("occupied", {}):
        return _occupied(FIRST, environment)
    called = environment.get("called")
    return _OLD if called and environment.get("content") != wanted_content() else ""


def _occupied(hook: str, environment: Mapping[str, Any]) -> str:
    flow = environment["occupied"][hook]
    return (
        f"The flow hook {hook} runs your shared flow {flow}, which is never replaced. Let {flow} call ours: deploy "
        f"{package.NAME}, add a FlowCallout to it as a step of {flow} without a condition and without continueOnError, and "
        "set continueOnError of the hook to false (set-up text “Beside your own flow hook”)."
    )


def wanted_content() -> str:
    """The digest of the shared flow as we import it."""
    return package.digest_of(package.own())


def _standing(intent: BlockIntent, filled: pages.Pages) -> bool:
    try:
        return filled.stays(rules_of(intent)[0])
    except Inexpressible:
        return True


def _compile(
    intent: BlockIntent, target: Target, environment: Mapping[str, Any], filled: pages.Pages
) -> Compiled:
    try:
        rules, notes = rules_of(intent)
    except Inexpressible as reason:
        return refused(intent, target, str(reason))
    if intent.match.consumers and LATE in environment.get("occupied", {}):
        return refused(intent, target, _occupied(LATE, environment))
    pieces = sum(is_slow(template) for template in intent.match.path_templates)
    if filled.pieces + pieces > PIECES:
        return refused(intent, target, _PIECES)
    before = filled.room()
    if not filled.add(rules):
        return refused(intent, target, _FULL)
    filled.pieces += pieces
    if intent.match.networks and environment.get("forgeable_addresses"):
        notes = (*notes, FORGEABLE)
    cost = f"{before - filled.room():,} of {PAGES * PAGE_BYTES:,} bytes"
    exactness = Exactness.APPROXIMATED if notes else Exactness.EXACT
    return Compiled(intent.id, exactness, notes, Coverage(target.service_refs), cost)


def _objects(filled: pages.Pages, environment: Mapping[str, Any]) -> list[VendorObject]:
    """Nothing for no rules; the flow and the hooks only where no flow of the customer's calls ours."""
    rules = [rule for page in filled.rules.values() for rule in page]
    if not rules:
        return []
    made = [VendorObject(MAP, package.NAME, package.NAME, map_document())]
    for number, held in filled.rules.items():
        name = pages.entry_of(number)
        made.append(VendorObject(PAGE, name, name, pages.document_of(held)))
    called = environment.get("called", ())
    if not called:
        made.append(VendorObject(FLOW, package.NAME, package.NAME, flow_document(wanted_content())))
    hooks = [FIRST, LATE] if any("apps" in rule for rule in rules) else [FIRST]
    own = {"sharedFlow": package.NAME, "continueOnError": False, "description": package.DESCRIPTION}
    made += [VendorObject(HOOK, hook, hook, hook_document(own)) for hook in hooks if hook not in called]
    return made
