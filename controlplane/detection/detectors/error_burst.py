"""Abnormal errors of one caller: it fails again and again at an endpoint that answers everybody else.

When an endpoint fails for many callers at once, a deployment broke it; that is nobody's attack and says nothing here.
"""

from __future__ import annotations

from typing import Any, Final

import pyarrow as pa

from controlplane.detection.logins import SIGN_IN
from controlplane.detection.query import CALLER, KIND, kind, known, rows
from controlplane.detection.types import Detector, Evidence

WINDOW_SECONDS: Final = 300
_MIN_ERRORS: Final = 30
_MIN_SHARE: Final = 0.8
_MIN_OTHERS: Final = 5
_OTHERS_FAIL: Final = 0.1

_SQL: Final = f"""
WITH named AS (
    SELECT *, {CALLER} AS caller, {KIND} AS kind, status >= 400 AND status <> 429 AS failed,
           ts // {WINDOW_SECONDS * 1_000_000} * {WINDOW_SECONDS * 1_000_000} AS bucket
    FROM calls WHERE template IS NOT NULL AND status IS NOT NULL AND NOT regexp_matches(template, '{SIGN_IN}')
), callers AS (
    SELECT caller, any_value(kind) AS kind, host, method, template, bucket, count(*) AS requests,
           count(*) FILTER (WHERE failed) AS errors, min(ts) AS first_ts, max(ts) AS last_ts,
           mode(status) FILTER (WHERE failed) AS status, list(DISTINCT client_ip) AS addresses,
           list(call_id ORDER BY ts) FILTER (WHERE failed) AS ids
    FROM named GROUP BY caller, host, method, template, bucket
), of_caller AS (
    SELECT caller, host, method, template, sum(requests) AS own, sum(errors) AS own_errors FROM callers GROUP BY ALL
), everybody AS (
    SELECT host, method, template, count(*) AS seen, sum(own) AS every, sum(own_errors) AS every_error
    FROM of_caller GROUP BY ALL
)
SELECT c.*, (every_error - own_errors) / greatest(every - own, 1) AS others_fail
FROM callers c JOIN of_caller USING (caller, host, method, template) JOIN everybody USING (host, method, template)
WHERE errors >= {_MIN_ERRORS} AND errors >= {_MIN_SHARE} * requests AND seen > {_MIN_OTHERS}
  AND others_fail <= {_OTHERS_FAIL}
"""


def detect(calls: pa.Table) -> list[Evidence]:
    """One piece of evidence per caller, endpoint and window; nothing with fewer than five other callers."""
    return [_evidence(row) for row in rows(_SQL, calls)]


def _evidence(row: dict[str, Any]) -> Evidence:
    return Evidence(
        detector="error_burst",
        attack_class="error_burst",
        actor_kind=kind(row["kind"]),
        actor_key=row["caller"],
        addresses=known(row["addresses"]),
        bucket=row["bucket"],
        first_ts=row["first_ts"],
        last_ts=row["last_ts"],
        points=min(35, 15 + row["errors"] // 10),
        confidence=0.6,
        requests=row["requests"],
        succeeded=row["requests"] - row["errors"],
        endpoints=(f"{row['method']} {row['template']}",),
        sentence=f"Failed {row['errors']} times within five minutes at {row['template']}, mostly with {row['status']}, "
        f"where others fail in {row['others_fail']:.0%} of their calls.",
        call_ids=known(row["ids"])[:5000],
    )


DETECTOR = Detector(
    id="error_burst",
    title="One caller fails where others do not",
    attack_class="error_burst",
    owasp="API8:2023",
    window_seconds=WINDOW_SECONDS,
    history_seconds=6 * 3600,
    detect=detect,
    why="Someone tries out inputs until one works, or a client is broken.",
    needs=("status",),
)
