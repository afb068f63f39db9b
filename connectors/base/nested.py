"""Formats whose lines hold several records: taken apart before they are read, numbered by their line after."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from connectors.base.calls import CallBatch, RawBatch
from connectors.base.columns import whole

#: The records inside of one, or None when it is a record itself (or nothing that can be taken apart).
Split = Callable[[bytes], Sequence[bytes] | None]


def normalise_nested(batch: RawBatch, split: Split, run: Callable[[RawBatch], CallBatch]) -> CallBatch:
    """``run`` over the records inside the batch's records. What is quarantined keeps the number of its line."""
    records: list[bytes] = []
    places: list[int] = []
    for place, record in enumerate(batch.records):
        inside = split(record)
        found = (record,) if inside is None else inside
        records += found
        places += [place] * len(found)
    if len(records) == len(batch.records) and places == list(range(len(records))):
        return run(replace(batch, records=tuple(records)))
    first = whole(batch.context.get("first_line"))
    found_batch = run(replace(batch, records=tuple(records), context={**batch.context, "first_line": "0"}))
    aside = tuple(
        replace(entry, line=None if first is None or entry.line is None else first + places[entry.line])
        for entry in found_batch.quarantined
    )
    return CallBatch(batch.source, found_batch.table, aside)
