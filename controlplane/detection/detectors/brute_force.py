"""Guessing of passwords and one-time codes: one address fails to sign in again and again."""

from __future__ import annotations

from typing import Any, Final

import pyarrow as pa

from controlplane.detection.logins import ONE_TIME, attempts
from controlplane.detection.query import known, rows
from controlplane.detection.types import ActorKind, Detector, Evidence

WINDOW_SECONDS: Final = 600
_MIN_FAILED: Final = 12
_MIN_SHARE: Final = 0.8

_SQL: Final = f"""
SELECT client_ip, host, place, any_value(method) AS method, regexp_matches(place, '{ONE_TIME}') AS one_time,
       ts // {WINDOW_SECONDS * 1_000_000} * {WINDOW_SECONDS * 1_000_000} AS bucket,
       min(ts) AS first_ts, max(ts) AS last_ts, count(*) AS tried,
       count(*) FILTER (WHERE outcome IN ('failed', 'blocked')) AS failed,
       count(*) FILTER (WHERE outcome = 'succeeded') AS succeeded,
       list(call_id ORDER BY ts) AS ids, list(call_id ORDER BY ts) FILTER (WHERE outcome = 'succeeded') AS succeeded_ids
FROM attempts WHERE outcome <> 'unknown'
GROUP BY client_ip, host, place, one_time, bucket
HAVING failed >= {_MIN_FAILED} AND failed >= {_MIN_SHARE} * tried
"""


def detect(calls: pa.Table) -> list[Evidence]:
    """One piece of evidence per address, sign-in endpoint and window."""
    tries = attempts(calls)
    return [_evidence(row) for row in rows(_SQL, calls, attempts=tries)] if tries.num_rows else []


def _evidence(row: dict[str, Any]) -> Evidence:
    took = row["succeeded"]
    what = "one-time codes" if row["one_time"] else "sign-in attempts"
    ending = f"; {took} succeeded." if took else "."
    return Evidence(
        detector="brute_force",
        attack_class="otp_brute_force" if row["one_time"] else "brute_force",
        actor_kind=ActorKind.IP,
        actor_key=row["client_ip"],
        addresses=(row["client_ip"],),
        bucket=row["bucket"],
        first_ts=row["first_ts"],
        last_ts=row["last_ts"],
        points=min(75, 30 + row["failed"] // 6 + 10 * bool(took)),
        confidence=min(0.98, 0.6 + row["failed"] / 100),
        requests=row["tried"],
        succeeded=took,
        endpoints=(f"{row['method']} {row['place']}",),
        sentence=f"{row['failed']} of {row['tried']} {what} from one address failed{ending}",
        call_ids=known(row["ids"])[:5000],
        succeeded_ids=known(row["succeeded_ids"])[:500],
    )


DETECTOR = Detector(
    id="brute_force",
    title="One address fails to sign in again and again",
    attack_class="brute_force",
    owasp="API2:2023",
    window_seconds=WINDOW_SECONDS,
    detect=detect,
    why="Passwords or codes are guessed.",
    spoofable=True,
    needs=("client_ip", "status"),
)
