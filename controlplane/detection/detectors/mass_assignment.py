"""Mass assignment: a write names a privileged field that hardly any other caller of the endpoint ever sends."""

from __future__ import annotations

from typing import Any, Final

import pyarrow as pa

from controlplane.detection.query import CALLER, KIND, THROUGH, kind, known, rows
from controlplane.detection.types import Detector, Evidence

WINDOW_SECONDS: Final = 600
_MIN_CALLERS: Final = 10
_MOST_SENDERS: Final = 0.05

#: Last part of a field's path that decides about rights, money or ownership.
_PRIVILEGED: Final = (
    r"(?i)^(is_?)?(admin(istrator)?|staff|super_?user|root|roles?|permissions?|scopes?|privileges?|verified|approved|"
    r"balance|credits?|credit_?limit|price|discount|owner(_?id)?|tenant(_?id)?|plan|tier)$"
)

# body_fields are "$.path.to.name:type"; their values are never stored.
_SQL: Final = f"""
WITH writes AS (
    SELECT *, {CALLER} AS caller, {KIND} AS kind,
           ts // {WINDOW_SECONDS * 1_000_000} * {WINDOW_SECONDS * 1_000_000} AS bucket
    FROM calls WHERE method IN ('POST', 'PUT', 'PATCH') AND template IS NOT NULL AND len(body_fields) > 0
), sent AS (
    SELECT *, regexp_extract(unnest(body_fields), '([^.:]+):[a-z]+$', 1) AS field FROM writes
), everybody AS (
    SELECT host, method, template, count(DISTINCT caller) AS callers FROM writes GROUP BY ALL
), rare AS (
    SELECT host, method, template, field, callers, count(DISTINCT caller) AS senders
    FROM sent JOIN everybody USING (host, method, template) WHERE regexp_matches(field, '{_PRIVILEGED}')
    GROUP BY ALL HAVING callers >= {_MIN_CALLERS} AND senders <= greatest(1, {_MOST_SENDERS} * callers)
)
SELECT caller, any_value(kind) AS kind, host, method, template, bucket, max(callers) AS callers,
       list(DISTINCT field ORDER BY field) AS fields, count(DISTINCT call_id) AS requests, min(ts) AS first_ts,
       max(ts) AS last_ts, list(DISTINCT client_ip) AS addresses, list(call_id ORDER BY ts) AS ids,
       list(call_id ORDER BY ts) FILTER (WHERE {THROUGH}) AS through
FROM sent JOIN rare USING (host, method, template, field)
GROUP BY caller, host, method, template, bucket
"""


def detect(calls: pa.Table) -> list[Evidence]:
    """One piece of evidence per caller, endpoint and window; nothing with fewer than ten callers."""
    return [_evidence(row) for row in rows(_SQL, calls)]


def _evidence(row: dict[str, Any]) -> Evidence:
    through, fields = known(row["through"]), ", ".join(known(row["fields"])[:5])
    return Evidence(
        detector="mass_assignment",
        attack_class="mass_assignment",
        actor_kind=kind(row["kind"]),
        actor_key=row["caller"],
        addresses=known(row["addresses"]),
        bucket=row["bucket"],
        first_ts=row["first_ts"],
        last_ts=row["last_ts"],
        points=55 if through else 30,
        confidence=0.7,
        requests=row["requests"],
        succeeded=len(through),
        endpoints=(f"{row['method']} {row['template']}",),
        sentence=f"Sent {fields} to {row['template']}, which hardly any of its {row['callers']} callers sends; "
        f"{len(through)} requests were accepted.",
        call_ids=known(row["ids"])[:5000],
        succeeded_ids=through[:500],
    )


DETECTOR = Detector(
    id="mass_assignment",
    title="Privileged fields sent where nobody else sends them",
    attack_class="mass_assignment",
    owasp="API3:2023",
    window_seconds=WINDOW_SECONDS,
    history_seconds=24 * 3600,
    detect=detect,
    why="The API may store fields that only it should set, such as roles or balances.",
    needs=("body_fields",),
)
