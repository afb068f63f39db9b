"""Sign-in attempts and whether each failed, also where the API answers 200 to a wrong password.

An endpoint is a sign-in when its path says so. A refusal status is a failure. Where an endpoint's attempts are
mostly answered with success, the answer's size tells: the sizes after which the same address goes on with
authenticated calls before it tries again are successes, the others failures; without such a contrast the
outcome stays unknown. Server errors that many addresses get
are an outage and say nothing about passwords.
"""

from __future__ import annotations

from typing import Final

import pyarrow as pa

from controlplane.detection.query import rows

#: Paths of sign-in, one-time codes and password reset, as words of a path.
SIGN_IN: Final = (
    r"(?i)(^|[/_.-])(log-?in|log-?on|sign-?in|authenticate|auth|oauth2?/token|token|sessions?|otp|2fa|mfa|verify|"
    r"verification|totp|passcode|pin|password-?reset|reset-?password|forgot(-?password)?)(/?$|[/_.-])"
)
#: Of these, the ones that ask for a one-time code.
ONE_TIME: Final = r"(?i)(^|[/_.-])(otp|totp|2fa|mfa|verify|verification|passcode|pin)(/?$|[/_.-])"
#: Server errors for so many addresses, half of all, are an outage.
_OUTAGE_ADDRESSES: Final = 5
_FOLLOWED_WITHIN_US: Final = 60_000_000
_FOLLOWED_SHARE: Final = 0.5

_SQL: Final = f"""
WITH attempts AS (
    SELECT call_id, ts, host, method, coalesce(template, path) AS place, client_ip, user_agent, principal, status,
           coalesce(response_bytes, -1) AS size, waf_action
    FROM calls
    WHERE method IN ('POST', 'PUT') AND regexp_matches(coalesce(template, path), '{SIGN_IN}') AND client_ip IS NOT NULL
), outages AS (
    SELECT host, place, ts // 600000000 AS bucket FROM attempts GROUP BY ALL
    HAVING count(DISTINCT client_ip) FILTER (WHERE status >= 500) >= {_OUTAGE_ADDRESSES}
       AND count(DISTINCT client_ip) FILTER (WHERE status >= 500) * 2 >= count(DISTINCT client_ip)
), later AS (
    SELECT client_ip, ts FROM calls WHERE principal IS NOT NULL AND status < 400
), followed AS (
    SELECT a.*, (l.ts IS NOT NULL AND l.ts - a.ts <= {_FOLLOWED_WITHIN_US}
                 AND (a.again IS NULL OR l.ts < a.again)) AS goes_on
    FROM (
        SELECT *, lead(ts) OVER (PARTITION BY client_ip, place ORDER BY ts) AS again FROM attempts
    ) a ASOF LEFT JOIN later l ON a.client_ip = l.client_ip AND a.ts <= l.ts
), sizes AS (
    SELECT host, place, size, avg(goes_on::INT) AS share, count(*) AS seen
    FROM followed WHERE status < 400 GROUP BY ALL
), contrast AS (
    SELECT host, place, max(share) AS best FROM sizes WHERE seen >= 5 GROUP BY ALL
)
SELECT f.call_id, f.ts, f.host, f.method, f.place, f.client_ip, f.user_agent, f.status,
       CASE WHEN f.waf_action = 'BLOCK' OR f.status = 429 THEN 'blocked'
            WHEN f.status >= 500 AND EXISTS (
                SELECT 1 FROM outages o WHERE o.host = f.host AND o.place = f.place AND o.bucket = f.ts // 600000000
            ) THEN 'unknown'
            WHEN f.status >= 400 THEN 'failed'
            WHEN c.best >= {_FOLLOWED_SHARE} AND s.share < c.best / 3 THEN 'failed'
            WHEN c.best >= {_FOLLOWED_SHARE} THEN 'succeeded'
            WHEN f.status < 400 AND EXISTS (
                SELECT 1 FROM followed x WHERE x.host = f.host AND x.place = f.place AND x.status IN (401, 403)
            ) THEN 'succeeded'
            ELSE 'unknown' END AS outcome
FROM followed f
LEFT JOIN sizes s ON f.host = s.host AND f.place = s.place AND f.size = s.size AND f.status < 400
LEFT JOIN contrast c ON f.host = c.host AND f.place = c.place
ORDER BY f.ts
"""


def attempts(calls: pa.Table) -> pa.Table:
    """One row per attempt: call_id, ts, host, method, place, client_ip, user_agent, status, outcome.

    ``outcome`` is failed, succeeded, blocked or unknown.
    """
    found = rows(_SQL, calls)
    names = ["call_id", "ts", "host", "method", "place", "client_ip", "user_agent", "status", "outcome"]
    types = [pa.string(), pa.int64(), *([pa.string()] * 5), pa.int16(), pa.string()]
    return pa.Table.from_pylist(found, schema=pa.schema(list(zip(names, types, strict=True))))
