"""Token forgery: one address is refused as unauthenticated several times where that is rare, and may get through."""

from __future__ import annotations

from typing import Any, Final

import pyarrow as pa

from controlplane.detection.logins import SIGN_IN
from controlplane.detection.query import known, rows
from controlplane.detection.types import ActorKind, Detector, Evidence

WINDOW_SECONDS: Final = 600
_MIN_REFUSED: Final = 4
_RARE: Final = 0.05

_SQL: Final = f"""
WITH calls_of AS (
    SELECT *, ts // {WINDOW_SECONDS * 1_000_000} * {WINDOW_SECONDS * 1_000_000} AS bucket FROM calls
    WHERE client_ip IS NOT NULL AND template IS NOT NULL AND NOT regexp_matches(template, '{SIGN_IN}')
), usual AS (
    SELECT host, template, avg((status = 401)::INT) AS share, count(DISTINCT client_ip) AS seen FROM calls_of GROUP BY ALL
), refused AS (
    SELECT client_ip, host, template, bucket, any_value(method) AS method, count(*) FILTER (WHERE status = 401) AS refused,
           min(ts) AS first_ts, max(ts) AS last_ts, list(call_id ORDER BY ts) AS ids,
           max(ts) FILTER (WHERE status = 401) AS last_refusal
    FROM calls_of GROUP BY ALL HAVING refused >= {_MIN_REFUSED} AND refused * 2 >= count(*)
)
SELECT r.*, list(c.call_id ORDER BY c.ts) FILTER (WHERE c.status < 400 AND c.ts > r.first_ts) AS through
FROM refused r JOIN usual u USING (host, template)
JOIN calls_of c ON c.client_ip = r.client_ip AND c.host = r.host AND c.template = r.template AND c.bucket = r.bucket
WHERE u.seen >= 5 AND u.share <= {_RARE}
GROUP BY ALL
"""


def detect(calls: pa.Table) -> list[Evidence]:
    """One piece of evidence per address, endpoint and window."""
    return [_evidence(row) for row in rows(_SQL, calls)]


def _evidence(row: dict[str, Any]) -> Evidence:
    through = known(row["through"])
    ending = f", then {len(through)} requests were accepted." if through else "."
    return Evidence(
        detector="refused_tokens",
        attack_class="jwt_tamper",
        actor_kind=ActorKind.IP,
        actor_key=row["client_ip"],
        addresses=(row["client_ip"],),
        bucket=row["bucket"],
        first_ts=row["first_ts"],
        last_ts=row["last_ts"],
        points=min(85, 25 + 3 * min(row["refused"], 8) + 35 * bool(through)),
        confidence=0.75 if through else 0.5,
        requests=row["refused"] + len(through),
        succeeded=len(through),
        endpoints=(f"{row['method']} {row['template']}",),
        sentence=f"Refused {row['refused']} times at {row['template']}, where refusals are rare{ending}",
        call_ids=known(row["ids"])[:5000],
        succeeded_ids=through[:500],
    )


DETECTOR = Detector(
    id="refused_tokens",
    title="Tokens refused where that is rare",
    attack_class="jwt_tamper",
    owasp="API2:2023",
    window_seconds=WINDOW_SECONDS,
    history_seconds=24 * 3600,
    detect=detect,
    why="Someone tries forged, expired or stolen tokens.",
    spoofable=True,
    needs=("status",),
)
