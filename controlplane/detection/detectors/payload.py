"""Attack payloads: requests whose decoded values hit signatures, grouped by who sent them.

Signatures of scanners, sensitive files and odd protocol use count towards scanning, not as attacks of their own.
A rule that hits what a good part of an endpoint's callers send, and the endpoint accepts, is wrong there and ignored.
"""

from __future__ import annotations

from collections import defaultdict
from typing import Any, Final

import pyarrow as pa
import pyarrow.compute as pc

from controlplane.detection.actors import Caller, caller_of
from controlplane.detection.classes import title_of
from controlplane.detection.query import CALLER, rows
from controlplane.detection.types import Detector, Evidence

WINDOW_SECONDS: Final = 600
_THRESHOLD: Final = 50  # the signature engine's own threshold of an attack
_CERTAIN: Final = 80
_SEVERAL: Final = 3
_MOST_LOW: Final = 20
_MOST_RECON: Final = 15
_NOISE_CALLERS: Final = 10
_RECON: Final = frozenset({"scanner", "sensitive-file", "protocol"})


# Rules by how many of the callers of a place they hit; a third of all, mostly answered with success, is no attack.
_NOISE_SQL: Final = f"""
WITH named AS (
    SELECT host, coalesce(template, path) AS place, {CALLER} AS caller, status, signatures FROM calls
), everybody AS (SELECT host, place, count(DISTINCT caller) AS callers FROM named GROUP BY ALL),
hits AS (SELECT host, place, caller, status, unnest(signatures) AS rule FROM named WHERE len(signatures) > 0)
SELECT host, place, rule FROM hits JOIN everybody USING (host, place)
GROUP BY host, place, rule, callers
HAVING count(DISTINCT caller) >= greatest({_NOISE_CALLERS}, 0.3 * callers) AND avg((status < 400)::INT) >= 0.8
"""


def detect(calls: pa.Table) -> list[Evidence]:
    """One piece of evidence per caller, attack class and window."""
    noise = {(row["host"], row["place"], row["rule"]) for row in rows(_NOISE_SQL, calls)}
    flagged = calls.filter(pc.fill_null(pc.greater_equal(calls.column("signature_score"), _THRESHOLD), False))
    groups: dict[tuple[Caller, str, int], list[dict[str, Any]]] = defaultdict(list)
    width = WINDOW_SECONDS * 1_000_000
    for row in flagged.to_pylist():
        place = row["template"] or row["path"]
        row["signatures"] = [
            name for name in row["signatures"] or () if (row["host"], place, name) not in noise
        ]
        for attack_class in _classes_of(row):
            groups[(caller_of(row), attack_class, row["ts"] // width * width)].append(row)
    return [_evidence(caller, name, bucket, hits) for (caller, name, bucket), hits in groups.items()]


def _classes_of(row: dict[str, Any]) -> set[str]:
    """The attack classes of a call's hits; recon only when nothing else was hit."""
    names = {name.partition(":")[0] for name in row["signatures"] or ()}
    return (names - _RECON) or ({"recon_scan"} if names else set())


def _points(attack_class: str, hits: int, best: int, through: int) -> int:
    if attack_class == "recon_scan":
        return min(_MOST_RECON, 5 + hits)
    if hits < _SEVERAL and best < _CERTAIN:
        return min(_MOST_LOW, 10 + 5 * hits)
    if hits < _SEVERAL:
        return 30 + 5 * bool(through)
    return min(49, 35 + hits) + (min(25, 10 + 3 * through) if through else 0)


def _evidence(caller: Caller, attack_class: str, bucket: int, hits: list[dict[str, Any]]) -> Evidence:
    through = [row for row in hits if (row["status"] or 500) < 400 and row["waf_action"] != "BLOCK"]
    best = max(row["signature_score"] for row in hits)
    return Evidence(
        detector="payload",
        attack_class=attack_class,
        actor_kind=caller.kind,
        actor_key=caller.key,
        addresses=tuple(sorted({row["client_ip"] for row in hits if row["client_ip"]})),
        bucket=bucket,
        first_ts=min(row["ts"] for row in hits),
        last_ts=max(row["ts"] for row in hits),
        points=_points(attack_class, len(hits), best, len(through)),
        confidence=min(0.99, best / 100 + 0.02 * len(hits)),
        requests=len(hits),
        succeeded=len(through),
        endpoints=tuple(dict.fromkeys(f"{row['method']} {row['template'] or row['path']}" for row in hits))[
            :10
        ],
        sentence=_sentence(attack_class, hits, len(through)),
        call_ids=tuple(row["call_id"] for row in hits[:5000]),
        succeeded_ids=tuple(row["call_id"] for row in through[:500]),
    )


def _sentence(attack_class: str, hits: list[dict[str, Any]], through: int) -> str:
    rules = sorted({name.partition(":")[2] for row in hits for name in row["signatures"] or ()})[:4]
    what = "marks of a scanner" if attack_class == "recon_scan" else f"payloads of {title_of(attack_class)}"
    count = "One request" if len(hits) == 1 else f"{len(hits)} requests"
    return f"{count} carried {what} ({', '.join(rules)}); answered with success: {through}."


DETECTOR = Detector(
    id="payload",
    title="Attack payloads in requests",
    attack_class="injection",
    owasp="API8:2023",
    window_seconds=WINDOW_SECONDS,
    history_seconds=24 * 3600,
    detect=detect,
    why="Someone tries to make the API run or reveal what it should not.",
    needs=("signature_score",),
)
