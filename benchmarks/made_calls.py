"""Calls made by rule, for measurements at scale: one day at a time, the same for the same arguments.

Three connections of 91 endpoints each with popularity by Zipf's rule, numbers and UUIDs in paths, 200 000 principals of
which few are busy, sessions of about twelve calls that mostly follow a habit, sign-ins of which one in seven fails,
latencies by endpoint with a long tail, a quiet night. DuckDB makes them; ``hash`` is the only source of chance.
"""

from __future__ import annotations

from typing import Final

import duckdb
import pyarrow as pa

from connectors.base.calls import CALL_SCHEMA

DAY: Final = 86_400_000_000
CONNECTIONS: Final = ("con_1", "con_2", "con_3")
HOSTS: Final = ("api.example.com", "shop.example.com", "partner.example.com")
#: The pattern of the sign-in paths below.
SIGN_IN: Final = "/login$"
_RESOURCES: Final = (
    "orders users carts products invoices payments reviews shipments devices tickets teams reports files events "
    "alerts"
)

_CHANCE = """
CREATE OR REPLACE MACRO u(a, b, c) AS (hash(a, b, c) % 16777213) / 16777213.0;
CREATE OR REPLACE MACRO hex32(kind, n) AS md5(kind || n);
CREATE OR REPLACE TABLE endpoints AS
    SELECT (row_number() OVER ()) - 1 AS e, * FROM (
        SELECT 'POST' AS method, '/v1/login' AS head, 0 AS kind, '' AS tail UNION ALL
        SELECT m.method, '/v1/' || r.name || m.head, m.kind, m.tail FROM (SELECT unnest(string_split($1, ' ')) AS name) r,
            (VALUES ('GET', '', 0, ''), ('POST', '', 0, ''), ('GET', '/', 1, ''), ('PATCH', '/', 1, ''),
                ('GET', '/', 2, '/items'), ('DELETE', '/', 2, '')) AS m(method, head, kind, tail))
"""

_CALLS = """
WITH sessions AS (
    SELECT s, CAST(floor(pow(u(s, $d, 1), 4) * 200000) AS BIGINT) AS p, CAST(1 - ln(1 - u(s, $d, 2)) * 11.5 AS INTEGER) AS n,
        u(s, $d, 3) AS when_, u(s, $d, 4) AS quiet, s % 3 AS c,
        CAST(floor(pow(u(s, $d, 5), 3) * 91) AS INTEGER) AS habit
    FROM range($sessions) AS r(s)),
steps AS (
    SELECT *, unnest(range(n)) AS k FROM sessions),
placed AS (
    SELECT s, p, c, k, u(s, k, $d) AS chance, u(s, k, $d + 7) AS chance2, u(s, k, $d + 9) AS chance3,
        $d * 86400000000 + CAST(((CASE WHEN quiet < 0.7 THEN 0.3 + when_ * 0.6 ELSE when_ END) * 82000
            + k * 15 + u(s, k, $d + 3) * 14) * 1000000 AS BIGINT) AS ts,
        CASE WHEN k = 0 AND u(s, 2, $d) < 0.3 THEN 0 WHEN u(s, k, $d + 5) < 0.75 THEN (habit + k * 7) % 91
            ELSE CAST(floor(pow(u(s, k, $d + 6), 3) * 91) AS INTEGER) END AS e
    FROM steps WHERE k * 15 < 4300),
calls AS (
    SELECT p.*, method, head, kind, tail, CAST(floor(pow(chance2, 2) * 200000) AS BIGINT) AS object,
        CASE WHEN p.e = 0 AND chance < 0.15 THEN 401 WHEN chance < 0.9 THEN 200 WHEN chance < 0.93 THEN 201
            WHEN chance < 0.96 THEN 404 WHEN chance < 0.98 THEN 403 WHEN chance < 0.995 THEN 500 ELSE 429 END AS status,
        round(exp(2 + (p.e * 37 % 91) / 26.0 + sqrt(-2 * ln(1 - chance3)) * cos(6.2831853 * chance) * 0.5)) AS ms
    FROM placed p JOIN endpoints USING (e))
SELECT md5(ts || '-' || s || '-' || k) AS call_id, ts, 'gw-' || c AS gateway, 'prod' AS stage, ($hosts)[c + 1] AS host,
    method, head || CASE kind WHEN 0 THEN '' WHEN 1 THEN CAST(100000 + object * 7 AS VARCHAR)
        ELSE CAST(CAST(md5('o' || object) AS UUID) AS VARCHAR) END || tail AS path,
    '198.' || 18 + p % 2 || '.' || (p * 31 + s % 3) % 256 || '.' || p // 7 % 256 AS client_ip, 'peer' AS client_ip_trust,
    CASE WHEN e > 0 AND chance2 > 0.08 THEN 'user' END AS principal_kind,
    CASE WHEN e > 0 AND chance2 > 0.08 THEN md5('p' || p) END AS principal, md5('s' || s) AS session,
    'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/' || p % 300 || '.0 Safari' AS user_agent,
    status, ms AS latency_ms, status AS upstream_status, greatest(ms - 2, 0) AS upstream_latency_ms,
    100 + hash(s, k) % 1900 AS request_bytes, CAST(exp(5 + chance2 * 4) AS BIGINT) AS response_bytes,
    'application/json' AS response_content_type, e > 0 AND chance2 > 0.08 AS auth_present,
    ($connections)[c + 1] AS connection, ts // 60000000 * 60000000 + 60000000 AS received_at
FROM calls ORDER BY ts
"""


def maker() -> duckdb.DuckDBPyConnection:
    """What ``day`` needs, once."""
    made = duckdb.connect(config={"threads": 2, "memory_limit": "4GB"})
    first, second, third = _CHANCE.split(";")
    made.execute(first)
    made.execute(second)
    made.execute(third, [_RESOURCES])
    return made


def day(made: duckdb.DuckDBPyConnection, number: int, calls: int) -> pa.Table:
    """About ``calls`` calls of a day (counted from the epoch) as they stand in segments, in order of event time."""
    values = {
        "d": number,
        "sessions": max(1, calls // 12),
        "hosts": list(HOSTS),
        "connections": list(CONNECTIONS),
    }
    rows = made.sql(_CALLS, params=values).to_arrow_table()
    columns = {
        field.name: rows.column(field.name).cast(field.type)
        if field.name in rows.column_names
        else pa.nulls(rows.num_rows, field.type)
        for field in CALL_SCHEMA
    }
    return pa.table(columns, schema=CALL_SCHEMA)
