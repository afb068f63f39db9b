"""Limits of security actions (sources: apigee v1 discovery document; "Security actions", "Security Actions API").

Numbers that Google may change stand here alone. Not yet compared with a real organization: how many countries and AS
numbers one action takes, for which no limit is documented.
"""

from __future__ import annotations

from typing import Final

#: Actions that can be enabled in an environment, and of them those for chosen proxies.
ENABLED: Final = 1000
SCOPED: Final = 100
#: Of these we leave some free: an action is created before the one it takes the place of is removed.
SPARE: Final = 10
#: Values of one condition.
RANGES: Final = 100
VALUES: Final = 1000
#: Kinds of conditions that can be combined in one action.
KINDS: Final = 2
METHODS: Final = ("CONNECT", "DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT", "TRACE")
#: Actions one block may take.
ACTIONS_PER_INTENT: Final = 50
#: Addresses share actions whose ends lie within this many seconds; it may take twice that until an action works.
SHARED_END: Final = 300
