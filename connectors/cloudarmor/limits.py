"""Cloud Armor's limits (sources: compute v1 discovery document; "Quotas and limits"; "Rate limiting overview").

Numbers that Google may change stand here alone. Not yet compared with a real project: the 1,024 characters of a
subexpression and the capacity of an address group.
"""

from __future__ import annotations

from typing import Final

#: Ranges of one basic rule (SRC_IPS_V1).
RANGES: Final = 10
#: Characters of a rule's description.
DESCRIPTION: Final = 64
#: Conditions joined by && and || in one expression, characters of it and of each of them.
SUBEXPRESSIONS: Final = 5
EXPRESSION: Final = 2048
SUBEXPRESSION: Final = 1024
#: Seconds over which a rate may be counted, and the most requests in them.
INTERVALS: Final = (10, 30, 60, 120, 180, 240, 270, 300, 600, 900, 1200, 1800, 2700, 3600)
COUNT: Final = 1_000_000
#: The rule every policy ends with.
DEFAULT_PRIORITY: Final = 2**31 - 1
#: What an address group of ours is made for; it cannot grow afterwards.
GROUP_CAPACITY: Final = 1000
#: Rules one intent may take; more would use up a project's quota for one block.
RULES_PER_INTENT: Final = 30
