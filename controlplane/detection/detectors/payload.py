"""Attack payloads: requests whose decoded values hit signatures, grouped by who sent them."""

from __future__ import annotations

from collections import defaultdict
from typing import Any, Final

import pyarrow as pa
import pyarrow.compute as pc

from controlplane.detection.actors import Caller, caller_of
from controlplane.detection.types import Detector, Evidence

WINDOW_SECONDS: Final = 600
_THRESHOLD: Final = 50  # the signature engine's own threshold of an attack


def detect(calls: pa.Table) -> list[Evidence]:
    """One piece of evidence per caller, attack class and window."""
    flagged = calls.filter(pc.fill_null(pc.greater_equal(calls.column("signature_score"), _THRESHOLD), False))
    groups: dict[tuple[Caller, str, int], list[dict[str, Any]]] = defaultdict(list)
    width = WINDOW_SECONDS * 1_000_000
    for row in flagged.to_pylist():
        for attack_class in sorted({name.partition(":")[0] for name in row["signatures"] or ()}):
            groups[(caller_of(row), attack_class, row["ts"] // width * width)].append(row)
    return [
        _evidence(caller, attack_class, bucket, rows)
        for (caller, attack_class, bucket), rows in groups.items()
    ]


def _evidence(caller: Caller, attack_class: str, bucket: int, rows: list[dict[str, Any]]) -> Evidence:
    through = [row for row in rows if (row["status"] or 500) < 400 and row["waf_action"] != "BLOCK"]
    best = max(row["signature_score"] for row in rows)
    endpoints = tuple(dict.fromkeys(f"{row['method']} {row['template'] or row['path']}" for row in rows))[:10]
    words = attack_class.replace("_", " ")
    return Evidence(
        detector=f"payload_{attack_class}",
        attack_class=attack_class,
        actor_kind=caller.kind,
        actor_key=caller.key,
        addresses=tuple(sorted({row["client_ip"] for row in rows if row["client_ip"]})),
        bucket=bucket,
        first_ts=rows[0]["ts"],
        last_ts=rows[-1]["ts"],
        points=min(60, best // 2 + 2 * len(rows) + (10 if through else 0)),
        confidence=min(0.99, best / 100 + 0.02 * len(rows)),
        requests=len(rows),
        succeeded=len(through),
        endpoints=endpoints,
        sentence=f"{len(rows)} requests carried {words} payloads; {len(through)} were answered with success.",
        call_ids=tuple(row["call_id"] for row in rows[:5000]),
        succeeded_ids=tuple(row["call_id"] for row in through[:500]),
    )


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
