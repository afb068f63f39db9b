"""Vulnerability scanning: one address asks for many different things that are not there."""

from __future__ import annotations

from typing import Any, Final

import pyarrow as pa

from controlplane.detection.query import known, rows
from controlplane.detection.types import ActorKind, Detector, Evidence

WINDOW_SECONDS: Final = 600
_MIN_SHAPES: Final = 8
_MIN_SHARE: Final = 0.5

_SQL: Final = f"""
SELECT client_ip, ts // {WINDOW_SECONDS * 1_000_000} * {WINDOW_SECONDS * 1_000_000} AS bucket,
       min(ts) AS first_ts, max(ts) AS last_ts, count(*) AS asked,
       count(*) FILTER (WHERE status >= 400) AS failed,
       count(DISTINCT coalesce(template, path)) FILTER (WHERE status >= 400 AND status NOT IN (401, 429)) AS shapes,
       count(DISTINCT signature) AS signatures, list(DISTINCT method || ' ' || path) AS paths,
       list(call_id ORDER BY ts) AS ids,
       list(call_id ORDER BY ts) FILTER (WHERE status < 400 AND coalesce(waf_action, '') <> 'BLOCK') AS through
FROM (SELECT *, list_extract(signatures, 1) AS signature FROM calls)
WHERE client_ip IS NOT NULL
GROUP BY client_ip, bucket
HAVING shapes >= {_MIN_SHAPES} AND failed >= {_MIN_SHARE} * asked
"""


def detect(calls: pa.Table) -> list[Evidence]:
    """One piece of evidence per address and window."""
    return [_evidence(row) for row in rows(_SQL, calls)]


def _evidence(row: dict[str, Any]) -> Evidence:
    through = known(row["through"])
    return Evidence(
        detector="recon_scan",
        attack_class="recon_scan",
        actor_kind=ActorKind.IP,
        actor_key=row["client_ip"],
        addresses=(row["client_ip"],),
        bucket=row["bucket"],
        first_ts=row["first_ts"],
        last_ts=row["last_ts"],
        points=min(30, 12 + row["shapes"] // 2 + row["signatures"]),
        confidence=min(0.97, 0.6 + row["shapes"] / 60),
        requests=row["asked"],
        succeeded=len(through),
        endpoints=known(row["paths"])[:10],
        sentence=f"Asked for {row['shapes']} different things that are not there in {row['asked']} requests; "
        f"answered with success: {len(through)}.",
        call_ids=known(row["ids"])[:5000],
        succeeded_ids=through[:500],
    )


DETECTOR = Detector(
    id="recon_scan",
    title="Scanning for what is not there",
    attack_class="recon_scan",
    owasp="API9:2023",
    window_seconds=WINDOW_SECONDS,
    detect=detect,
    why="Someone looks for forgotten files, old versions and known holes before an attack.",
    spoofable=True,
    needs=("client_ip", "status"),
)
