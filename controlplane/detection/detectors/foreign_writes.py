"""Writes to others' objects: one principal changes several objects of a kind of which others change only their own."""

from __future__ import annotations

from typing import Any, Final

import pyarrow as pa

from controlplane.detection.query import known, rows
from controlplane.detection.types import ActorKind, Detector, Evidence

WINDOW_SECONDS: Final = 3600
_MIN_OBJECTS: Final = 3
_MIN_OTHERS: Final = 5

_SQL: Final = f"""
WITH writes AS (
    SELECT *, ts // {WINDOW_SECONDS * 1_000_000} * {WINDOW_SECONDS * 1_000_000} AS bucket FROM calls
    WHERE method IN ('PUT', 'PATCH', 'DELETE') AND template LIKE '%{{%' AND principal IS NOT NULL
), callers AS (
    SELECT principal, host, method, template, bucket, count(DISTINCT path) AS objects, count(*) AS requests,
           count(*) FILTER (WHERE status < 400) AS succeeded, min(ts) AS first_ts, max(ts) AS last_ts,
           list(DISTINCT client_ip) AS addresses, list(call_id ORDER BY ts) AS ids,
           list(call_id ORDER BY ts) FILTER (WHERE status < 400) AS through
    FROM writes GROUP BY ALL
), usual AS (
    SELECT host, method, template, quantile_cont(objects, 0.9) AS others, count(DISTINCT principal) AS seen
    FROM callers GROUP BY ALL
)
SELECT * FROM callers JOIN usual USING (host, method, template)
WHERE objects >= {_MIN_OBJECTS} AND seen >= {_MIN_OTHERS} AND others < 2
"""


def detect(calls: pa.Table) -> list[Evidence]:
    """One piece of evidence per principal, endpoint and window; nothing while fewer than five others were seen."""
    return [_evidence(row) for row in rows(_SQL, calls)]


def _evidence(row: dict[str, Any]) -> Evidence:
    return Evidence(
        detector="foreign_writes",
        attack_class="bola_write",
        actor_kind=ActorKind.PRINCIPAL,
        actor_key=row["principal"],
        addresses=known(row["addresses"]),
        bucket=row["bucket"],
        first_ts=row["first_ts"],
        last_ts=row["last_ts"],
        points=min(90, 45 + 5 * row["objects"] + 20 * bool(row["succeeded"])),
        confidence=0.8,
        requests=row["requests"],
        succeeded=row["succeeded"],
        endpoints=(f"{row['method']} {row['template']}",),
        sentence=f"Changed {row['objects']} different objects of {row['template']}, where others change one; "
        f"{row['succeeded']} changes were accepted.",
        call_ids=known(row["ids"])[:5000],
        succeeded_ids=known(row["through"])[:500],
    )


DETECTOR = Detector(
    id="foreign_writes",
    title="Changing others' objects",
    attack_class="bola_write",
    owasp="API1:2023",
    window_seconds=WINDOW_SECONDS,
    detect=detect,
    why="The API lets one user change what belongs to another.",
    needs=("principal", "status"),
)
