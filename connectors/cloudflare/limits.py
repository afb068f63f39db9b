"""What a zone's plan takes, as far as our rules depend on it.

Sources: Cloudflare docs "Custom rules" and "Rate limiting rules" (availability), "Custom lists", "Operators",
"Actions". Where a contract differs, Cloudflare refuses the write and says so; nothing is weakened.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

EXPRESSION_LENGTH: Final = 4096
#: Shortest and longest prefix of an address list's items, by IP version; rules themselves take any.
LIST_PREFIXES: Final = {4: (8, 32), 6: (4, 64)}
#: Items we write in one request; Cloudflare allows 10,000 changes in five minutes.
ITEMS_PER_WRITE: Final = 1000

_PERIODS: Final = (10, 15, 20, 30, 40, 45, 60, 90, 120, 180, 240, 300, 480, 600, 900, 1200, 1800, 2400, 3600)

#: Conditions a rate rule may have on smaller plans, by the names of ``Match``'s fields; None is all.
_PATHS: Final = frozenset({"path_templates"})
_HOSTS: Final = _PATHS | {"hosts"}
_CLIENTS: Final = _HOSTS | {"methods", "networks", "user-agent"}


@dataclass(frozen=True, slots=True)
class PlanLimits:
    """One plan: numbers of rules, lists and items, the longest counting period (s), and what expressions may use."""

    custom_rules: int
    rate_rules: int
    longest_period: int
    lists: int
    list_items: int
    patterns: bool
    counts: bool
    rate_conditions: frozenset[str] | None

    def periods(self) -> tuple[int, ...]:
        """Counting periods of the plan, shortest first."""
        return tuple(period for period in _PERIODS if period <= self.longest_period)


PLANS: Final = {
    "free": PlanLimits(5, 1, 10, 1, 10_000, False, False, _PATHS),
    "pro": PlanLimits(20, 2, 60, 10, 10_000, False, False, _HOSTS),
    "business": PlanLimits(100, 5, 600, 10, 10_000, True, False, _CLIENTS),
    "enterprise": PlanLimits(1000, 100, 3600, 1000, 500_000, True, True, None),
}
