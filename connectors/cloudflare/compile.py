"""Block intents as Cloudflare's custom and rate limiting rules: pure. What cannot be said is refused, never weakened.

Intents that name nothing but networks share one address list and one rule per action; every other intent is a rule of
its own. Networks no list takes (IPv6 finer than /64, IPv4 wider than /8) are written into a rule, which takes them
exactly.
"""

from __future__ import annotations

from collections.abc import Sequence
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
    RateLimitSpec,
)
from connectors.cloudflare.estate import Estate, estate_of, list_name
from connectors.cloudflare.expressions import expression_of, inline, listed
from connectors.cloudflare.limits import PlanLimits
from connectors.cloudflare.plan import Plan, fits_list
from connectors.cloudflare.strings import Inexpressible
from connectors.cloudflare.target import NOT_PROXIED, ZoneTarget
from connectors.cloudflare.waf_rules import CUSTOM, RATE

#: Matches that only count are looked at first: they never end the evaluation.
ORDER: Final = (BlockAction.COUNT, BlockAction.BLOCK, BlockAction.CHALLENGE, BlockAction.RATE_LIMIT)
_BROWSERS: Final = "Only browsers can solve a challenge; other clients are stopped."
_PER_CENTRE: Final = (
    "Cloudflare counts in each data centre by itself; who is over the rate is stopped for {seconds} s."
)
_CONDITIONS: Final = {
    "networks": "client addresses",
    "methods": "methods",
    "hosts": "hosts",
    "headers": "headers",
    "user-agent": "user agents",
    "ja4": "fingerprints",
    "countries": "countries",
    "asns": "network owners",
}


def compile_program(
    intents: Sequence[BlockIntent], target: Target, state: State, *, bot_management: bool
) -> Program:
    """The program of all intents; equal intents in any order give equal objects."""
    estate = estate_of(state)
    plan = Plan(target, estate)
    ordered = sorted(intents, key=lambda intent: intent.id)
    outcomes: dict[str, Compiled] = {}
    for action in ORDER:
        same = [intent for intent in ordered if intent.action is action]
        shared = [intent for intent in same if _only_networks(intent)]
        outcomes |= _shared(shared, action, plan, target, estate)
        for intent in same:
            if intent.id not in outcomes:
                outcomes[intent.id] = _single(intent, plan, target, estate, bot_management)
    return Program(target, plan.objects(), tuple(_judged(outcomes[intent.id], estate) for intent in intents))


def _only_networks(intent: BlockIntent) -> bool:
    match = intent.match
    alone = bool(match.networks) and match == Match(networks=match.networks)
    return alone and intent.action is not BlockAction.RATE_LIMIT and all(map(fits_list, match.networks))


def _shared(
    intents: Sequence[BlockIntent], action: BlockAction, plan: Plan, target: Target, estate: Estate
) -> dict[str, Compiled]:
    """One list and one rule for all of them; without room for a list, one rule with the addresses in it."""
    networks: set[IPNetwork] = set()
    outcomes: dict[str, Compiled] = {}
    with_list = plan.takes_list()
    for intent in intents:
        more = networks | set(intent.match.networks)
        try:
            _check_zone(intent, plan, estate)
            if with_list and not plan.takes_items(len(more)):
                raise Inexpressible(f"The plan takes {plan.limits.list_items:,} addresses in lists.")
            if not with_list:
                inline(more)
        except Inexpressible as reason:
            outcomes[intent.id] = _refused(intent, target, reason)
            continue
        networks = more
        cost = f"{len(intent.match.networks)} of {plan.limits.list_items:,} addresses" if with_list else ""
        outcomes[intent.id] = _outcome(intent, target, (), cost or "a part of one custom rule")
    if not networks:
        return outcomes
    try:
        # The rule first: a list that no rule refers to would protect nothing.
        expression = listed(list_name(target, action.value)) if with_list else inline(networks)
        plan.add_rule(CUSTOM, action, f"{action.value}_addresses", expression)
    except Inexpressible as reason:
        return {intent.id: _refused(intent, target, reason) for intent in intents}
    if with_list:
        plan.add_list(action, networks)
    return outcomes


