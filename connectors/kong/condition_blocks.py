"""Blocks that only a condition can say: one global request-termination, whose condition joins all of them.

Kong allows one instance of a plugin for each scope, so all blocks share one condition of at most 1,024 characters; those
that stand already keep their place. Request Termination runs after authentication, so a condition may name a consumer.
"""

from __future__ import annotations

from typing import Final

from connectors.base.intent import BlockIntent, Compiled, Coverage, Exactness
from connectors.kong.conditions import MOST_CHARACTERS, Inexpressible, expression
from connectors.kong.coverage import concerned
from connectors.kong.draft import Draft
from connectors.kong.entities import Entity, strings
from connectors.kong.estate import service_of

PLUGIN: Final = "request-termination"
_HEADERS: Final = (
    "A header that is sent several times is compared by its first value, and as plugins that run earlier left it "
    "(hide_credentials, request-transformer)."
)
_HTTP: Final = {"http", "https", "grpc", "grpcs"}


def compile_condition(intent: BlockIntent, draft: Draft) -> Compiled:
    """The intent as a part of the shared condition; refused with the reason when it cannot be."""
    if why := draft.without_conditions(intent.id) or _taken(draft):
        return _refused(intent, why)
    refs, reasons = _consumers(intent, draft)
    if intent.match.consumers and not refs:
        return _refused(intent, *reasons)
    try:
        text = expression(intent.match, refs)
    except Inexpressible as error:
        return _refused(intent, str(error))
    covered, uncovered, partly = _coverage(intent, draft)
    if not covered:
        nowhere = [reason for _, reason in uncovered] or ["No route can serve such a request."]
        return _refused(intent, *dict.fromkeys(nowhere))
    if not draft.condition(intent.id, text):
        return _refused(
            intent,
            f"All conditions together may have {MOST_CHARACTERS:,} characters, and this one would pass that.",
        )
    reasons += dict.fromkeys(reason for _, reason in uncovered)
    reasons += partly
    if any(header.name.lower() != "host" for header in intent.match.headers):
        reasons.append(_HEADERS)
    return Compiled(
        intent.id,
        Exactness.APPROXIMATED if reasons else Exactness.EXACT,
        tuple(reasons),
        Coverage(tuple(covered), tuple(uncovered)),
        cost=f"{len(text)} of {MOST_CHARACTERS:,} characters of the shared condition",
    )


def place(intent: BlockIntent, draft: Draft) -> int:
    """Who gets room in the shared condition first: 0 who stands as it is, 1 who stands otherwise, 2 who is new."""
    if not draft.stands(intent.id):
        return 2
    try:
        unchanged = draft.stands(intent.id, expression(intent.match, _consumers(intent, draft)[0]))
    except Inexpressible:
        unchanged = False
    return 0 if unchanged else 1


def _consumers(intent: BlockIntent, draft: Draft) -> tuple[list[str], list[str]]:
    """Ids of the consumers that Kong knows, and a reason for each that it does not."""
    known = {name: draft.estate.consumer(name) for name in sorted(set(intent.match.consumers))}
    reasons = [f"Kong has no consumer named {name}." for name, found in known.items() if found is None]
    return [str(found.get("id")) for found in known.values() if found is not None], reasons


def _taken(draft: Draft) -> str:
    theirs = draft.estate.index.scoped(PLUGIN)
    if theirs is None:
        return ""
    return f"You have a global {PLUGIN} ({theirs.get('id')}), and Kong allows only one."


def _coverage(intent: BlockIntent, draft: Draft) -> tuple[list[str], list[tuple[str, str]], list[str]]:
    """Refs the condition acts on, refs with a narrower instance of the customer's, and callers with one of their own."""
    covered: list[str] = []
    uncovered: list[tuple[str, str]] = []
    partly: dict[str, None] = {}
    for route in draft.estate.routes:
        refs = concerned(route, intent.match)
        why = _problem(route, draft)
        if why:
            uncovered += [(ref, why) for ref in refs]
            continue
        covered += refs
        if refs and draft.estate.index.for_callers(PLUGIN, str(route.get("id")), service_of(route)):
            partly[f"Consumers or groups with their own {PLUGIN} are not covered."] = None
    return covered, uncovered, list(partly)


def _problem(route: Entity, draft: Draft) -> str:
    running = draft.estate.index.effective(str(route.get("id")), service_of(route)).get(PLUGIN)
    if running is not None:
        return f"Kong runs only the most specific {PLUGIN}, and this route has its own ({running.get('id')})."
    if not _HTTP.intersection(strings(route.get("protocols")) or ("http",)):
        return f"The plugin {PLUGIN} does not run on WebSocket routes."
    return draft.estate.index.answering(str(route.get("id")), service_of(route))


def _refused(intent: BlockIntent, *reasons: str) -> Compiled:
    return Compiled(intent.id, Exactness.REFUSED, tuple(reasons))
