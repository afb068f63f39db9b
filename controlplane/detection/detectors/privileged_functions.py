"""Use of functions above one's role: rarely used administrative or debugging endpoints answered to a stranger."""

from __future__ import annotations

from typing import Any, Final

import pyarrow as pa

from controlplane.detection.query import CALLER, KIND, kind, known, rows
from controlplane.detection.types import Detector, Evidence

WINDOW_SECONDS: Final = 3600
_MIN_CALLERS: Final = 30
_FEW: Final = 3
_WORDS: Final = (
    r"(?i)(^|[/_.-])(admin|administrator|internal|debug|actuator|management|manage|console|root|superuser|sudo|staff|"
    r"backoffice|grant|promote|roles?|privileges?)(/|$|[_.-])"
)

_SQL: Final = f"""
WITH named AS (
    SELECT *, {CALLER} AS caller, {KIND} AS kind, coalesce(template, path) AS place,
           ts // {WINDOW_SECONDS * 1_000_000} * {WINDOW_SECONDS * 1_000_000} AS bucket
    FROM calls
), everybody AS (SELECT host, count(DISTINCT caller) AS callers FROM named GROUP BY host),
few AS (
    SELECT host, place FROM named WHERE regexp_matches(place, '{_WORDS}') AND status < 400
    GROUP BY ALL HAVING count(DISTINCT caller) <= {_FEW}
)
SELECT caller, any_value(kind) AS kind, host, place, bucket, any_value(method) AS method, count(*) AS requests,
       count(*) FILTER (WHERE status < 400) AS succeeded, min(ts) AS first_ts, max(ts) AS last_ts,
       list(DISTINCT client_ip) AS addresses, list(call_id ORDER BY ts) AS ids,
       list(call_id ORDER BY ts) FILTER (WHERE status < 400) AS through
FROM named JOIN few USING (host, place) JOIN everybody USING (host)
WHERE callers >= {_MIN_CALLERS}
GROUP BY caller, host, place, bucket HAVING succeeded > 0
"""


def detect(calls: pa.Table) -> list[Evidence]:
    """One piece of evidence per caller, endpoint and window; nothing on hosts with fewer than thirty callers."""
    return [_evidence(row) for row in rows(_SQL, calls)]


def _evidence(row: dict[str, Any]) -> Evidence:
    return Evidence(
        detector="privileged_functions",
        attack_class="bfla",
        actor_kind=kind(row["kind"]),
        actor_key=row["caller"],
        addresses=known(row["addresses"]),
        bucket=row["bucket"],
        first_ts=row["first_ts"],
        last_ts=row["last_ts"],
        points=min(60, 35 + 5 * row["succeeded"]),
        confidence=0.6,
        requests=row["requests"],
        succeeded=row["succeeded"],
        endpoints=(f"{row['method']} {row['place']}",),
        sentence=f"Used {row['place']}, which hardly anybody uses and whose name is an administrator's, "
        f"{row['succeeded']} times with success.",
        call_ids=known(row["ids"])[:5000],
        succeeded_ids=known(row["through"])[:500],
    )


DETECTOR = Detector(
    id="privileged_functions",
    title="Administrative functions used by a stranger",
    attack_class="bfla",
    owasp="API5:2023",
    window_seconds=WINDOW_SECONDS,
    history_seconds=24 * 3600,
    detect=detect,
    why="The API lets somebody do what only another role should.",
)
