"""API tokens with the permission groups they hold, and the budget of requests of their owner.

Sources: "API token permissions" (names of groups; Write includes Read), "Rate limits" (1,200 requests per five minutes).
"""

import hashlib
import time
from collections import deque
from dataclasses import dataclass, field

from werkzeug.wrappers import Request

from connectors.testkit.doubles.cloudflare.envelope import ApiError

ALL = frozenset(
    f"{name} {level}"
    for name in (
        "Zone", "Zone Settings", "DNS", "Zone WAF", "API Gateway", "SSL and Certificates", "Logs", "Analytics",
        "Account Rule Lists", "Account Settings",
    )
    for level in ("Read", "Write")
)  # fmt: skip


def presented(request: Request) -> str:
    """The token a request carries, or empty."""
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    return token if scheme == "Bearer" else ""


def token_id(token: str) -> str:
    """The id of a token, which is no secret."""
    return hashlib.sha256(token.encode()).hexdigest()[:32]


@dataclass
class Tokens:
    """Which token may do what; ``budget`` requests per ``window_s`` for all of them together."""

    granted: dict[str, frozenset[str]] = field(default_factory=dict)
    budget: int = 1200
    window_s: float = 300.0
    _asked: "deque[float]" = field(default_factory=deque)

    def scopes(self, request: Request) -> frozenset[str]:
        """The permission groups of the token a request carries; 400, 401 or 429 when it is not to be answered."""
        token = presented(request)
        if not token:
            raise ApiError(400, 9106, "Missing X-Auth-Key, X-Auth-Email or Authorization headers")
        if token not in self.granted:
            raise ApiError(401, 1000, "Invalid API Token")
        clock = time.monotonic()
        while self._asked and self._asked[0] <= clock - self.window_s:
            self._asked.popleft()
        if len(self._asked) >= self.budget:
            wait = max(1, round(self.window_s - (clock - self._asked[0])))
            raise ApiError(
                429, 971, "Please wait and consider throttling your request speed", {"retry-after": str(wait)}
            )
        self._asked.append(clock)
        return self.granted[token]


def check(granted: frozenset[str], needed: str) -> None:
    """403 when a permission group is missing; Write includes Read."""
    name, _, level = needed.rpartition(" ")
    if needed not in granted and not (level == "Read" and f"{name} Write" in granted):
        raise ApiError(403, 10000, "Authentication error")
