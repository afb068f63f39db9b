"""User enumeration: one address asks sign-up, reset or lookup endpoints about many names to learn which exist."""

from __future__ import annotations

from typing import Any, Final

import pyarrow as pa

from controlplane.detection.query import known, rows
from controlplane.detection.types import ActorKind, Detector, Evidence

WINDOW_SECONDS: Final = 600
_MIN_ASKED: Final = 15
_MIN_REFUSED: Final = 0.5
_TIMES_OTHERS: Final = 5
_MOST_AGENTS: Final = 3

#: Endpoints whose answer tells whether a name, address or number is known.
_ASKS: Final = (
    r"(?i)(^|[/_.-])(register|registration|sign-?up|forgot|forgot-?password|password-?reset|reset-?password|recover|"
    r"recovery|exists?|availability|available|check-?(user(name)?|e?-?mail|phone|account)|lookup|resend)(/?$|[/_.-])"
)

# Sign-ups that succeed are sign-ups, of however many people behind one address.
_SQL: Final = f"""
WITH asked AS (
    SELECT *, coalesce(template, path) AS place,
           ts // {WINDOW_SECONDS * 1_000_000} * {WINDOW_SECONDS * 1_000_000} AS bucket
    FROM calls WHERE client_ip IS NOT NULL AND regexp_matches(coalesce(template, path), '{_ASKS}') AND status < 500
), addresses AS (
    SELECT client_ip, host, place, bucket, any_value(method) AS method, count(*) AS asked,
           count(*) FILTER (WHERE status >= 400) AS refused, count(DISTINCT user_agent) AS agents,
           count(DISTINCT (status, response_bytes)) AS answers,
           regexp_matches(place, '(?i)regist|sign-?up') AS sign_up, min(ts) AS first_ts, max(ts) AS last_ts,
           list(call_id ORDER BY ts) AS ids, list(call_id ORDER BY ts) FILTER (WHERE status < 400) AS through
    FROM asked GROUP BY client_ip, host, place, bucket
), usual AS (
    SELECT host, place, quantile_cont(asked, 0.9) AS others, count(DISTINCT client_ip) AS seen FROM addresses GROUP BY ALL
)
SELECT * FROM addresses JOIN usual USING (host, place)
WHERE asked >= {_MIN_ASKED} AND agents <= {_MOST_AGENTS} AND (
    refused >= {_MIN_REFUSED} * asked OR (NOT sign_up AND answers >= 2 AND seen >= 5 AND asked >= {_TIMES_OTHERS} * others)
)
"""


def detect(calls: pa.Table) -> list[Evidence]:
    """One piece of evidence per address, endpoint and window."""
    return [_evidence(row) for row in rows(_SQL, calls)]


def _evidence(row: dict[str, Any]) -> Evidence:
    through = known(row["through"])
    return Evidence(
        detector="user_enumeration",
        attack_class="user_enumeration",
        actor_kind=ActorKind.IP,
        actor_key=row["client_ip"],
        addresses=(row["client_ip"],),
        bucket=row["bucket"],
        first_ts=row["first_ts"],
        last_ts=row["last_ts"],
        points=min(45, 25 + row["asked"] // 10),
        confidence=0.7,
        requests=row["asked"],
        succeeded=len(through),
        endpoints=(f"{row['method']} {row['place']}",),
        sentence=f"Asked {row['place']} {row['asked']} times from one address; the {row['answers']} different answers "
        "can tell which accounts exist.",
        call_ids=known(row["ids"])[:5000],
        succeeded_ids=through[:500],
    )


DETECTOR = Detector(
    id="user_enumeration",
    title="Finding out which accounts exist",
    attack_class="user_enumeration",
    owasp="API2:2023",
    window_seconds=WINDOW_SECONDS,
    history_seconds=24 * 3600,
    detect=detect,
    why="Names that exist are collected before passwords are tried on them.",
    spoofable=True,
    needs=("client_ip", "status"),
)
