"""Calls pulled from Konnect's ``POST /v2/api-requests``: windows of time, read again with an overlap.

Rows become visible late. A pull covers ``[until - OVERLAP, now - SETTLE)`` slice by slice, oldest first; what an overlap
reads twice has the same request id and is dropped at the door. Pages of one slice are counted from its beginning, so a
slice that holds many rows is halved and asked for again. Source: Konnect "API Request Analytics" OpenAPI description
(absolute time range, ``size``, ``offset``, ``order``; filter by control plane, or by control plane group).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import orjson

from connectors.base.calls import RawBatch
from connectors.base.capabilities import Cursor
from connectors.base.errors import VendorAnswerError
from connectors.base.model import ConfigSnapshot
from connectors.kong.client import BadRequest
from connectors.kong.control_plane import GROUP, ControlPlaneApi
from connectors.kong.konnect import SOURCE

#: Rows of one answer.
PAGE: Final = 1000
#: Rows of one slice; more are read only of a slice that cannot be halved.
SLICE_ROWS: Final = 10_000
OVERLAP: Final = timedelta(minutes=10)
SETTLE: Final = timedelta(minutes=2)
#: How far back the first pull reads.
BACKFILL: Final = timedelta(hours=24)
SLICE: Final = timedelta(hours=1)
#: Kept in every plan; where Konnect refuses an older start, reading goes on here and the gap is told once.
KEPT: Final = timedelta(hours=23)
#: A pull this soon after the last one has nothing new to ask for.
PAUSE: Final = timedelta(minutes=1)
_SHORTEST: Final = timedelta(seconds=1)


class _TooMany(Exception):
    """A slice holds more rows than are read at once."""


def pull(
    api: ControlPlaneApi,
    cursor: Cursor,
    snapshot: ConfigSnapshot | None,
    now: datetime,
    most: int = SLICE_ROWS,
) -> Iterator[tuple[RawBatch, Cursor]]:
    """Batches, each with the cursor (``{"until": time}``) that is true once it is stored; ``most`` rows in a slice."""
    end = (now - SETTLE).replace(microsecond=0)
    reached = datetime.fromisoformat(str(cursor["until"])) if cursor.get("until") else None
    if reached is not None and end - reached < PAUSE:
        return
    context = _names(api, snapshot)
    start, width = (min(reached, end) - OVERLAP if reached else end - BACKFILL), SLICE
    while start < end:
        until = min(start + width, end)
        try:
            rows = _rows(api, start, until, most if until - start > _SHORTEST else None)
        except BadRequest as error:
            if start > end - BACKFILL:
                raise  # not for its age
            kept = end - KEPT
            if reached is not None:
                yield RawBatch(SOURCE, (), context), {"until": _written(kept)}
                raise _gap(max(start, reached), kept) from error
            start, width = kept, SLICE
            continue
        except _TooMany:
            width = max(_SHORTEST, timedelta(seconds=(until - start).total_seconds() // 2))
            continue
        if rows or until == end:
            yield (
                RawBatch(SOURCE, tuple(orjson.dumps(row) for row in rows), context),
                {"until": _written(until)},
            )
        start, width = until, min(width * 2, SLICE)


def _gap(reached: datetime, kept: datetime) -> VendorAnswerError:
    return VendorAnswerError(
        f"Konnect does not give the requests after {_written(reached)} any more; "
        f"reading goes on at {_written(kept)}.",
        unchanged="Requests between the two are missing unless another log brings them.",
        action="Nothing has to be done; keep the connection enabled so that it is read within Konnect's retention.",
    )


def ask_one(api: ControlPlaneApi) -> None:
    """Ask for one row of the last seconds, to see whether the token may."""
    now = datetime.now(UTC)
    _page(api, _query(api, now - timedelta(seconds=10), now, 1, 0))


def _rows(api: ControlPlaneApi, start: datetime, until: datetime, most: int | None) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    while True:
        page = _page(api, _query(api, start, until, PAGE, len(found)))
        found += page
        if len(page) < PAGE:
            return found
        if most is not None and len(found) >= most:
            raise _TooMany


def _query(api: ControlPlaneApi, start: datetime, until: datetime, size: int, offset: int) -> dict[str, Any]:
    """A row names the member that has the route as its control plane, and the group it was served in beside it."""
    field = "control_plane_group" if api.kind == GROUP else "control_plane"
    return {
        "time_range": {"type": "absolute", "start": _written(start), "end": _written(until)},
        "filters": [{"field": field, "operator": "in", "value": [api.control_plane["id"]]}],
        "order": "ascending",
        "size": size,
        "offset": offset,
    }


def _page(api: ControlPlaneApi, query: Mapping[str, Any]) -> list[dict[str, Any]]:
    rows = api.requests(query).get("results")
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise VendorAnswerError("Konnect's answer about API requests has no list of results.")
    return rows


def _names(api: ControlPlaneApi, snapshot: ConfigSnapshot | None) -> dict[str, str]:
    """What rows give by id alone: the control plane's name, and the consumers' as last read."""
    consumers = snapshot.consumers if snapshot else ()
    return {"workspace": api.workspace, **{f"consumer:{entry.ref}": entry.name for entry in consumers}}


def _written(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
