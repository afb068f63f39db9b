"""Distributed scraping: several addresses that look alike share out the objects of a collection among them."""

from __future__ import annotations

from typing import Any, Final

import pyarrow as pa

from controlplane.detection.query import THROUGH, known, rows
from controlplane.detection.types import ActorKind, Detector, Evidence

WINDOW_SECONDS: Final = 3600
_MIN_EACH: Final = 4
_MIN_ADDRESSES: Final = 4
_MIN_OBJECTS: Final = 30
_SINGLE_MINDED: Final = 0.9
_DISJOINT: Final = 0.9

# A single-minded address asks, without signing in, for nothing but objects of one template and for each only once.
# People with the same browser meet at popular objects; workers of one scraper share the work and do not.
_SQL: Final = f"""
WITH bucketed AS (
    SELECT *, ts // {WINDOW_SECONDS * 1_000_000} * {WINDOW_SECONDS * 1_000_000} AS bucket,
           coalesce(user_agent, '') AS agent, coalesce(ja4, '') AS hello
    FROM calls WHERE client_ip IS NOT NULL
), addresses AS (
    SELECT client_ip, bucket, count(*) AS all_calls, count(*) FILTER (WHERE principal IS NOT NULL) AS signed_in
    FROM bucketed GROUP BY ALL
), workers AS (
    SELECT b.client_ip, b.bucket, b.host, b.template, b.agent, b.hello, count(*) AS requests,
           count(DISTINCT b.path) AS objects
    FROM bucketed b JOIN addresses a USING (client_ip, bucket)
    WHERE b.template LIKE '%{{%' AND b.method IN ('GET', 'HEAD') AND a.signed_in = 0
    GROUP BY ALL
    HAVING objects >= {_MIN_EACH} AND objects >= {_SINGLE_MINDED} * requests
       AND requests >= {_SINGLE_MINDED} * any_value(a.all_calls)
)
SELECT b.host, b.template, b.agent, b.hello, b.bucket, any_value(b.method) AS method, count(*) AS requests,
       count(DISTINCT b.path) AS objects, sum(1) AS asked, min(b.ts) AS first_ts, max(b.ts) AS last_ts,
       list(DISTINCT b.client_ip ORDER BY b.client_ip) AS addresses, list(b.call_id ORDER BY b.ts) AS ids,
       list(b.call_id ORDER BY b.ts) FILTER (WHERE {THROUGH}) AS through
FROM bucketed b JOIN workers w USING (client_ip, bucket, host, template, agent, hello)
GROUP BY ALL
HAVING len(addresses) >= {_MIN_ADDRESSES} AND objects >= {_MIN_OBJECTS} AND objects >= {_DISJOINT} * requests
"""


def detect(calls: pa.Table) -> list[Evidence]:
    """One piece of evidence per collection, kind of client and window."""
    return [_evidence(row) for row in rows(_SQL, calls)]


def _evidence(row: dict[str, Any]) -> Evidence:
    addresses, through = known(row["addresses"]), known(row["through"])
    return Evidence(
        detector="distributed_scraping",
        attack_class="scraping",
        actor_kind=ActorKind.CAMPAIGN,
        actor_key=f"readers of {row['host'] or ''}{row['template']} as {row['agent'][:80] or 'an unnamed client'}",
        addresses=addresses,
        bucket=row["bucket"],
        first_ts=row["first_ts"],
        last_ts=row["last_ts"],
        points=min(50, 25 + len(addresses) // 2 + row["objects"] // 10),
        confidence=0.8,
        requests=row["requests"],
        succeeded=len(through),
        endpoints=(f"{row['method']} {row['template']}",),
        sentence=f"{len(addresses)} addresses with the same client asked for {row['objects']} different objects of "
        f"{row['template']} and nothing else, hardly any of them twice.",
        call_ids=known(row["ids"])[:5000],
        succeeded_ids=through[:500],
    )


DETECTOR = Detector(
    id="distributed_scraping",
    title="Several addresses copy a collection together",
    attack_class="scraping",
    owasp="API6:2023",
    window_seconds=WINDOW_SECONDS,
    detect=detect,
    why="A collection is copied by a crowd of addresses, each too slow to be noticed alone.",
    needs=("client_ip",),
)
