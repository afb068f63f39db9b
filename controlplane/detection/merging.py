"""One piece of evidence per actor, detector, attack class and bucket: several endpoints become one story."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from typing import Final

from controlplane.detection.types import Evidence

_MOST_IDS: Final = 5000
_MOST_SUCCEEDED: Final = 500
_MOST_ENDPOINTS: Final = 20


def merged(pieces: Iterable[Evidence]) -> list[Evidence]:
    """The pieces with those of one actor, detector, class and bucket made one: the strongest one's points and sentence."""
    groups: dict[tuple[str, str, str, str, int], list[Evidence]] = defaultdict(list)
    for piece in pieces:
        key = (piece.actor_kind.value, piece.actor_key, piece.detector, piece.attack_class, piece.bucket)
        groups[key].append(piece)
    return [group[0] if len(group) == 1 else _one(group) for group in groups.values()]


def _one(group: list[Evidence]) -> Evidence:
    best = max(group, key=lambda piece: (piece.points, piece.requests))
    others = len(group) - 1
    return Evidence(
        detector=best.detector,
        attack_class=best.attack_class,
        actor_kind=best.actor_kind,
        actor_key=best.actor_key,
        addresses=tuple(sorted({address for piece in group for address in piece.addresses})),
        bucket=best.bucket,
        first_ts=min(piece.first_ts for piece in group),
        last_ts=max(piece.last_ts for piece in group),
        points=best.points,
        confidence=max(piece.confidence for piece in group),
        requests=sum(piece.requests for piece in group),
        succeeded=sum(piece.succeeded for piece in group),
        endpoints=_joined([best.endpoints, *(piece.endpoints for piece in group)], _MOST_ENDPOINTS),
        sentence=f"{best.sentence} The same at {others} more endpoint{'s' if others > 1 else ''}.",
        call_ids=_joined([piece.call_ids for piece in group], _MOST_IDS),
        succeeded_ids=_joined([piece.succeeded_ids for piece in group], _MOST_SUCCEEDED),
    )


def _joined(lists: list[tuple[str, ...]], most: int) -> tuple[str, ...]:
    return tuple(dict.fromkeys(value for values in lists for value in values))[:most]
