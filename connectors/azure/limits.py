"""Azure's limits of custom rules that we keep to.

Sources: "Azure subscription and service limits" (Front Door WAF, Application Gateway WAF), "Rate limiting overview" of
both products.
"""

from __future__ import annotations

from typing import Final

#: Custom rules in one policy, and the priorities a gateway's policy takes.
CUSTOM_RULES: Final = 100
GATEWAY_PRIORITIES: Final = 100
#: Addresses in one condition; gateways with a rule set older than CRS 3.2 take fewer.
ADDRESSES: Final = 600
ADDRESSES_OLD_ENGINE: Final = 540
#: Texts in one condition and characters of each; conditions in one rule.
STRINGS: Final = 10
STRING_LENGTH: Final = 256
CONDITIONS: Final = 10
#: Windows of a rate limit, seconds.
RATE_WINDOWS: Final = (60, 300)
#: Below this many requests a window Front Door counts too coarsely to be relied on.
COARSE_BELOW: Final = 200
