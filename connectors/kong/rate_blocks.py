"""Rate limits: the rate-limiting plugin on a consumer, or on every customer route the match concerns."""

from __future__ import annotations

from typing import Any, Final

from connectors.base.intent import BlockIntent, Compiled, Coverage, Exactness, RateLimitSpec
from connectors.kong.coverage import concerned, refs_of, wider_than
from connectors.kong.draft import Draft

_PERIODS: Final = (("second", 1), ("minute", 60), ("hour", 3600), ("day", 86400))
_PER_NODE: Final = "Each Kong node counts for itself (policy local), in fixed windows."


def compile_rate(intent: BlockIntent, draft: Draft) -> Compiled:
    """Always approximated: Kong counts per node, in fixed windows, and on whole routes."""
    match = intent.match
    if intent.rate is None or intent.rate.limit < 1 or intent.rate.window_seconds < 1:
        return Compiled(intent.id, Exactness.REFUSED, ("A rate limit needs a limit and a window.",))
    if match.networks or match.headers:
        reason = "Kong's rate-limiting counts every client address; it cannot be bound to some addresses or headers."
        return Compiled(intent.id, Exactness.REFUSED, (reason,))
    config, reasons = _config(intent.rate)
    if match.consumers:
        if match.methods or match.path_templates or match.hosts:
            reason = "Kong cannot limit a consumer on a part of its routes only."
            return Compiled(intent.id, Exactness.REFUSED, (reason,))
        return _on_consumers(intent, draft, config, reasons)
    return _on_routes(intent, draft, config, reasons)


def _config(rate: RateLimitSpec) -> tuple[dict[str, Any], list[str]]:
    """The limit in the longest period that fits into the window, never more generous than asked."""
    reasons = [_PER_NODE]
    name, seconds = [entry for entry in _PERIODS if entry[1] <= rate.window_seconds][-1]
    limit = max(1, rate.limit * seconds // rate.window_seconds)
    if seconds != rate.window_seconds:
        reasons.append(f"{rate.limit} per {rate.window_seconds} s becomes {limit} per {name}.")
    base = {"limit_by": "ip", "policy": "local", "fault_tolerant": True, "hide_client_headers": True}
    return {name: limit, **base}, reasons


def _on_routes(intent: BlockIntent, draft: Draft, config: dict[str, Any], reasons: list[str]) -> Compiled:
    covered: list[str] = []
    uncovered: list[tuple[str, str]] = []
    chosen: list[str] = []
    for route in draft.estate.routes:
        refs, ref = concerned(route, intent.match), str(route.get("id"))
        if not refs:
            continue
        if draft.estate.index.scoped("rate-limiting", route=ref) is not None:
            uncovered += [
                (name, "The route has a rate limit of its own, and Kong allows only one.") for name in refs
            ]
            continue
        wider = wider_than(route, intent.match)
        if wider:
            shown = route.get("name") or ref
            reasons.append(f"The route {shown} also serves {' and '.join(wider)}; all its requests count.")
        chosen.append(ref)
        covered += refs
    if not chosen:
        why = [reason for _, reason in uncovered] or ["No route of this workspace can serve such a request."]
        return Compiled(
            intent.id, Exactness.REFUSED, tuple(dict.fromkeys(why)), Coverage((), tuple(uncovered))
        )
    for ref in chosen:
        draft.want_plugin("rate-limiting", {"route": ref}, config, intent.id)
    reasons += dict.fromkeys(reason for _, reason in uncovered)
    coverage = Coverage(tuple(covered), tuple(uncovered))
    return Compiled(intent.id, Exactness.APPROXIMATED, tuple(reasons), coverage, f"{len(chosen)} plugins")


def _on_consumers(intent: BlockIntent, draft: Draft, config: dict[str, Any], reasons: list[str]) -> Compiled:
    chosen: list[str] = []
    for name in sorted(set(intent.match.consumers)):
        consumer = draft.estate.consumer(name)
        if consumer is None:
            reasons.append(f"Kong has no consumer named {name}.")
        elif draft.estate.index.scoped("rate-limiting", consumer=str(consumer.get("id"))) is not None:
            reasons.append(f"The consumer {name} has a rate limit of its own, and Kong allows only one.")
        else:
            chosen.append(str(consumer.get("id")))
    if not chosen:
        return Compiled(intent.id, Exactness.REFUSED, tuple(reasons[1:]))
    for ref in chosen:
        draft.want_plugin("rate-limiting", {"consumer": ref}, config, intent.id)
    covered = tuple(ref for route in draft.estate.routes for ref, _ in refs_of(route))
    return Compiled(
        intent.id, Exactness.APPROXIMATED, tuple(reasons), Coverage(covered), f"{len(chosen)} plugins"
    )
