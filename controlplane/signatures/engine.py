"""Evaluate rules on one request: a linear-time pattern set per transform chain, then exact confirmation."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import pyarrow as pa
import re2  # type: ignore[import-untyped, unused-ignore]

from .batch import BatchHits, evaluate_table
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
_PLAIN = re.compile(r"[A-Za-z0-9_-]{0,40}\Z")
_DULL = re.compile(
    r"(?:[0-9a-fA-F]{1,40}|[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}|-?\d{1,12}(?:\.\d{1,6})?|true|false)\Z"
)


@dataclass(frozen=True, slots=True)
class _Group:
    """Rules of one transform chain, compiled into one pattern set; `owners[i]` is (rule, its i-th pattern)."""

    transforms: tuple[str, ...]
    places: frozenset[str]
    plain: bool
    matcher: Any
    owners: tuple[tuple[Rule, Any], ...]


def _group(transforms: tuple[str, ...], plain: bool, rules: list[Rule]) -> _Group:
    options = re2.Options()
    options.max_mem = 64 << 20
    matcher = re2.Set.SearchSet(options)
    owners = []
    for rule in rules:
        for pattern in rule.patterns:
            matcher.Add(pattern)
            owners.append((rule, re2.compile(pattern)))
    matcher.Compile()
    places = frozenset().union(*(rule.places for rule in rules))
    return _Group(transforms, places, plain, matcher, tuple(owners))


class Engine:
    """Compiled rule packs. Immutable after construction; share one per process (`Engine.load()`)."""

    def __init__(self, rules: list[Rule]) -> None:
        """Compile `rules`, some ten milliseconds; the gate of the batch path compiles on first use (1-2 s)."""
        self.rules = tuple(rules)
        chains: dict[tuple[tuple[str, ...], bool, frozenset[str]], list[Rule]] = {}
        for rule in rules:
            chains.setdefault((rule.transforms, rule.plain, rule.places), []).append(rule)
        groups = [_group(names, plain, members) for (names, plain, _), members in chains.items()]
        every = {place for group in groups for place in group.places}
        self._groups = {place: [g for g in groups if place in g.places] for place in every}
        self._plain_groups = {place: [g for g in groups if place in g.places and g.plain] for place in every}
        self._gate: Gate | None = None
        self._constant: dict[tuple[str, str], list[Hit]] = {}

    @staticmethod
    def load() -> Engine:
        """The engine over the shipped packs, compiled once per process."""
        return _shipped()

    def evaluate(self, parts: RequestParts) -> list[Hit]:
        """Hits of one request, strongest first, at most `MAX_HITS`."""
        hits: list[Hit] = []
        for field in split(parts):
            hits.extend(self.evaluate_field(field))
        hits.sort(key=lambda hit: -hit.score)
        return hits[:MAX_HITS]

    def evaluate_field(self, field: Field) -> list[Hit]:
        """Hits of one field."""
        value = field.value
        if not value.isascii():
            value = value.encode("utf-8", "replace").decode("utf-8")
        if _DULL.match(value):
            return []
        groups = self._plain_groups if _PLAIN.match(value) else self._groups
        hits: list[Hit] = []
        memo: dict[tuple[str, ...], str] = {}
        prose: bool | None = None
        for group in groups.get(field.place, ()):
            view = apply(value, group.transforms, memo)
            matched = group.matcher.Match(view.encode()) if view else None
            for index in sorted(matched) if matched else ():
                rule, pattern = group.owners[index]
                reason = CHECKS[rule.check](view) if rule.check else rule.title
                if reason is None or any(hit.rule_id == rule.id for hit in hits):
                    continue
                score = rule.score
                if not rule.in_prose:
                    prose = is_prose(value) if prose is None else prose
                    score = max(1, int(score * PROSE_FACTOR)) if prose else score
                found = pattern.search(view)
                span = found.span() if found else (0, len(view))
                hits.append(
                    Hit(rule.id, rule.pack, rule.attack_class, rule.severity, score, field.name,
                        masked_excerpt(view, *span), reason)
                )  # fmt: skip
        return hits

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
        if self._gate is None:
            self._gate = Gate(self.rules)
        return evaluate_table(self, self._gate, table)


@lru_cache(maxsize=1)
def _shipped() -> Engine:
    return Engine(load_packs())
