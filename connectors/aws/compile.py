"""Block intents as WAFv2 documents: one owned rule group and owned address sets per web ACL. Pure.

Intents that only name networks share address sets and one rule per action, so that ten thousand addresses cost
one WCU. Every other intent is a rule of its own, named after it. Counting rules come first: they never stop a
request, while a blocking rule ends the evaluation.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from connectors.aws.limits import GROUP_CAPACITY, IP_SET_ADDRESSES, RATE_LIMITS, RATE_WINDOWS
from connectors.aws.statements import OWN_REFERENCE, Inexpressible, any_ip_set, match_statement
from connectors.aws.waf_objects import (
    DESCRIPTION,
    REFERENCE,
    RULE_GROUP,
    WEB_ACL,
    Plan,
    own_ref,
    rule_name,
    visibility,
)
from connectors.aws.waf_target import WafTarget, acl_address, fingerprinted
from connectors.base.enforcement import OWNERSHIP_PREFIX, Program, State, Target, VendorObject
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

_ORDER: Final = (BlockAction.COUNT, BlockAction.BLOCK, BlockAction.CHALLENGE, BlockAction.RATE_LIMIT)

_VIEWERS: Final = (
    "Behind CloudFront a rule sees the host and path that callers use at the distribution, which can differ from the API's "
    "own: block those."
)


def compile_intents(intents: Sequence[BlockIntent], target: Target, state: State, name: str) -> Program:
    """The desired objects on ``target`` and each intent's outcome. ``name`` is our rule group's name there."""
    plan = Plan(name, acl_address(target.ref).scope, _capacity(state, name))
    outcomes: dict[str, Compiled] = {}
    ordered = sorted(intents, key=lambda intent: intent.id)
    for action in _ORDER:
        same = [intent for intent in ordered if intent.action is action]
        plain = [intent for intent in same if _only_networks(intent)]
        outcomes |= _shared(plan, plain, action, target)
        shared = {intent.id for intent in plain}
        for intent in same:
            if intent.id not in shared:
                outcomes[intent.id] = _single(plan, intent, target)
    ahead = _allowing_ahead(state, target, name)
    final = tuple(_judged(outcomes[intent.id], target, state, ahead) for intent in intents)
    return Program(target, tuple(_objects(plan, target, state)), final)


def _only_networks(intent: BlockIntent) -> bool:
    match = intent.match
    limited = intent.action is BlockAction.RATE_LIMIT or intent.rate is not None
    return bool(match.networks) and match == Match(networks=match.networks) and not limited


def _shared(
    plan: Plan, intents: Sequence[BlockIntent], action: BlockAction, target: Target
) -> dict[str, Compiled]:
    outcomes: dict[str, Compiled] = {}
    networks: list[IPNetwork] = []
    for intent in intents:
        if any(network.prefixlen == 0 for network in intent.match.networks):
            outcomes[intent.id] = _refused(intent, target, "WAF takes no /0: it would match every address.")
        else:
            networks += intent.match.networks
    if networks:
        mark = len(plan.sets)
        names = plan.add_sets(f"{plan.name}-{action.value}", networks)
        try:
            plan.add(_ORDER.index(action), f"{plan.name}-{action.value}-addresses", any_ip_set(names), action)
        except Inexpressible as reason:
            del plan.sets[mark:]
            return {intent.id: _refused(intent, target, str(reason)) for intent in intents}
    for intent in intents:
        if intent.id not in outcomes:
            price = f"{len(intent.match.networks)} of {IP_SET_ADDRESSES:,} addresses"
            outcomes[intent.id] = Compiled(intent.id, Exactness.EXACT, (), _coverage(target), price)
    return outcomes


def _single(plan: Plan, intent: BlockIntent, target: Target) -> Compiled:
    mark = len(plan.sets)
    try:
        if any(network.prefixlen == 0 for network in intent.match.networks):
            raise Inexpressible("WAF takes no /0: it would match every address.")
        coverage, notes, exactness = _match_coverage(intent.match, target)
        sets = plan.add_sets(
            f"{plan.name}-{rule_name(intent.id)[len(OWNERSHIP_PREFIX) + 1 :]}", intent.match.networks
        )
        statement = match_statement(intent.match, sets)
        if intent.action is BlockAction.RATE_LIMIT:
            rate, rate_notes = _rate(intent.rate)
            statement = {"RateBasedStatement": {**rate, "ScopeDownStatement": statement}}
            notes, exactness = (*notes, *rate_notes), Exactness.APPROXIMATED
        if intent.action is BlockAction.CHALLENGE:
            notes = (*notes, "Only browsers can solve a challenge; other clients are stopped.")
        if intent.match.path_templates:
            notes = (*notes, "The path is compared as sent and also after decoding and normalising it.")
        price = plan.add(_ORDER.index(intent.action), rule_name(intent.id), statement, intent.action)
    except Inexpressible as reason:
        del plan.sets[mark:]
        return _refused(intent, target, str(reason))
    return Compiled(intent.id, exactness, notes, coverage, f"{price} of {plan.capacity} WCU")


def _match_coverage(match: Match, target: Target) -> tuple[Coverage, tuple[str, ...], Exactness]:
    """Where the rule can match. CloudFront compares host and path as the viewer sent them, which are not the origin's."""
    coverage, notes, exactness = _fingerprint_coverage(match, target)
    fronted = set(target.fronted if isinstance(target, WafTarget) else ()) & set(coverage.covered)
    if not fronted or not (match.hosts or match.path_templates):
        return coverage, notes, exactness
    covered = tuple(ref for ref in coverage.covered if ref not in fronted)
    uncovered = (*((ref, _VIEWERS) for ref in sorted(fronted)), *coverage.uncovered)
    return Coverage(covered, uncovered), (*notes, _VIEWERS), Exactness.APPROXIMATED