def _single(
    intent: BlockIntent, plan: Plan, target: Target, estate: Estate, bot_management: bool
) -> Compiled:
    try:
        _check_zone(intent, plan, estate)
        _check_hosts(intent.match, target)
        expression = expression_of(intent.match, plan.limits, bot_management=bot_management)
        if intent.action is not BlockAction.RATE_LIMIT:
            cost = plan.add_rule(CUSTOM, intent.action, intent.id, expression)
            return _outcome(intent, target, (), cost)
        _check_rate_conditions(intent.match, plan)
        rate, reasons = _rate(intent.rate, plan.limits)
        cost = plan.add_rule(RATE, intent.action, intent.id, expression, rate)
        return _outcome(intent, target, reasons, cost, Exactness.APPROXIMATED)
    except Inexpressible as reason:
        return _refused(intent, target, reason)


def _check_zone(intent: BlockIntent, plan: Plan, estate: Estate) -> None:
    if estate.paused:
        raise Inexpressible("The zone is paused: its traffic does not pass Cloudflare.")
    if any(network.prefixlen == 0 for network in intent.match.networks):
        raise Inexpressible("A network of length /0 would match every address.")
    if intent.action is BlockAction.COUNT and not plan.limits.counts:
        raise Inexpressible(
            f"Cloudflare records a match without acting only on Enterprise plans; this zone is on {plan.name}. "
            "Nothing is written: choose block or challenge, or judge by the preview."
        )


def _check_hosts(match: Match, target: Target) -> None:
    past = target.unproxied if isinstance(target, ZoneTarget) else ()
    if match.hosts and all(host.lower() in past for host in match.hosts):
        raise Inexpressible(f"{match.hosts[0]}: {NOT_PROXIED}")


def _check_rate_conditions(match: Match, plan: Plan) -> None:
    allowed = plan.limits.rate_conditions
    if allowed is None:
        return
    used = {name for name in match.__slots__ if getattr(match, name)} - {"headers"}
    used |= {"user-agent" if h.name.lower() == "user-agent" else "headers" for h in match.headers}
    beyond = sorted(_CONDITIONS[name] for name in used - allowed)
    if beyond:
        raise Inexpressible(
            f"On the plan {plan.name} a rate limit cannot look at {' and '.join(beyond)}. Name paths instead, or block."
        )


def _rate(spec: RateLimitSpec | None, limits: PlanLimits) -> tuple[dict[str, Any], tuple[str, ...]]:
    """The limit in the longest period that fits into the window: never more generous than asked."""
    if spec is None or spec.limit < 1 or spec.window_seconds < 1:
        raise Inexpressible("A rate limit needs a number of requests and a window.")
    fitting = [period for period in limits.periods() if period <= spec.window_seconds]
    period = fitting[-1] if fitting else limits.periods()[0]
    limit = max(1, spec.limit * min(period, spec.window_seconds) // spec.window_seconds)
    reasons = [_PER_CENTRE.format(seconds=period)]
    if period != spec.window_seconds:
        reasons.append(
            f"The plan has no period of {spec.window_seconds} s: {spec.limit} in {spec.window_seconds} s becomes "
            f"{limit} in {period} s."
        )
    rate = {
        "characteristics": ["ip.src", "cf.colo.id"],
        "period": period,
        "requests_per_period": limit,
        "mitigation_timeout": period,
    }
    return rate, tuple(reasons)


def _outcome(
    intent: BlockIntent,
    target: Target,
    reasons: tuple[str, ...],
    cost: str,
    exactness: Exactness = Exactness.EXACT,
) -> Compiled:
    if intent.action is BlockAction.CHALLENGE:
        reasons = (*reasons, _BROWSERS)
    past = target.unproxied if isinstance(target, ZoneTarget) else ()
    named = {host.lower() for host in intent.match.hosts}
    uncovered = tuple((host, NOT_PROXIED) for host in past if not named or host in named)
    if named and uncovered:
        exactness = Exactness.APPROXIMATED
        reasons = (*reasons, *(f"{host}: {reason}" for host, reason in uncovered))
    return Compiled(intent.id, exactness, reasons, Coverage(target.service_refs, uncovered), cost)


def _refused(intent: BlockIntent, target: Target, reason: Inexpressible) -> Compiled:
    uncovered = tuple((ref, str(reason)) for ref in target.service_refs)
    return Compiled(intent.id, Exactness.REFUSED, (str(reason),), Coverage((), uncovered))


def _judged(outcome: Compiled, estate: Estate) -> Compiled:
    """The outcome with what stands before our rules now."""
    if outcome.exactness is Exactness.REFUSED or not estate.skips:
        return outcome
    reason = f"What {', '.join(estate.skips)} skips passes before our rules: move it behind them."
    return Compiled(
        outcome.intent_id, Exactness.APPROXIMATED, (*outcome.reasons, reason), outcome.coverage, outcome.cost
    )
