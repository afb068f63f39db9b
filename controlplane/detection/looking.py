"""Look at stored calls: bounded spans of whole buckets, each with the history its detectors compare with."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import pyarrow as pa
import pyarrow.compute as pc

from controlplane.detection.detectors import detectors
from controlplane.detection.merging import merged
from controlplane.detection.types import DETECTOR_COLUMNS, Detector, Evidence
from controlplane.inventory import queries as inventory
from controlplane.traffic import engine
from controlplane.traffic.types import MICROSECONDS, Window

#: Calls looked at at once; history comes on top, up to as many again. One bucket is never divided.
MAX_CALLS: Final = 250_000


@dataclass(frozen=True, slots=True)
class Looked:
    """What a look found, over which window, and the ids of all calls that were looked at."""

    window: Window
    evidence: tuple[Evidence, ...]
    call_ids: frozenset[str]


def labelled_calls(calls: pa.Table) -> pa.Table:
    """The calls with a ``template`` column; null where a call belongs to no known endpoint."""
    templates = inventory.templates_of(calls.column("method"), calls.column("host"), calls.column("path"))
    return calls.append_column("template", templates)


def looks(window: Window, max_calls: int = MAX_CALLS) -> Iterator[Looked]:
    """Every detector's evidence on ``window``, widened to whole buckets, span by span so that memory is bounded."""
    step = max(detector.window_seconds for detector in detectors().values())
    for span in spans(window, step, max_calls):
        yield _look(span, step, max_calls)


def spans(window: Window, step_seconds: int, max_calls: int) -> list[Window]:
    """Consecutive whole buckets of ``step_seconds`` with up to ``max_calls`` calls each; empty stretches are skipped."""
    step = step_seconds * MICROSECONDS
    whole = Window(window.start // step * step, -(-window.end // step) * step)
    counted = engine.series(whole, step_seconds).to_pylist()
    found: list[Window] = []
    held = 0
    for row in counted:
        if found and held + row["calls"] <= max_calls:
            found[-1] = Window(found[-1].start, row["bucket"] + step)
            held += row["calls"]
        else:
            found.append(Window(row["bucket"], row["bucket"] + step))
            held = row["calls"]
    return found


def _look(span: Window, step: int, max_calls: int) -> Looked:
    since = _history_start(span, step, max_calls)
    calls = labelled_calls(engine.calls(Window(since, span.end), columns=DETECTOR_COLUMNS))
    pieces: list[Evidence] = []
    for detector in detectors().values():
        pieces.extend(
            piece for piece in detector.detect(_part(calls, detector, span)) if piece.bucket >= span.start
        )
    ids = frozenset(_since(calls, span.start).column("call_id").to_pylist())
    return Looked(span, tuple(merged(pieces)), ids)


def _history_start(span: Window, step: int, max_calls: int) -> int:
    """How far back history goes: what detectors ask for, but no more than ``max_calls`` calls."""
    longest = max(detector.history_seconds for detector in detectors().values()) * MICROSECONDS
    start, held = span.start, 0
    for row in reversed(engine.series(Window(span.start - longest, span.start), step).to_pylist()):
        held += row["calls"]
        if held > max_calls:
            break
        start = row["bucket"]
    return max(start, span.start - longest)


def _part(calls: pa.Table, detector: Detector, span: Window) -> pa.Table:
    return _since(calls, span.start - detector.history_seconds * MICROSECONDS)


def _since(calls: pa.Table, start: int) -> pa.Table:
    return calls.filter(pc.greater_equal(calls.column("ts"), start))
