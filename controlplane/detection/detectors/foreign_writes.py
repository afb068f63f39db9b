"""Writes to others' objects: one principal changes several objects of a kind of which others change only their own.

Administrators do that by profession. Who over hours and days has used a function on many objects that hardly any
other principal ever uses is established as one, and left out.
"""

from __future__ import annotations

from typing import Any, Final

import pyarrow as pa

from controlplane.detection.query import THROUGH, known, rows
from controlplane.detection.types import ActorKind, Detector, Evidence

WINDOW_SECONDS: Final = 3600
_MIN_OBJECTS: Final = 3
_MIN_OTHERS: Final = 5
# An established administrator: distinct objects, hours of use, seconds from first to last, and who else does it.
_ADMIN_OBJECTS: Final = 5
_ADMIN_HOURS: Final = 3
_ADMIN_SPAN: Final = 4 * 3600
_ADMIN_PEERS: Final = 3

_SQL: Final = f"""
WITH writes AS (
    SELECT *, ts // {WINDOW_SECONDS * 1_000_000} * {WINDOW_SECONDS * 1_000_000} AS bucket FROM calls
    WHERE method IN ('POST', 'PUT', 'PATCH', 'DELETE') AND template LIKE '%{{%' AND principal IS NOT NULL
), use AS (
    SELECT principal, host, method, template FROM writes WHERE status NOT IN (401, 403) GROUP BY ALL
    HAVING count(DISTINCT path) >= {_ADMIN_OBJECTS} AND count(DISTINCT bucket) >= {_ADMIN_HOURS}
       AND max(ts) - min(ts) >= {_ADMIN_SPAN * 1_000_000}
), peers AS (
    SELECT host, method, template FROM writes WHERE status NOT IN (401, 403) GROUP BY ALL
    HAVING count(DISTINCT principal) <= {_ADMIN_PEERS}
), administrators AS (
    SELECT DISTINCT host, principal FROM use JOIN peers USING (host, method, template)
), callers AS (
    SELECT principal, host, method, template, bucket, count(DISTINCT path) AS objects, count(*) AS requests,
           count(*) FILTER (WHERE {THROUGH}) AS succeeded, min(ts) AS first_ts, max(ts) AS last_ts,
           list(DISTINCT client_ip) AS addresses, list(call_id ORDER BY ts) AS ids,
           list(call_id ORDER BY ts) FILTER (WHERE {THROUGH}) AS through
    FROM writes GROUP BY ALL
), usual AS (
    SELECT host, method, template, quantile_cont(objects, 0.9) AS others, count(DISTINCT principal) AS seen
    FROM callers GROUP BY ALL
)
SELECT * FROM callers JOIN usual USING (host, method, template) ANTI JOIN administrators USING (host, principal)
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
        points=min(85, 35 + 4 * min(row["objects"], 10) + 20 * bool(row["succeeded"])),
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
    history_seconds=24 * 3600,
    detect=detect,
    why="The API lets one user change what belongs to another.",
    needs=("principal", "status"),
)
