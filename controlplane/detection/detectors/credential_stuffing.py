"""Credential stuffing: many addresses fail to sign in at one endpoint, each only a few times."""

from __future__ import annotations

from typing import Any, Final

import pyarrow as pa

from controlplane.detection.logins import attempts
from controlplane.detection.query import known, rows
from controlplane.detection.types import ActorKind, Detector, Evidence

WINDOW_SECONDS: Final = 600
_MIN_FAILED: Final = 25
_MIN_ADDRESSES: Final = 8
_MIN_SHARE: Final = 0.5
_MOST_PER_ADDRESS: Final = 40

# An address belongs to the campaign when most of what it tried in the window failed.
_SQL: Final = f"""
WITH bucketed AS (SELECT *, ts // {WINDOW_SECONDS * 1_000_000} * {WINDOW_SECONDS * 1_000_000} AS bucket FROM attempts),
addresses AS (
    SELECT host, place, bucket, client_ip, count(*) AS tried,
           count(*) FILTER (WHERE outcome IN ('failed', 'blocked')) AS failed
    FROM bucketed WHERE outcome <> 'unknown' GROUP BY ALL
), suspicious AS (
    SELECT * FROM addresses WHERE failed >= 1 AND failed * 2 >= tried AND tried <= {_MOST_PER_ADDRESS}
), campaigns AS (
    SELECT host, place, bucket FROM suspicious GROUP BY ALL
    HAVING sum(failed) >= {_MIN_FAILED} AND count(*) >= {_MIN_ADDRESSES}
), totals AS (
    SELECT host, place, bucket, sum(failed) / sum(tried) AS share FROM addresses GROUP BY ALL
)
SELECT b.host, b.place, b.bucket, min(b.ts) AS first_ts, max(b.ts) AS last_ts, any_value(b.method) AS method,
       count(*) AS tried, count(*) FILTER (WHERE b.outcome = 'failed') AS failed,
       count(*) FILTER (WHERE b.outcome = 'succeeded') AS succeeded,
       list(DISTINCT b.client_ip ORDER BY b.client_ip) AS addresses, list(b.call_id ORDER BY b.ts) AS ids,
       list(b.call_id ORDER BY b.ts) FILTER (WHERE b.outcome = 'succeeded') AS succeeded_ids
FROM bucketed b
JOIN suspicious s USING (host, place, bucket, client_ip)
JOIN campaigns USING (host, place, bucket)
JOIN totals t USING (host, place, bucket)
WHERE t.share >= {_MIN_SHARE}
GROUP BY b.host, b.place, b.bucket ORDER BY b.bucket
"""


def detect(calls: pa.Table) -> list[Evidence]:
    """One piece of evidence per sign-in endpoint and window."""
    tries = attempts(calls)
    return [_evidence(row) for row in rows(_SQL, calls, attempts=tries)] if tries.num_rows else []


def _evidence(row: dict[str, Any]) -> Evidence:
    addresses = known(row["addresses"])
    took = row["succeeded"]
    sentence = f"{row['tried']} sign-in attempts from {len(addresses)} addresses, {row['failed']} failed"
    return Evidence(
        detector="credential_stuffing",
        attack_class="credential_stuffing",
        actor_kind=ActorKind.CAMPAIGN,
        actor_key=f"sign-ins at {row['host'] or ''}{row['place']}",
        addresses=addresses,
        bucket=row["bucket"],
        first_ts=row["first_ts"],
        last_ts=row["last_ts"],
        points=min(95, 80 + 2 * took) if took else min(75, 50 + len(addresses) // 4),
        confidence=min(0.98, 0.7 + len(addresses) / 200),
        requests=row["tried"],
        succeeded=took,
        endpoints=(f"{row['method']} {row['place']}",),
        sentence=f"{sentence}; {took} succeeded, those accounts may be taken over."
        if took
        else f"{sentence}.",
        call_ids=known(row["ids"])[:5000],
        succeeded_ids=known(row["succeeded_ids"])[:500],
    )


DETECTOR = Detector(
    id="credential_stuffing",
    title="Many addresses fail to sign in",
    attack_class="credential_stuffing",
    owasp="API2:2023",
    window_seconds=WINDOW_SECONDS,
    detect=detect,
    why="Stolen name and password pairs are tried; where one works, the account is taken over.",
    needs=("client_ip", "status"),
)
