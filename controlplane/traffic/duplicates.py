"""Which calls of a batch are new: a call is known by its ``call_id`` and looked for near its own time.

What is read for that grows with how busy the connection is around the batch's calls, not with what an hour or a day of
it holds: otherwise the cost of a call would grow with the rate of calls.
"""

from __future__ import annotations

from heapq import nlargest
from itertools import pairwise
from typing import Final

import pyarrow as pa
import pyarrow.compute as pc

from controlplane.traffic.engine.duck import read
from controlplane.traffic.types import MICROSECONDS, CallFilter, Window

#: Two records of one request may differ in time by this much, in µs: an access line counts whole seconds, WAF does not.
NEAR: Final = 5 * MICROSECONDS
#: Stretches of time looked at for one batch; each is a query.
MAX_STRETCHES: Final = 16
#: Whole seconds further apart than this leave something between their windows.
_PAUSE: Final = 2 * NEAR // MICROSECONDS + 1


def unseen(connection_id: str, table: pa.Table) -> pa.Table:
    """The calls this connection does not have yet within ``NEAR`` of the time they tell."""
    if not table.num_rows:
        return table
    known = [
        read("call_id", stretch, CallFilter(connection=connection_id)).column("call_id")
        for stretch in stretches(table.column("ts"))
    ]
    stored = pa.chunked_array([chunk for column in known for chunk in column.chunks], pa.string())
    if not len(stored):
        return table
    return table.filter(pc.invert(pc.is_in(table.column("call_id"), value_set=stored)))


def stretches(times: pa.ChunkedArray) -> list[Window]:
    """At most ``MAX_STRETCHES`` windows, apart from each other, that hold all times (µs) and ``NEAR`` around each.

    They part at the widest pauses, so that what lies between is read as little as may be.
    """
    ordered = sorted(pc.unique(pc.divide(times, MICROSECONDS)).to_pylist())
    wide = [at for at in range(1, len(ordered)) if ordered[at] - ordered[at - 1] > _PAUSE]
    cuts = sorted(nlargest(MAX_STRETCHES - 1, wide, key=lambda at: ordered[at] - ordered[at - 1]))
    return [
        Window(ordered[first] * MICROSECONDS - NEAR, (ordered[after - 1] + 1) * MICROSECONDS + NEAR)
        for first, after in pairwise([0, *cuts, len(ordered)])
    ]
