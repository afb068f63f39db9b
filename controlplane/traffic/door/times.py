"""Where in time a call may lie: late ones keep their own time, ones from the future are a clock gone wrong."""

from __future__ import annotations

from typing import Final

import pyarrow as pa
import pyarrow.compute as pc

from connectors.base.calls import Quarantined
from controlplane.traffic.types import MICROSECONDS

#: How far ahead of ours a sender's clock may be. Beyond, a call would count as the newest for as long as it lies ahead.
MAX_AHEAD_SECONDS: Final = 86_400


def not_from_the_future(table: pa.Table, received_at: int) -> tuple[pa.Table, tuple[Quarantined, ...]]:
    """The calls that happened at most a day after they were received (µs), and the others with the reason."""
    ahead = pc.greater(table.column("ts"), received_at + MAX_AHEAD_SECONDS * MICROSECONDS)
    wrong = table.filter(ahead)
    if not wrong.num_rows:
        return table, ()
    reason = "the call lies more than a day in the future: check the clock and the time zone of the gateway"
    told = tuple(Quarantined(reason, f"{ts} µs since 1970") for ts in wrong.column("ts").to_pylist())
    return table.filter(pc.invert(ahead)), told
