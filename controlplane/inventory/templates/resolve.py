"""Deciding, position by position, which children of a trie node are literals and which are values.

Each spelled child starts with the log-odds of its spelling (`literal_score`), the segment before it
and its siblings. Its subtree is then compared with the subtrees of the children held to be values:
under one parameter all values lead on to the same operations, while literals have their own. The
comparison is a likelihood ratio against how common a continuation is on the whole host, so sharing
`/{}` proves little and sharing `/batch/archive` proves much. Two starting points are refined until
stable and the better one is kept.
"""

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from .declared import Declared
from .evidence import Evidence, Pool, damped, joined, likeness
from .segments import MARK, core_and_suffix, is_major_version, is_version, literal_score, word_kind
from .trie import Node, distinct_values

FEW_TEXTS: Final = 4
"""Up to so many different texts that evidence counts in full."""
CONCENTRATED: Final = 10
"""Calls per different text at a position from which on the texts look like literals."""
PURE_KINDS: Final = frozenset({"uuid", "int", "hash", "ulid", "email", "ip", "datetime"})
"""Kinds no ordinary word is mistaken for."""
IDENTIFIERS: Final = frozenset(
    {
        "id",
        "name",
        "slug",
        "key",
        "code",
        "handle",
        "username",
        "login",
        "email",
        "ref",
        "sha",
        "number",
        "hash",
        "uuid",
        "guid",
        "identifier",
        "sku",
    }
)
"""Last words of a literal after which a value is expected (`by_name/…`, `object-type-id/…`)."""


@dataclass(slots=True)
class Rule:
    """What follows a position: literal texts, and at most one parameter per fixed suffix."""

    literals: dict[str, "Rule"] = field(default_factory=dict)
    params: dict[str, "Rule"] = field(default_factory=dict)
    kinds: dict[str, Counter[str]] = field(default_factory=dict)
    distinct: dict[str, int] = field(default_factory=dict)


@dataclass(slots=True)
class _Place:
    """Context of a position: the last literal before it, with `/{}` per parameter since; declared routes."""

    before: str
    declared: Sequence[Declared]


def resolve(
    nodes: Sequence[Node],
    evidence: Evidence,
    before: str = "",
    declared: Sequence[Declared] = (),
) -> Rule:
    """Rule for the union of some subtrees that stand at the same position of a template."""
    children: dict[str, list[Node]] = {}
    for node in nodes:
        for key, child in node.children.items():
            if child.weight:
                children.setdefault(key, []).append(child)
    rule = Rule()
    if not children:
        return rule
    place = _Place(before, declared)
    values, literals = _divide(children, evidence, place)
    versions = [key for key in literals if is_version(key)]
    if versions:
        pooled = [node for key in versions for node in children[key]]
        shared = resolve(pooled, evidence, "", _after(declared, versions))
        for key in versions:
            rule.literals[key] = shared
    for key in literals:
        if key not in rule.literals:
            rule.literals[key] = resolve(
                children[key], evidence, _context_after(before, key), _after(declared, [key])
            )
    groups: dict[str, list[Node]] = {}
    for key in values:
        kind, suffix = kind_and_suffix(key)
        groups.setdefault(suffix, []).extend(children[key])
        weight = sum(node.weight for node in children[key])
        rule.kinds.setdefault(suffix, Counter())[kind] += weight
        rule.distinct[suffix] = rule.distinct.get(suffix, 0) + max(
            1, *(distinct_values(n.sketch) for n in children[key])
        )
    for suffix, group in groups.items():
        rule.params[suffix] = resolve(group, evidence, before + "/{}", _after(declared, [None]))
    _remember(evidence, before, children, values, literals)
    return rule


def _context_after(before: str, key: str) -> str:
    """Context after a literal: it and the literal before it, with the parameters between."""
    pieces = before.split("/")
    for index in range(len(pieces) - 1, -1, -1):
        if pieces[index] != "{}":
            return "/".join([*pieces[index:], key])
    return key


def _remember(
    evidence: Evidence,
    before: str,
    children: Mapping[str, list[Node]],
    values: Sequence[str],
    literals: Sequence[str],
) -> None:
    """Keep this position's verdicts for the next pass: by context, and by text wherever it stands."""
    pool = evidence.next_pools.setdefault(before, Pool())
    for key in values:
        evidence.next_verdicts[before, key] -= 1
        evidence.next_verdicts[before, ""] -= 1
        evidence.next_verdicts["*", key] -= 1
        pool.add(damped(joined(children[key], evidence)))
    for key in literals:
        evidence.next_verdicts[before, key] += 1
        evidence.next_verdicts[before, MARK] += 1
        evidence.next_verdicts["*", key] += 1


def _after(declared: Sequence[Declared], keys: Sequence[str | None]) -> list[Declared]:
    return [below for spot in declared for key in keys for below in spot.below(key)]


def kind_and_suffix(key: str) -> tuple[str, str]:
    """Value kind of a child key and the fixed text after it."""
    if not key.startswith(MARK):
        core, suffix = core_and_suffix(key)
        return word_kind(core), suffix
    body = key[1:]
    for position, char in enumerate(body):
        if char in ".:":
            return body[:position], body[position:]
    return body, ""


