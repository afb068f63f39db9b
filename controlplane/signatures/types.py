"""Typed values of the signature engine: a request's parts going in, hits coming out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Severity = Literal["info", "low", "medium", "high", "critical"]
Verdict = Literal["attack", "benign"]

DEFAULT_THRESHOLD = 50.0
"""Request score (0..100) from which `verdict` says attack."""


@dataclass(frozen=True, slots=True)
class RequestParts:
    """One request as far as the source knows it; empty means absent or not recorded.

    `query` is raw (still percent-encoded, without the question mark); `headers` are (name, value) pairs.
    """

    method: str = "GET"
    path: str = "/"
    query: str = ""
    headers: tuple[tuple[str, str], ...] = ()
    body: str | bytes | None = None
    content_type: str | None = None


@dataclass(frozen=True, slots=True)
class Field:
    """One named piece of a request that rules look at.

    `place` is the kind of field rules select by (query, body, path, cookie, ...), `name` what a person reads
    (`query.q`, `body.user.name`), `value` the text after the transport's own decoding.
    """

    place: str
    name: str
    value: str


@dataclass(frozen=True, slots=True)
class Hit:
    """One rule that matched one field; `score` is 0..100, `value_excerpt` is masked and at most 80 characters."""

    rule_id: str
    pack: str
    attack_class: str
    severity: Severity
    score: int
    field: str
    value_excerpt: str
    reason: str


def request_score(hits: list[Hit]) -> float:
    """Grade of a request, 0..100: independent hits add up as 1 - prod(1 - score), the best one per rule."""
    best: dict[str, int] = {}
    for hit in hits:
        best[hit.rule_id] = max(best.get(hit.rule_id, 0), hit.score)
    rest = 1.0
    for score in best.values():
        rest *= 1.0 - score / 100.0
    return round(100.0 * (1.0 - rest), 2)


def verdict(hits: list[Hit], threshold: float = DEFAULT_THRESHOLD) -> Verdict:
    """`attack` when the request score reaches the threshold (0..100)."""
    return "attack" if request_score(hits) >= threshold else "benign"
