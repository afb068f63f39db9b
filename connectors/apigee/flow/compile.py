"""Block intents as the shared flow and its rules in one environment: pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from connectors.apigee.flow import package, pages
from connectors.apigee.flow.limits import PAGE_BYTES, PAGES, PIECES
from connectors.apigee.flow.rules import pieces_of, rules_of
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
_FOREIGN_PAGE: Final = (
    "The entry {} of the key value map "
    f"{package.NAME} is not ours, or no longer: it is left as it is, and nothing new is written beside it. Rename or remove "
    "it, then block again."
)
_OLD: Final = (
    f"The deployed {package.NAME} is not there, not ready, or another version than ours. Deploy it by the set-up text "
    "“Beside your own flow hook”; until then no new block is made."
)
_FULL: Final = (
    f"The block does not fit: {PAGES} entries of {PAGE_BYTES // 1024} KB hold the rules of an environment. End blocks that "
    "are no longer needed, or name fewer networks."
)
_PIECES: Final = (
    f"An environment takes path templates with {PIECES} variables in all where a variable is only a piece of a segment, as "
    "in /{x}.json, so that no path makes the comparison slow. Write the whole segment as a variable."
)


def compile_flow(intents: Sequence[BlockIntent], target: Target, state: State) -> Program:
    """The program of all intents; equal intents in any order give equal objects.

    Where nothing new can be made, what stands stays while it is wanted: it is told as approximated, with the reason.
    """
    environment = next((entry.document for entry in state.foreign if entry.kind == "environment"), {})
    ordered = sorted(intents, key=lambda intent: intent.id)
    numbers = {pages.entry_of(number): number for number in range(1, PAGES + 1)}
    foreign: Mapping[str, Sequence[str]] = environment.get("foreign_pages", {})
    filled = pages.Pages(
        {numbers[e.ref]: e.document for e in state.objects if e.kind == PAGE},
        without={numbers[name] for name in foreign},
    )
    why = _unusable(environment)
    outcomes: dict[str, Compiled] = {}
    waiting: list[BlockIntent] = []
    for intent in ordered:
        # Those that stand come first, so that a new one never takes their place.
        if page := next((name for name, blocks in foreign.items() if intent.id in blocks), ""):
            covered = () if why and why != _OLD else target.service_refs
            outcomes[intent.id] = _kept(intent, target, covered, [why or _FOREIGN_PAGE.format(page)])
        elif _standing(intent, filled):
            outcomes[intent.id] = _compile(intent, target, environment, filled, why)
        else:
            waiting.append(intent)
    closed = why or (_FOREIGN_PAGE.format(min(foreign)) if foreign else "")
    for intent in waiting:
        outcomes[intent.id] = (
            refused(intent, target, closed) if closed else _compile(intent, target, environment, filled)
        )
    # What stands on a page that is not ours needs the hook and the flow all the same.
    needed = any(intent.id in blocks for blocks in foreign.values() for intent in ordered)
    objects = _objects(filled, environment, needed)
    if why:
        objects = [e for e in objects if e.kind == PAGE] + [
            e for e in state.objects if objects and e.kind != PAGE
        ]
    return Program(target, tuple(objects), tuple(outcomes[intent.id] for intent in ordered))


def _unusable(environment: Mapping[str, Any]) -> str:
    if environment.get("type") == "BASE":
        return _BASE
    if environment.get("foreign_flow"):
        return _FOREIGN_FLOW
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


def _kept(intent: BlockIntent, target: Target, covered: tuple[str, ...], reasons: Sequence[str]) -> Compiled:
    """What stands and is not as it should be; what is not covered for certain is told so."""
    uncovered = tuple((ref, reasons[-1]) for ref in target.service_refs if ref not in covered)
    return Compiled(intent.id, Exactness.APPROXIMATED, tuple(reasons), Coverage(covered, uncovered))


def _compile(
    intent: BlockIntent, target: Target, environment: Mapping[str, Any], filled: pages.Pages, why: str = ""
) -> Compiled:
    """``why``: the intent stands in an environment where nothing new can be made."""
    try:
        rules, notes = rules_of(intent)
    except Inexpressible as reason:
        return refused(intent, target, str(reason))
    if not why and intent.match.consumers and LATE in environment.get("occupied", {}):
        if not _standing(intent, filled):
            return refused(intent, target, _occupied(LATE, environment))
        why = _occupied(LATE, environment)
    pieces = sum(pieces_of(template) for template in intent.match.path_templates)
    if filled.pieces + pieces > PIECES:
        return refused(intent, target, _PIECES)
    before = filled.room()
    if not filled.add(rules):
        return refused(intent, target, _FULL)
    filled.pieces += pieces
    if intent.match.networks and environment.get("forgeable_addresses"):
        notes = (*notes, FORGEABLE)
    cost = f"{before - filled.room():,} of {PAGES * PAGE_BYTES:,} bytes"
    if why:
        return _kept(intent, target, target.service_refs if why == _OLD else (), (*notes, why))
    exactness = Exactness.APPROXIMATED if notes else Exactness.EXACT
    return Compiled(intent.id, exactness, notes, Coverage(target.service_refs), cost)


def _objects(filled: pages.Pages, environment: Mapping[str, Any], needed: bool) -> list[VendorObject]:
    """Nothing for no rules; the flow and the hooks only where no flow of the customer's has that place or calls ours."""
    rules = [rule for page in filled.rules.values() for rule in page]
    if not rules and not needed:
        return []
    made: list[VendorObject] = []
    if not environment.get("shared_map"):
        made.append(VendorObject(MAP, package.NAME, package.NAME, map_document()))
    for number, held in filled.rules.items():
        name = pages.entry_of(number)
        made.append(VendorObject(PAGE, name, name, pages.document_of(held)))
    if not environment.get("lent"):
        made.append(VendorObject(FLOW, package.NAME, package.NAME, flow_document(wanted_content())))
    hooks = [FIRST, LATE] if any("apps" in rule for rule in rules) else [FIRST]
    own = {"sharedFlow": package.NAME, "continueOnError": False, "description": package.DESCRIPTION}
    made += [
        VendorObject(HOOK, hook, hook, hook_document(own))
        for hook in hooks
        if hook not in environment.get("taken", ())
    ]
    return made
