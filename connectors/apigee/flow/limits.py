"""How many rules a request may be compared with.

Google allows 512 KB for one value; these are smaller, since every request reads all of them (source: "Limits").
"""

from __future__ import annotations

from typing import Final

#: Entries of the key value map that hold rules; the shared flow reads so many.
PAGES: Final = 4
#: Bytes of one entry.
PAGE_BYTES: Final = 64 * 1024
#: Networks of one rule: IPv4 takes 16 bytes, IPv6 64.
NETWORKS: Final = {4: 1500, 6: 375}
#: Variables of one path template.
VARIABLES: Final = 12
#: Variables of an environment's path templates in which one is a piece of a segment: each takes a long path some 6 ms where
#: JavaScript is interpreted, and a script that takes more than 200 ms lets pass.
PIECES: Final = 10
