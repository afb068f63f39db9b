"""Account takeover: a sign-in that succeeds at the end of a run of failures by the same address."""

from __future__ import annotations

from typing import Any, Final

import pyarrow as pa

from controlplane.detection.logins import attempts
from controlplane.detection.query import known, rows
from controlplane.detection.types import ActorKind, Detector, Evidence

WINDOW_SECONDS: Final = 600
_MIN_FAILED: Final = 12
_MIN_SHARE: Final = 0.8

# Only successes after the twelfth failure count: what succeeded before was not guessed. What the address calls as
# somebody signed in within the window shows what the taken account was used for.
_SQL: Final = f"""
WITH tried AS (
    SELECT *, ts // {WINDOW_SECONDS * 1_000_000} * {WINDOW_SECONDS * 1_000_000} AS bucket,
           count(*) FILTER (WHERE outcome IN ('failed', 'blocked')) OVER (
               PARTITION BY client_ip, host, place, ts // {WINDOW_SECONDS * 1_000_000} ORDER BY ts
           ) AS failures_so_far
    FROM attempts WHERE outcome <> 'unknown'
), taken AS (
    SELECT client_ip, host, place, bucket, any_value(method) AS method,
           count(*) FILTER (WHERE outcome IN ('failed', 'blocked')) AS failed, count(*) AS tried,
           list(call_id ORDER BY ts) FILTER (WHERE outcome = 'succeeded' AND failures_so_far >= {_MIN_FAILED}) AS signed_in,
           min(ts) FILTER (WHERE outcome = 'succeeded' AND failures_so_far >= {_MIN_FAILED}) AS first_ts,
           max(ts) AS last_ts
    FROM tried GROUP BY client_ip, host, place, bucket
    HAVING failed >= {_MIN_FAILED} AND failed >= {_MIN_SHARE} * count(*) AND len(signed_in) > 0
), used AS (
    SELECT t.client_ip, t.host, t.place, t.bucket, list(c.call_id ORDER BY c.ts) AS used, max(c.ts) AS last_use
    FROM taken t JOIN calls c ON c.client_ip = t.client_ip AND c.host = t.host
    WHERE c.ts > t.first_ts AND c.ts < t.bucket + {WINDOW_SECONDS * 1_000_000} AND c.principal IS NOT NULL AND c.status < 400
    GROUP BY ALL
)
SELECT t.*, u.used, u.last_use FROM taken t LEFT JOIN used u USING (client_ip, host, place, bucket)
"""


def detect(calls: pa.Table) -> list[Evidence]:
    """One piece of evidence per address, sign-in endpoint and window."""
    tries = attempts(calls)
    return [_evidence(row) for row in rows(_SQL, calls, attempts=tries)] if tries.num_rows else []


def _evidence(row: dict[str, Any]) -> Evidence:
    signed_in, used = known(row["signed_in"]), known(row["used"])
    shown = tuple(dict.fromkeys((*signed_in, *used)))
    then = f" and {len(used)} authenticated calls followed" if used else ""
    return Evidence(
        detector="account_takeover",
        attack_class="account_takeover",
        actor_kind=ActorKind.IP,
        actor_key=row["client_ip"],
        addresses=(row["client_ip"],),
        bucket=row["bucket"],
        first_ts=row["first_ts"],
        last_ts=max(row["last_ts"], row["last_use"] or 0),
        points=min(95, 82 + 2 * len(signed_in)),
        confidence=0.85,
        requests=len(shown),
        succeeded=len(shown),
        endpoints=(f"{row['method']} {row['place']}",),
        sentence=f"After {row['failed']} failures, {len(signed_in)} sign-ins from the same address succeeded{then}.",
        call_ids=shown[:5000],
        succeeded_ids=shown[:500],
    )


DETECTOR = Detector(
    id="account_takeover",
    title="A sign-in succeeds after a run of failures",
    attack_class="account_takeover",
    owasp="API2:2023",
    window_seconds=WINDOW_SECONDS,
    detect=detect,
    why="A guessed or stolen password worked: the account is in the wrong hands.",
    spoofable=True,
    needs=("client_ip", "status"),
)
