"""Object enumeration: one caller goes through objects of a kind that are not its own, or copies a collection.

Whose an object is shows in ordinary use: the callers that read it in hours in which they read few objects. Where
objects that are read again are read by one caller only, the collection is private. There, reading several objects
of others is broken object-level authorisation (BOLA), and reading many of one's own is nothing. Ids asked for in
order, or many refusals, are attempts at it. In shared collections only a copy of very many objects counts.
"""

from __future__ import annotations

from typing import Any, Final

import pyarrow as pa

from controlplane.detection.query import CALLER, KIND, THROUGH, kind, known, rows
from controlplane.detection.types import ActorKind, Detector, Evidence

WINDOW_SECONDS: Final = 3600
_FEW: Final = 4  # objects an ordinary caller reads in a window at most; fewer than make a suspect
_MIN_FOREIGN: Final = 5
_MIN_OBJECTS: Final = 15
_MIN_IN_ORDER: Final = 0.6
_PRIVATE: Final = 0.8
_COPY_SIGNED_IN: Final = (100, 10)  # objects, and times what others read
_COPY: Final = (20, 5)
_MOST_AGENTS: Final = 3  # more user agents at one address are several people

_SQL: Final = f"""
WITH asked AS (
    SELECT *, {CALLER} AS caller, {KIND} AS kind,
           ts // {WINDOW_SECONDS * 1_000_000} * {WINDOW_SECONDS * 1_000_000} AS bucket,
           TRY_CAST(regexp_extract(path, '(\\d{{1,18}})/?[^0-9/]*$', 1) AS BIGINT) AS number
    FROM calls WHERE template LIKE '%{{%' AND method IN ('GET', 'HEAD')
), stepped AS (
    SELECT *, number - lag(number) OVER (PARTITION BY caller, host, template, bucket ORDER BY ts) AS step FROM asked
), callers AS (
    SELECT caller, any_value(kind) AS kind, host, any_value(method) AS method, template, bucket,
           count(DISTINCT path) AS objects, count(*) AS requests,
           coalesce(avg((abs(step) = 1)::INT) FILTER (WHERE step IS NOT NULL), 0) AS in_order,
           count(*) FILTER (WHERE {THROUGH}) AS succeeded,
           count(DISTINCT path) FILTER (WHERE status IN (401, 403, 404)) AS refused,
           count(DISTINCT user_agent) AS agents, min(ts) AS first_ts, max(ts) AS last_ts,
           list(DISTINCT client_ip) AS addresses, list(call_id ORDER BY ts) AS ids,
           list(call_id ORDER BY ts) FILTER (WHERE {THROUGH}) AS through
    FROM stepped GROUP BY caller, host, template, bucket
), used AS (
    SELECT a.host, a.template, a.path, a.caller, count(*) AS reads
    FROM asked a JOIN callers c USING (caller, host, template, bucket)
    WHERE c.objects <= {_FEW} AND a.status < 400 GROUP BY ALL
), owned AS (
    SELECT host, template, path, count(*) AS people, sum(reads) AS reads, list(caller) AS owners FROM used GROUP BY ALL
), collections AS (
    SELECT host, template, avg((people = 1)::INT) FILTER (WHERE reads >= 2) AS private FROM owned GROUP BY ALL
), usual AS (
    SELECT host, template, quantile_cont(objects, 0.9) AS others, count(DISTINCT caller) AS seen,
           bool_or(kind = 'principal') AS signed FROM callers GROUP BY ALL
), held AS (
    SELECT a.caller, a.host, a.template, a.bucket,
           count(DISTINCT path) FILTER (WHERE NOT list_contains(o.owners, a.caller) AND a.status < 400) AS foreign_objects,
           count(DISTINCT path) FILTER (WHERE list_contains(o.owners, a.caller)) AS own_objects
    FROM asked a JOIN owned o USING (host, template, path) GROUP BY ALL
)
SELECT c.*, u.others, u.seen, u.signed, coalesce(p.private, 0) AS private,
       coalesce(h.foreign_objects, 0) AS foreign_objects, coalesce(h.own_objects, 0) AS own_objects
FROM callers c JOIN usual u USING (host, template) LEFT JOIN collections p USING (host, template)
LEFT JOIN held h USING (caller, host, template, bucket)
WHERE c.objects >= {_MIN_FOREIGN}
"""


def detect(calls: pa.Table) -> list[Evidence]:
    """One piece of evidence per caller, endpoint and window."""
    found = []
    for row in rows(_SQL, calls):
        verdict = _verdict(row)
        if verdict is not None:
            found.append(_evidence(row, *verdict))
    return found


def _verdict(row: dict[str, Any]) -> tuple[str, str] | None:
    """Attack class and how it was done, or None when this is ordinary."""
    objects, usual = row["objects"], row["others"]
    signed_in = row["kind"] == ActorKind.PRINCIPAL
    attack = "bola_enum" if signed_in or not row["signed"] else "scraping"
    enough = row["seen"] >= 5
    private = enough and row["private"] >= _PRIVATE
    own, foreign = row["own_objects"], row["foreign_objects"]
    if private and (signed_in or not row["signed"]) and foreign >= max(_MIN_FOREIGN, own):
        return "bola_enum", f"of which {foreign} are otherwise read by somebody else only"
    if objects < _MIN_OBJECTS or own * 2 > objects:
        return None
    if row["in_order"] >= _MIN_IN_ORDER and (not enough or objects >= 2 * usual):
        shared = enough and not private and row["private"] < 0.5 and foreign * 2 > objects
        return ("scraping" if shared else "bola_enum"), "one after the other"
    if enough and row["refused"] * 2 >= objects and objects >= 4 * usual:
        return attack, f"of which {row['refused']} were refused or absent"
    least, times = _COPY_SIGNED_IN if signed_in else _COPY
    if not enough or objects < max(least, times * usual) or (not signed_in and row["agents"] > _MOST_AGENTS):
        return None
    return "scraping", f"where others ask for up to {usual:.0f}"


def _evidence(row: dict[str, Any], attack: str, how: str) -> Evidence:
    through, objects = row["succeeded"], row["objects"]
    severe = 20 if attack == "bola_enum" and through else 0
    return Evidence(
        detector="object_enumeration",
        attack_class=attack,
        actor_kind=kind(row["kind"]),
        actor_key=row["caller"],
        addresses=known(row["addresses"]),
        bucket=row["bucket"],
        first_ts=row["first_ts"],
        last_ts=row["last_ts"],
        points=min(85, 25 + min(30, objects // 3) + severe + 10 * (row["in_order"] >= _MIN_IN_ORDER)),
        confidence=0.9 if row["foreign_objects"] >= _MIN_FOREIGN or row["in_order"] >= _MIN_IN_ORDER else 0.7,
        requests=row["requests"],
        succeeded=through,
        endpoints=(f"{row['method']} {row['template']}",),
        sentence=f"Asked for {objects} different objects of {row['template']}, {how}; {through} were answered.",
        call_ids=known(row["ids"])[:5000],
        succeeded_ids=known(row["through"])[:500],
    )


DETECTOR = Detector(
    id="object_enumeration",
    title="Going through objects",
    attack_class="bola_enum",
    owasp="API1:2023",
    window_seconds=WINDOW_SECONDS,
    history_seconds=24 * 3600,
    detect=detect,
    why="Objects of others are read one by one, or the whole collection is copied.",
    needs=("status",),
)