def _divide(
    children: Mapping[str, list[Node]], evidence: Evidence, place: _Place
) -> tuple[list[str], list[str]]:
    """Split child keys into values and literals."""
    strong = [key for key in children if key.startswith(MARK) and not key.startswith(MARK + "call")]
    fixed = [key for key in children if key.startswith(MARK + "call")]
    spelled = sorted(key for key in children if not key.startswith(MARK))
    versions = [key for key in spelled if is_version(key)]
    spelled = [key for key in spelled if key not in set(versions)]
    if versions:
        (fixed if _versions_literal(versions, children, place, strong) else strong).extend(versions)
    if not spelled:
        return strong, fixed
    profiles = {key: joined(children[key], evidence) for key in [*strong, *spelled]}
    priors = _priors(spelled, strong, children, evidence, place)
    best: tuple[float, set[str]] | None = None
    starts = [{key for key in spelled if priors[key] < 0}, set(spelled)]
    if starts[0] == starts[1]:
        starts.pop()
    for start in starts:
        chosen, score = _refine(start, spelled, strong, priors, profiles, evidence, place)
        if best is None or score > best[0] + 1e-9:
            best = (score, chosen)
    assert best is not None
    values = best[1]
    return strong + sorted(values), fixed + [key for key in spelled if key not in values]


def _versions_literal(
    versions: list[str], children: Mapping[str, list[Node]], place: _Place, strong: list[str]
) -> bool:
    """Whether version-like children name API versions, not a resource's versions or dates."""
    if place.before.rstrip("s") in {"version", "release", "tag", "revision", "date", "day"}:
        return False
    if all(is_major_version(key) for key in versions):
        return len(versions) <= 12
    calls = sum(node.weight for key in versions for node in children[key])
    if strong and place.before.endswith("{}"):
        return False
    leads_on = any(node.children for key in versions for node in children[key])
    return len(versions) <= 4 and (calls >= 4 * len(versions) or leads_on)


def _priors(
    spelled: list[str],
    strong: list[str],
    children: Mapping[str, list[Node]],
    evidence: Evidence,
    place: _Place,
) -> dict[str, float]:
    """Log-odds of literal for each spelled child before subtrees are compared."""
    scores = {key: literal_score(key) for key in spelled}
    context = _context(place, evidence)
    if strong:
        weight = sum(node.weight for key in strong for node in children[key])
        pure = sum(n.weight for key in strong if kind_and_suffix(key)[0] in PURE_KINDS for n in children[key])
        context += (1.5 * pure / weight - 0.7 * (1 - pure / weight)) * weight / (weight + 3)
    total = sum(scores.values())
    count = len(spelled)
    context += _concentration(spelled, strong, children)
    result = {}
    for key in spelled:
        others = (total - scores[key]) / max(1, count - 1)
        shrink = (count - 1) / (count + 2)
        stated = 9.0 if any(key in spot.literals for spot in place.declared) else 0.0
        if not stated and any(spot.parameter() for spot in place.declared):
            stated = -1.5
        if any(is_version(below) for node in children[key] for below in node.children):
            stated += 2.0
        verdict = evidence.verdicts[place.before, key]
        elsewhere = evidence.verdicts["*", key] - verdict
        stated += max(-1.5, min(1.5, 0.5 * verdict)) + max(-2.0, min(1.0, elsewhere))
        result[key] = stated + scores[key] + context + 0.5 * max(-2.0, min(2.0, others)) * shrink
    return result


def _concentration(spelled: list[str], strong: list[str], children: Mapping[str, list[Node]]) -> float:
    """Log-odds of literal from diversity: much traffic through few texts is no parameter's."""
    calls = sum(node.weight for key in spelled for node in children[key])
    texts = len(spelled) + sum(distinct_values(node.sketch) for key in strong for node in children[key])
    return max(0.0, min(2.5, 0.7 * math.log(calls / (CONCENTRATED * texts)))) * min(1.0, FEW_TEXTS / texts)


def _context(place: _Place, evidence: Evidence) -> float:
    """Log-odds of literal from what stands before, by grammar and by this host's other such positions."""
    before = place.before
    if before == "":
        return 2.0
    if before.endswith("{}"):
        score = 1.2
    elif before.rpartition("/")[2].replace("-", "_").lower().rpartition("_")[2] in IDENTIFIERS:
        score = -1.2
    elif len(before) > 3 and before.endswith("s") and not before.endswith("ss"):
        score = -0.8
    else:
        score = 0.4
    values, literals = -evidence.verdicts[before, ""], evidence.verdicts[before, MARK]
    return score + 2.0 * (literals - values) / (literals + values + 3)


def _refine(
    start: set[str],
    spelled: list[str],
    strong: list[str],
    priors: Mapping[str, float],
    profiles: Mapping[str, Counter[str]],
    evidence: Evidence,
    place: _Place,
) -> tuple[set[str], float]:
    """Move children between values and literals until stable; the assignment and its score."""
    values = set(start)
    alike: dict[str, float] = {}
    elsewhere = evidence.pools.get(place.before)
    logs = {key: damped(profile) for key, profile in profiles.items()}
    own = {key: Pool().add(profile) for key, profile in logs.items()}
    by_context = (
        {key: likeness(logs[key], elsewhere, None, elsewhere.novelty(), evidence) for key in spelled}
        if elsewhere is not None
        else {}
    )
    for _ in range(4):
        here = Pool()
        for key in [*strong, *sorted(values)]:
            here.join(own[key])
        novelty = here.novelty()
        moved = set()
        for key in spelled:
            minus = own[key] if key in values else None
            alike[key] = likeness(logs[key], here, minus, novelty, evidence)
            if key in by_context:
                alike[key] = max(alike[key], by_context[key])
            if alike[key] > priors[key]:
                moved.add(key)
        if moved == values:
            break
        values = moved
    return values, sum(alike[key] - priors[key] for key in values)
