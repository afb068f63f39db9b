"""Blocks of consumers: a request-termination, or an ip-restriction, bound to each of them."""

from __future__ import annotations

from typing import Any, Final

from connectors.base.intent import BlockIntent, Compiled, Coverage, Exactness
from connectors.kong.coverage import refs_of
from connectors.kong.draft import Draft
from connectors.kong.estate import service_of

_OWN: Final = "The consumer has its own"


def compile_consumers(intent: BlockIntent, draft: Draft, narrowed: bool) -> Compiled:
    """All requests of the named consumers, or those from the match's networks."""
    if narrowed:
        reason = "Kong cannot combine a consumer with a path, method, host or header; block the consumer as a whole."
        return Compiled(intent.id, Exactness.REFUSED, (reason,))
    plugin, config = _plugin_for(intent)
    refs: list[str] = []
    reasons: list[str] = []
    for name in sorted(set(intent.match.consumers)):
        consumer = draft.estate.consumer(name)
        if consumer is None:
            reasons.append(f"Kong has no consumer named {name}.")
            continue
        ref = str(consumer.get("id"))
        theirs = draft.estate.index.scoped(plugin, consumer=ref)
        if theirs is not None:
            reasons.append(
                f"The consumer {name} has its own {plugin}, and Kong allows only one; it is left as it is."
            )
            continue
        refs.append(ref)
    if not refs:
        return Compiled(intent.id, Exactness.REFUSED, tuple(reasons))
    covered, uncovered = _coverage(draft, plugin, set(refs))
    reasons += _told(plugin, uncovered)
    if not covered and uncovered:
        return Compiled(intent.id, Exactness.REFUSED, tuple(reasons), Coverage((), tuple(uncovered)))
    for ref in refs:
        draft.want_plugin(plugin, {"consumer": ref}, config, intent.id)
    return Compiled(
        intent.id,
        Exactness.APPROXIMATED if reasons else Exactness.EXACT,
        tuple(reasons),
        Coverage(tuple(covered), tuple(uncovered)),
        cost=f"{len(refs)} plugins",
    )


def _plugin_for(intent: BlockIntent) -> tuple[str, dict[str, Any]]:
    if not intent.match.networks:
        return "request-termination", {"status_code": 403, "message": "Forbidden"}
    deny = sorted(
        str(network).removesuffix("/32" if network.version == 4 else "/128")
        for network in intent.match.networks
    )
    return "ip-restriction", {"deny": deny, "status": 403, "message": "Forbidden"}


def _told(plugin: str, uncovered: list[tuple[str, str]]) -> list[str]:
    """How many routes are not covered, for each reason."""
    own = [ref for ref, reason in uncovered if reason.startswith(_OWN)]
    other = len(uncovered) - len(own)
    told = [f"{len(own)} routes bind their own {plugin} to such a consumer."] if own else []
    return told + ([f"On {other} routes another plugin may answer before {plugin} runs."] if other else [])


def _coverage(draft: Draft, plugin: str, consumers: set[str]) -> tuple[list[str], list[tuple[str, str]]]:
    """A consumer's instance wins over all but one bound to the consumer and the route or service."""
    covered: list[str] = []
    uncovered: list[tuple[str, str]] = []
    for route in draft.estate.routes:
        answering = ""
        if plugin == "request-termination":
            answering = draft.estate.index.answering(str(route.get("id")), service_of(route))
        closer = [
            entry
            for entry in draft.estate.index.for_callers(plugin, str(route.get("id")), service_of(route))
            if (entry.get("route") or entry.get("service"))
            and (entry.get("consumer") or {}).get("id") in consumers
        ]
        for ref, _ in refs_of(route):
            if closer:
                uncovered.append((ref, f"{_OWN} {plugin} here ({closer[0].get('id')})."))
            elif answering:
                uncovered.append((ref, answering))
            else:
                covered.append(ref)
    return covered, uncovered