def _fingerprint_coverage(match: Match, target: Target) -> tuple[Coverage, tuple[str, ...], Exactness]:
    """WAF computes TLS fingerprints only for CloudFront and load balancers (API reference, JA4Fingerprint)."""
    coverage = _coverage(target)
    if not match.ja4 or acl_address(target.ref).scope == "CLOUDFRONT" or not target.service_refs:
        return coverage, (), Exactness.EXACT
    able, unable = fingerprinted(target.service_refs)
    if not able:
        raise Inexpressible(
            "WAF computes no TLS fingerprint for API Gateway stages, so the rule would never match. "
            "Block by address or header, or push it to a CloudFront web ACL in front."
        )
    reason = "WAF computes no TLS fingerprint here."
    uncovered = (*((ref, reason) for ref in unable), *coverage.uncovered)
    exactness = Exactness.APPROXIMATED if unable else Exactness.EXACT
    return Coverage(tuple(able), uncovered), ((reason,) if unable else ()), exactness


def _rate(spec: RateLimitSpec | None) -> tuple[dict[str, Any], tuple[str, ...]]:
    if spec is None or spec.limit < 1 or spec.window_seconds < 1:
        raise Inexpressible("A rate limit needs a number of requests and a window.")
    per_second = spec.limit / spec.window_seconds
    windows = [window for window in RATE_WINDOWS if window >= spec.window_seconds] or [RATE_WINDOWS[-1]]
    notes = ["WAF counts over a sliding window and reacts within about half a minute."]
    for window in windows:
        limit = spec.limit if window == spec.window_seconds else round(per_second * window)
        if RATE_LIMITS[0] <= limit <= RATE_LIMITS[1]:
            break
    else:
        raise Inexpressible(
            f"WAF limits no fewer than {RATE_LIMITS[0]} requests in {RATE_WINDOWS[-1]} seconds; "
            f"{spec.limit} in {spec.window_seconds} s is less."
        )
    if window != spec.window_seconds:
        notes.append(
            f"WAF's windows are {', '.join(map(str, RATE_WINDOWS))} seconds: {spec.limit} in {spec.window_seconds} s "
            f"becomes {limit} in {window} s."
        )
    return {"Limit": limit, "EvaluationWindowSec": window, "AggregateKeyType": "IP"}, tuple(notes)


def _coverage(target: Target) -> Coverage:
    return Coverage(target.service_refs, target.out_of_reach if isinstance(target, WafTarget) else ())


def _refused(intent: BlockIntent, target: Target, reason: str) -> Compiled:
    uncovered = tuple((ref, reason) for ref in target.service_refs)
    return Compiled(intent.id, Exactness.REFUSED, (reason,), Coverage((), uncovered))


def _judged(outcome: Compiled, target: Target, state: State, ahead: Sequence[str]) -> Compiled:
    """The outcome with what the web ACL itself does to it: rules that let requests pass before ours."""
    if outcome.exactness is Exactness.REFUSED or not ahead:
        return outcome
    reason = f"Requests allowed by {', '.join(ahead)} pass before our rules are reached."
    return Compiled(
        outcome.intent_id, Exactness.APPROXIMATED, (*outcome.reasons, reason), outcome.coverage, outcome.cost
    )


def _objects(plan: Plan, target: Target, state: State) -> list[VendorObject]:
    if not plan.rules:
        return []
    rules = [
        {**rule, "Priority": number}
        for number, (_, rule) in enumerate(sorted(plan.rules, key=lambda entry: (entry[0], entry[1]["Name"])))
    ]
    group = {
        "Name": plan.name,
        "Scope": plan.scope,
        "Capacity": plan.capacity,
        "Description": DESCRIPTION,
        "Rules": rules,
        "VisibilityConfig": visibility(plan.name),
    }
    reference = {
        "Name": plan.name,
        "Priority": _priority(state, plan.name),
        "Statement": {
            "RuleGroupReferenceStatement": {"ARN": f"{OWN_REFERENCE}{own_ref(RULE_GROUP, plan.name)}"}
        },
        "OverrideAction": {"None": {}},
        "VisibilityConfig": visibility(plan.name),
    }
    return [
        *plan.sets,
        VendorObject(RULE_GROUP, own_ref(RULE_GROUP, plan.name), plan.name, group),
        VendorObject(REFERENCE, target.ref, plan.name, {"WebACLArn": target.ref, "Rule": reference}),
    ]


def _capacity(state: State, name: str) -> int:
    """A rule group's capacity is fixed when it is made, so an existing one's counts."""
    for entry in state.objects:
        if entry.kind == RULE_GROUP and entry.name == name:
            return int(entry.document["Capacity"])
    return GROUP_CAPACITY


def _foreign_rules(state: State) -> list[dict[str, Any]]:
    for entry in state.foreign:
        if entry.kind == WEB_ACL:
            return list(entry.document.get("Rules") or ())
    return []


def _priority(state: State, name: str) -> int:
    """Our reference's priority: unchanged when it exists, else the smallest free one. Foreign rules never move."""
    for entry in state.objects:
        if entry.kind == REFERENCE and entry.name == name:
            return int(entry.document["Rule"]["Priority"])
    taken = {int(rule["Priority"]) for rule in _foreign_rules(state)}
    return next(number for number in range(len(taken) + 1) if number not in taken)


def _allowing_ahead(state: State, target: Target, name: str) -> list[str]:
    """Names of the customer's allowing rules that are evaluated before our reference."""
    priority = _priority(state, name)
    return [
        str(rule["Name"])
        for rule in _foreign_rules(state)
        if int(rule["Priority"]) < priority and rule.get("Action") == "allow"
    ]
