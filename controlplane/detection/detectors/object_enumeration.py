"""Object enumeration: one caller asks for far more different objects of a kind than others do.

By a signed-in principal this is an attempt at broken object-level authorisation (BOLA); without a principal, of
what anybody may read, it is scraping. Object ids asked for in order are the clearest sign.
"""

from __future__ import annotations

from typing import Any, Final

import pyarrow as pa

from controlplane.detection.query import CALLER, KIND, kind, known, rows
from controlplane.detection.types import ActorKind, Detector, Evidence

WINDOW_SECONDS: Final = 3600
_MIN_OBJECTS: Final = 15
_MIN_IN_ORDER: Final = 0.6
_TIMES_OTHERS: Final = 4

# The object is the whole path of a template with a parameter. "In order" is the share of steps of ±1 between
# consecutive numeric last segments; "others" the 90th percentile of what other callers ask for in a window.
_SQL: Final = f"""
WITH asked AS (
    SELECT *, {CALLER} AS caller, {KIND} AS kind,
           ts // {WINDOW_SECONDS * 1_000_000} * {WINDOW_SECONDS * 1_000_000} AS bucket,
           TRY_CAST(regexp_extract(path, '(\\d{{1,18}})/?[^0-9/]*$', 1) AS BIGINT) AS number
    FROM calls WHERE template LIKE '%{{%' AND method IN ('GET', 'HEAD')
), stepped AS (
    SELECT *, number - lag(number) OVER (PARTITION BY caller, host, template, bucket ORDER BY ts) AS step FROM asked
), callers AS (
    SELECT caller, any_value(kind) AS kind, host, method, template, bucket, count(DISTINCT path) AS objects,
           count(*) AS requests,
           avg((abs(step) = 1)::INT) FILTER (WHERE step IS NOT NULL) AS in_order,
           count(*) FILTER (WHERE status < 400) AS succeeded, min(ts) AS first_ts, max(ts) AS last_ts,
           list(DISTINCT client_ip) AS addresses, list(call_id ORDER BY ts) AS ids,
           list(call_id ORDER BY ts) FILTER (WHERE status < 400) AS through
    FROM stepped GROUP BY caller, host, method, template, bucket
), usual AS (
    SELECT host, template, quantile_cont(objects, 0.9) AS others, count(DISTINCT caller) AS seen FROM callers GROUP BY ALL
)
SELECT * FROM callers JOIN usual USING (host, template)
WHERE objects >= {_MIN_OBJECTS} AND (
    (in_order >= {_MIN_IN_ORDER} AND objects >= 2 * others)
    OR (in_order >= {_MIN_IN_ORDER} AND seen < 5)
    OR (seen >= 5 AND objects >= {_TIMES_OTHERS} * others AND objects >= 2 * {_MIN_OBJECTS})
)
"""


def detect(calls: pa.Table) -> list[Evidence]:
    """One piece of evidence per caller, endpoint and window."""
    return [_evidence(row) for row in rows(_SQL, calls)]


def _evidence(row: dict[str, Any]) -> Evidence:
    actor = kind(row["kind"])
    signed_in = actor is ActorKind.PRINCIPAL
    in_order = (row["in_order"] or 0) >= _MIN_IN_ORDER
    attack = "bola_enum" if signed_in or in_order else "scraping"
    how = "one after the other" if in_order else f"where others ask for up to {row['others']:.0f}"
    through = row["succeeded"]
    return Evidence(
        detector=f"object_enumeration_{attack}",
        attack_class=attack,
        actor_kind=actor,
        actor_key=row["caller"],
        addresses=known(row["addresses"]),
        bucket=row["bucket"],
        first_ts=row["first_ts"],
        last_ts=row["last_ts"],
        points=min(85, 30 + row["objects"] // 4 + 15 * (signed_in and through > 0) + 10 * in_order),
        confidence=0.9 if in_order else 0.7,
        requests=row["requests"],
        succeeded=through,
        endpoints=(f"{row['method']} {row['template']}",),
        sentence=f"Asked for {row['objects']} different objects of {row['template']}, {how}; {through} were answered.",
        call_ids=known(row["ids"])[:5000],
        succeeded_ids=known(row["through"])[:500],
    )


DETECTOR = Detector(
    id="object_enumeration",
    title="Going through objects",
    attack_class="bola_enum",
    owasp="API1:2023",
    window_seconds=WINDOW_SECONDS,
    detect=detect,
    why="Objects of others are read one by one, or the whole collection is copied.",
    needs=("status",),
)
