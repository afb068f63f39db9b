"""Attack payloads: requests whose decoded values hit signatures, grouped by who sent them.

Signatures of scanners, sensitive files and odd protocol use count towards scanning, not as attacks of their own.
"""

from __future__ import annotations

from collections import defaultdict
from typing import Any, Final

import pyarrow as pa
import pyarrow.compute as pc

from controlplane.detection.actors import Caller, caller_of
from controlplane.detection.classes import title_of
from controlplane.detection.types import Detector, Evidence

WINDOW_SECONDS: Final = 600
_THRESHOLD: Final = 50  # the signature engine's own threshold of an attack
_CERTAIN: Final = 80
_SEVERAL: Final = 3
_MOST_LOW: Final = 20
_MOST_RECON: Final = 15
_RECON: Final = frozenset({"scanner", "sensitive-file", "protocol"})


def detect(calls: pa.Table) -> list[Evidence]:
    """One piece of evidence per caller, attack class and window."""
    flagged = calls.filter(pc.fill_null(pc.greater_equal(calls.column("signature_score"), _THRESHOLD), False))
    groups: dict[tuple[Caller, str, int], list[dict[str, Any]]] = defaultdict(list)
    width = WINDOW_SECONDS * 1_000_000
    for row in flagged.to_pylist():
        for attack_class in _classes_of(row):
            groups[(caller_of(row), attack_class, row["ts"] // width * width)].append(row)
    return [
        _evidence(caller, attack_class, bucket, rows)
        for (caller, attack_class, bucket), rows in groups.items()
    ]


def _classes_of(row: dict[str, Any]) -> set[str]:
    """The attack classes of a call's hits; recon only when nothing else was hit."""
    names = {name.partition(":")[0] for name in row["signatures"] or ()}
    return (names - _RECON) or ({"recon_scan"} if names else set())


def _points(attack_class: str, rows: int, best: int, through: int) -> int:
    if attack_class == "recon_scan":
        return min(_MOST_RECON, 5 + rows)
    if rows < _SEVERAL and best < _CERTAIN:
        return min(_MOST_LOW, 10 + 5 * rows)
    if rows < _SEVERAL:
        return 30 + 5 * bool(through)
    return min(49, 35 + rows) + (min(25, 10 + 3 * through) if through else 0)


def _evidence(caller: Caller, attack_class: str, bucket: int, rows: list[dict[str, Any]]) -> Evidence:
    through = [row for row in rows if (row["status"] or 500) < 400 and row["waf_action"] != "BLOCK"]
    best = max(row["signature_score"] for row in rows)
    return Evidence(
        detector="payload",
        attack_class=attack_class,
        actor_kind=caller.kind,
        actor_key=caller.key,
        addresses=tuple(sorted({row["client_ip"] for row in rows if row["client_ip"]})),
        bucket=bucket,
        first_ts=min(row["ts"] for row in rows),
        last_ts=max(row["ts"] for row in rows),
        points=_points(attack_class, len(rows), best, len(through)),
        confidence=min(0.99, best / 100 + 0.02 * len(rows)),
        requests=len(rows),
        succeeded=len(through),
        endpoints=tuple(dict.fromkeys(f"{row['method']} {row['template'] or row['path']}" for row in rows))[
            :10
        ],
        sentence=_sentence(attack_class, rows, len(through)),
        call_ids=tuple(row["call_id"] for row in rows[:5000]),
        succeeded_ids=tuple(row["call_id"] for row in through[:500]),
    )


def _sentence(attack_class: str, rows: list[dict[str, Any]], through: int) -> str:
    rules = sorted({name.partition(":")[2] for row in rows for name in row["signatures"] or ()})[:4]
    what = "marks of a scanner" if attack_class == "recon_scan" else f"payloads of {title_of(attack_class)}"
    return f"{len(rows)} requests carried {what} ({', '.join(rules)}); {through} of them were answered with success."


DETECTOR = Detector(
    id="payload",
    title="Attack payloads in requests",
    attack_class="injection",
    owasp="API8:2023",
    window_seconds=WINDOW_SECONDS,
    detect=detect,
    why="Someone tries to make the API run or reveal what it should not.",
    needs=("signature_score",),
)
