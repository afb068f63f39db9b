"""What a zone's plan includes.

Sources: Cloudflare docs "Custom rules" and "Rate limiting rules", availability; "Lists", availability; "Operators"
(regular expressions); "Actions" (log).
"""

from dataclasses import dataclass

PERIODS = (
    10, 15, 20, 30, 40, 45, 60, 90, 120, 180, 240, 300, 480, 600, 900, 1200, 1800, 2400, 3600, 65535,
)  # fmt: skip
TIMEOUTS = (*PERIODS, 86400)
_PATH = {"http.request.uri.path", "cf.bot_management.verified_bot"}
_URI = _PATH | {"http.host", "http.request.uri", "http.request.full_uri", "http.request.uri.query"}
_CLIENT = _URI | {"http.request.method", "ip.src", "http.user_agent"}


@dataclass(frozen=True)
class Plan:
    """One plan's limits. ``rate_fields`` None: every request field may be used in rate limits."""

    name: str
    custom_rules: int
    rate_rules: int
    longest_period: int
    longest_timeout: int
    lists: int
    list_items: int
    regex: bool
    log_action: bool
    rate_fields: frozenset[str] | None
    api_shield: bool
    logpush: bool


PLANS = {
    "free": Plan("Free Website", 5, 1, 10, 10, 1, 10_000, False, False, frozenset(_PATH), False, False),
    "pro": Plan("Pro Website", 20, 2, 60, 3600, 10, 10_000, False, False, frozenset(_URI), False, False),
    "business": Plan(
        "Business Website", 100, 5, 600, 86400, 10, 10_000, True, False, frozenset(_CLIENT), False, False
    ),
    "enterprise": Plan(
        "Enterprise Website", 1000, 100, 65535, 86400, 1000, 500_000, True, True, None, True, True
    ),
}
