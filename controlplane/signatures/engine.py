"""Evaluate rules on one request: a linear-time pattern set per transform chain, then exact confirmation."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import pyarrow as pa
import re2  # type: ignore[import-untyped, unused-ignore]

from .batch import BatchHits, DistinctHits, FieldHits, evaluate_distinct, evaluate_table
from .checks import CHECKS
from .excerpt import masked_excerpt
from .fields import split
from .gate import Gate
from .packs import Rule, load_packs
from .prose import is_prose
from .transforms import apply
from .types import Field, Hit, RequestParts

MAX_HITS = 50
"""Hits kept per request."""
PROSE_FACTOR = 0.35
"""Weight left to a rule with `prose: false` inside running text."""
MAX_CONSTANTS = 16_384
"""Distinct methods and user agents whose hits are kept."""
MAX_KNOWN = 100_000
"""Distinct fields of a batch whose hits are kept."""
_CONSTANT_PLACES = frozenset(("method", "user_agent"))
_PLAIN = re.compile(r"[A-Za-z0-9_-]{0,40}\Z")
_DULL = re.compile(
    r"(?:[0-9a-fA-F]{1,40}|[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}|-?\d{1,12}(?:\.\d{1,6})?|true|false)\Z"
)


@dataclass(frozen=True, slots=True)
class _Group:
    """Rules of one transform chain, compiled into one pattern set; `owners[i]` is (rank, rule, its i-th pattern)."""

    transforms: tuple[str, ...]
    places: frozenset[str]
    matcher: Any
    owners: tuple[tuple[int, Rule, Any], ...]


def _options() -> Any:
    """Enough memory for the automaton of the largest pattern; what exceeds it falls back to a slower one, silently."""
    options = re2.Options()
    options.max_mem = 64 << 20
    options.log_errors = False
    return options


def _group(transforms: tuple[str, ...], ranked: list[tuple[int, Rule]]) -> _Group:
    matcher = re2.Set.SearchSet(_options())
    owners = []
    for rank, rule in ranked:
        for pattern in rule.patterns:
            matcher.Add(pattern)
            owners.append((rank, rule, re2.compile(pattern, _options())))
    matcher.Compile()
    places = frozenset().union(*(rule.places for _, rule in ranked))
    return _Group(transforms, places, matcher, tuple(owners))


def _by_place(ranked: list[tuple[int, Rule]]) -> dict[str, tuple[_Group, ...]]:
    """The groups that read each place: one per transform chain, whatever else its rules read."""
    chains: dict[tuple[str, ...], list[tuple[int, Rule]]] = {}
    for rank, rule in ranked:
        chains.setdefault(rule.transforms, []).append((rank, rule))
    groups = [_group(transforms, members) for transforms, members in chains.items()]
    every = {place for group in groups for place in group.places}
    return {place: tuple(group for group in groups if place in group.places) for place in every}


def _ranked(rules: list[Rule]) -> list[tuple[int, Rule]]:
    """Rules by the rank of their hits among hits of the same score: rules of like kind stand together."""
    kinds: dict[tuple[tuple[str, ...], bool, frozenset[str]], list[Rule]] = {}
    for rule in rules:
        kinds.setdefault((rule.transforms, rule.plain, rule.places), []).append(rule)
    return list(enumerate(rule for members in kinds.values() for rule in members))


class Engine:
    """Compiled rule packs. Immutable after construction; share one per process (`Engine.load()`)."""

    def __init__(self, rules: list[Rule]) -> None:
        """Compile `rules`, some ten milliseconds; the gate of the batch path compiles on first use (1-2 s)."""
        self.rules = tuple(rules)
        ranked = _ranked(rules)
        self._groups = _by_place(ranked)
        self._plain_groups = _by_place([(rank, rule) for rank, rule in ranked if rule.plain])
        self._gate: Gate | None = None
        self._constant: dict[tuple[str, str], list[Hit]] = {}

    @staticmethod
    def load() -> Engine:
        """The engine over the shipped packs, compiled once per process."""
        return _shipped()

    def evaluate(
        self, parts: RequestParts, known: FieldHits | None = None, excerpts: bool = True
    ) -> list[Hit]:
        """Hits of one request, strongest first, at most `MAX_HITS`.

        `known` (one per batch, it holds values in clear) keeps the hits of fields that requests share; without
        `excerpts` that of each hit is empty.
        """
        hits: list[Hit] = []
        for field in split(parts):
            if known is None:
                hits.extend(self.evaluate_field(field, excerpts))
                continue
            if field.place in _CONSTANT_PLACES:
                hits.extend(self.constant_field_hits(field))
                continue
            key = (field.place, field.name, field.value)
            found = known.get(key)
            if found is None:
                if len(known) >= MAX_KNOWN:
                    known.clear()
                found = known[key] = self.evaluate_field(field, excerpts)
            hits.extend(found)
        hits.sort(key=lambda hit: -hit.score)
        return hits[:MAX_HITS]

    def evaluate_field(self, field: Field, excerpts: bool = True) -> list[Hit]:
        """Hits of one field."""
        value = field.value
        if not value.isascii():
            value = value.encode("utf-8", "replace").decode("utf-8")
        if _DULL.match(value):
            return []
        groups = self._plain_groups if _PLAIN.match(value) else self._groups
        found: dict[int, Hit] = {}
        memo: dict[tuple[str, ...], str] = {}
        prose: bool | None = None
        for group in groups.get(field.place, ()):
            view = apply(value, group.transforms, memo)
            matched = group.matcher.Match(view.encode()) if view else None
            for index in sorted(matched) if matched else ():
                rank, rule, pattern = group.owners[index]
                if rank in found or field.place not in rule.places:
                    continue
                reason = CHECKS[rule.check](view) if rule.check else rule.title
                if reason is None:
                    continue
                if not rule.in_prose and prose is None:
                    prose = is_prose(value)
                weak = prose and not rule.in_prose
                excerpt = ""
                if excerpts:
                    span = pattern.search(view)
                    excerpt = masked_excerpt(view, *(span.span() if span else (0, len(view))))
                found[rank] = Hit(
                    rule.id, rule.pack, rule.attack_class, rule.severity,
                    max(1, int(rule.score * PROSE_FACTOR)) if weak else rule.score, field.name,
                    excerpt, reason,
                )  # fmt: skip
        return [found[rank] for rank in sorted(found)]

    def constant_field_hits(self, field: Field) -> list[Hit]:
        """Hits of a field whose values repeat across requests and are no secrets (method, user agent); cached."""
        key = (field.place, field.value)
        known = self._constant.get(key)
        if known is None:
            if len(self._constant) >= MAX_CONSTANTS:
                self._constant.clear()
            known = self._constant[key] = self.evaluate_field(field)
        return known

    def evaluate_batch(self, table: pa.Table) -> BatchHits:
        """Hits per row of a table with columns method, path, query, user_agent and optionally headers_json, body.

        Columns are strings; nulls mean unknown. Rows the gate lets pass have no hits. See `BatchHits`.
        """
        return evaluate_table(self, self.gate(), table)

    def evaluate_distinct(self, table: pa.Table) -> DistinctHits:
        """The same with equal requests once and no excerpts: for callers that need no row per hit."""
        return evaluate_distinct(self, self.gate(), table, excerpts=False)

    def gate(self) -> Gate:
        """The first stage of the batch path, compiled on first use."""
        if self._gate is None:
            self._gate = Gate(self.rules)
        return self._gate


@lru_cache(maxsize=1)
def _shipped() -> Engine:
    return Engine(load_packs())
