"""Abnormal request rate: one caller asks an endpoint far more often per minute than anybody usually does."""

from __future__ import annotations

from typing import Any, Final

import pyarrow as pa

from controlplane.detection.query import CALLER, KIND, kind, known, rows
from controlplane.detection.types import Detector, Evidence

WINDOW_SECONDS: Final = 60
_MIN_REQUESTS: Final = 100
_TIMES_OTHERS: Final = 8

_SQL: Final = f"""
WITH minutes AS (
    SELECT {CALLER} AS caller, any_value({KIND}) AS kind, host, method, coalesce(template, path) AS place,
           ts // {WINDOW_SECONDS * 1_000_000} * {WINDOW_SECONDS * 1_000_000} AS bucket, count(*) AS requests,
           count(*) FILTER (WHERE status < 400) AS succeeded, min(ts) AS first_ts, max(ts) AS last_ts,
           list(DISTINCT client_ip) AS addresses, list(call_id ORDER BY ts) AS ids
    FROM calls GROUP BY caller, host, method, place, bucket
), usual AS (
    SELECT host, place, quantile_cont(requests, 0.9) AS others FROM minutes GROUP BY ALL
)
SELECT * FROM minutes JOIN usual USING (host, place)
WHERE requests >= {_MIN_REQUESTS} AND requests >= {_TIMES_OTHERS} * least(others, {_MIN_REQUESTS} / {_TIMES_OTHERS})
"""


def detect(calls: pa.Table) -> list[Evidence]:
    """One piece of evidence per caller, endpoint and minute."""
    return [_evidence(row) for row in rows(_SQL, calls)]


def _evidence(row: dict[str, Any]) -> Evidence:
    return Evidence(
        detector="request_rate",
        attack_class="rate_abuse",
        actor_kind=kind(row["kind"]),
        actor_key=row["caller"],
        addresses=known(row["addresses"]),
        bucket=row["bucket"],
        first_ts=row["first_ts"],
        last_ts=row["last_ts"],
        points=min(45, 25 + row["requests"] // 20),
        confidence=0.8,
        requests=row["requests"],
        succeeded=row["succeeded"],
        endpoints=(f"{row['method']} {row['place']}",),
        sentence=f"{row['requests']} requests to {row['place']} in one minute.",
        call_ids=known(row["ids"])[:5000],
    )


DETECTOR = Detector(
    id="request_rate",
    title="Far more requests per minute than usual",
    attack_class="rate_abuse",
    owasp="API4:2023",
    window_seconds=WINDOW_SECONDS,
    history_seconds=3600,
    detect=detect,
    why="The API or what stands behind it is worn out, or copied.",
    spoofable=True,
)
