"""What all positions of a host say together: continuations below nodes, and how alike they are.

A *continuation* is what may follow a node: the rest of a path with the method at its end
(`{}/labels/GET`), parameters guessed by spelling. Continuations are compared at three resolutions
(first segment, first two, all) with Good-Turing back-off, so sparse traffic still says something.
"""

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Final

from connectors.base.calls import UNKNOWN_METHOD

from .segments import literal_score
from .trie import Node

PROFILE_DEPTH: Final = 4
PROFILE_SIZE: Final = 200
PLAIN_GAIN: Final = 1.5
"""Most that continuations without any literal (`GET`, `{}/PUT`) can say for a value: siblings share them anyway."""
SILENT_METHODS: Final = frozenset({"OPTIONS", "HEAD", "TRACE", "CONNECT", UNKNOWN_METHOD})
"""Methods that repeat or ask about another operation, or are not known: endpoints only where declared."""


@lru_cache(maxsize=131_072)
def _resolutions(token: str) -> tuple[str, str, str]:
    """A continuation at three resolutions: its first segment, its first two, all of it."""
    parts = token.split("/", 2)
    if len(parts) == 1:
        return token, token, token
    if len(parts) == 2:
        return parts[0] + "/", token, token
    return parts[0] + "/", f"{parts[0]}/{parts[1]}/", token


@dataclass(slots=True)
class Pool:
    """Continuations of the children held to be values, counted at three resolutions."""

    counts: tuple[dict[str, float], dict[str, float], dict[str, float]] = field(
        default_factory=lambda: ({}, {}, {})
    )
    size: float = 0.0

    def add(self, profile: Mapping[str, float]) -> "Pool":
        """Add a child's continuations; returns the pool."""
        first, second, whole = self.counts
        for token, count in profile.items():
            self.size += count
            one, two, all_ = _resolutions(token)
            first[one] = first.get(one, 0.0) + count
            second[two] = second.get(two, 0.0) + count
            whole[all_] = whole.get(all_, 0.0) + count
        return self

    def join(self, other: "Pool") -> None:
        """Add another pool."""
        self.size += other.size
        for mine, theirs in zip(self.counts, other.counts, strict=True):
            for part, count in theirs.items():
                mine[part] = mine.get(part, 0.0) + count

    def novelty(self) -> list[float]:
        """Good-Turing estimate per resolution of the chance that the next continuation is a new one."""
        size = max(self.size, 0.0) + 2
        return [
            min(0.9, (sum(0.5 < count < 1.5 for count in level.values()) + 1) / size) for level in self.counts
        ]


@dataclass(slots=True)
class Evidence:
    """Host-wide evidence shared by all positions."""

    base: Pool
    profiles: dict[int, Counter[str]]
    verdicts: Counter[tuple[str, str]] = field(default_factory=Counter)
    pools: dict[str, Pool] = field(default_factory=dict)
    next_verdicts: Counter[tuple[str, str]] = field(default_factory=Counter)
    next_pools: dict[str, Pool] = field(default_factory=dict)

    def advance(self) -> None:
        """Make the verdicts of the last pass the evidence of the next."""
        self.verdicts, self.next_verdicts = self.next_verdicts, Counter()
        self.pools, self.next_pools = self.next_pools, {}


def survey(root: Node) -> Evidence:
    """Profiles of all live nodes of a host and how common each continuation is."""
    evidence = Evidence(Pool(), {})
    _profile(root, evidence)
    return evidence


def _profile(node: Node, evidence: Evidence) -> Counter[str]:
    """Continuations below a node, `METHOD` at the end, guessing parameters by spelling."""
    result: Counter[str] = Counter()
    for method, tally in node.methods.items():
        if tally.positive and method not in SILENT_METHODS:
            result[method] += tally.positive
    for key, child in node.children.items():
        if not child.weight:
            continue
        below = _profile(child, evidence)
        head = key if literal_score(key) > 0 else "{}"
        for token, count in below.items():
            parts = token.split("/", PROFILE_DEPTH)
            result["/".join([head, *parts[:PROFILE_DEPTH]])] += count
    if len(result) > PROFILE_SIZE:
        result = Counter(dict(sorted(result.items(), key=lambda item: (-item[1], item[0]))[:PROFILE_SIZE]))
    evidence.profiles[id(node)] = result
    evidence.base.add(dict.fromkeys(result, 1.0))
    return result


def joined(nodes: Iterable[Node], evidence: Evidence) -> Counter[str]:
    """Continuations below several nodes together."""
    result: Counter[str] = Counter()
    for node in nodes:
        result.update(evidence.profiles[id(node)])
    return result


def damped(profile: Mapping[str, int]) -> dict[str, float]:
    """Counts on a logarithmic scale: a busy child weighs little more than a quiet one."""
    return {token: 1 + math.log(count) for token, count in profile.items()}


def likeness(
    own: Mapping[str, float], pool: Pool, minus: Pool | None, novelty: Sequence[float], evidence: Evidence
) -> float:
    """Log-likelihood ratio of a child's continuations: drawn from the pool of values (`minus` taken out), or its own."""
    size = pool.size - (minus.size if minus else 0.0)
    if size <= 0.01:
        return -1.0
    mass = sum(own.values())
    base, base_size = evidence.base.counts, evidence.base.size + 10
    score = plain = 0.0
    for token, count in own.items():
        ratio = common = 1.0
        for level, part in enumerate(_resolutions(token)):
            seen = pool.counts[level].get(part, 0.0)
            if minus and seen:
                seen -= minus.counts[level].get(part, 0.0)
            common = (base[level].get(part, 0.0) + 0.5) / base_size
            ratio = (1 - novelty[level]) * seen / size / common + novelty[level] * ratio
        gain = count * math.log(max(ratio, 1e-4) * common) - math.log(common)
        if count > 1:
            gain -= (count - 1) * math.log(count / mass)
        if token.count("/") == token.count("{}"):
            plain += gain
        else:
            score += gain
    score += min(plain, PLAIN_GAIN)
    return max(-4.0, min(8.0, score))
