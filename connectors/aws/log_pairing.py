"""One request, one call: put the access line and the WAF record of a request together by request id."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from connectors.aws.log_format import LogFormat, Variables, parse_format
from connectors.aws.log_reading import LogEvent
from connectors.aws.log_sources import LogGroup, StageFormat
from connectors.aws.normalise import joined
from connectors.aws.waf_log import decode_records
from connectors.base.calls import RawBatch

_BATCH: Final = 5_000
_TIMES: Final = frozenset({"requestTimeEpoch", "requestTime"})
_IDS: Final = ("requestId", "extendedRequestId")


@dataclass(frozen=True, slots=True)
class Fetched:
    """Events of one source: all that were read, and the ids of those that are due now.

    ``patient`` are the ids due when an event has to wait for its partner (WAF records of stages with access logs).
    """

    group: LogGroup | None
    events: Sequence[LogEvent]
    own: frozenset[str]
    patient: frozenset[str] = frozenset()


@dataclass
class Batches:
    """Records by source and context, in the order they came."""

    records: dict[tuple[str, tuple[tuple[str, str], ...]], list[bytes]] = field(default_factory=dict)
    times: dict[tuple[str, tuple[tuple[str, str], ...]], list[int]] = field(default_factory=dict)
    count: int = 0

    def add(self, source: str, context: Mapping[str, str], record: bytes, at: int) -> None:
        """Add one record."""
        key = (source, tuple(sorted(context.items())))
        self.records.setdefault(key, []).append(record)
        self.times.setdefault(key, []).append(at)
        self.count += 1

    def made(self) -> Iterator[RawBatch]:
        """Batches of a bounded size."""
        for key, records in self.records.items():
            source, context = key[0], dict(key[1])
            untimed = source != "aws.waf" and _untimed(context["format"])
            for start in range(0, len(records), _BATCH):
                more = {}
                if untimed:
                    more["event_times"] = ",".join(str(at) for at in self.times[key][start : start + _BATCH])
                yield RawBatch(source, tuple(records[start : start + _BATCH]), {**context, **more})


def _untimed(text: str) -> bool:
    """Whether a format names no time, so that the log's own time of each event is needed."""
    try:
        return not parse_format(text).variables & _TIMES
    except ValueError:
        return False


def pair(access: Sequence[Fetched], waf: Sequence[Fetched], stages: frozenset[tuple[str, str]]) -> Batches:
    """Records due now. ``stages`` are those whose access lines are pulled: their WAF records wait for them."""
    batches = Batches()
    waf_lines: dict[str, bytes] = {}
    alone: list[tuple[str | None, LogEvent]] = []
    for fetched in waf:
        decoded, _ = decode_records([event.line for event in fetched.events])
        for event, record in zip(fetched.events, decoded, strict=True):
            request_id = record.httpRequest.requestId if record is not None else None
            if request_id:
                waf_lines[request_id] = event.line
            waits = record is not None and record.stage() in stages
            if event.id in (fetched.patient if waits else fetched.own):
                alone.append((request_id, event))
    seen: set[str] = set()
    for fetched in access:
        if fetched.group is not None:
            _add_access(batches, fetched.group, fetched, waf_lines, seen)
    for request_id, event in alone:
        if request_id not in seen:
            batches.add("aws.waf", {}, event.line, event.at)
    return batches


def _add_access(
    batches: Batches, group: LogGroup, fetched: Fetched, waf_lines: Mapping[str, bytes], seen: set[str]
) -> None:
    merging = any(entry.waf for entry in group.stages)
    for entry, events, rows in _by_stage(group, fetched.events):
        context = {"format": entry.format, "api_id": entry.api_id, "stage": entry.stage}
        context = {key: value for key, value in context.items() if value}
        for event, row in zip(events, rows, strict=True):
            record = None
            if merging:
                ids = [str(row[name]) for name in _IDS if row and row.get(name)]
                seen.update(ids)
                record = next((waf_lines[value] for value in ids if value in waf_lines), None)
            if event.id in fetched.own:
                source = "aws.request" if merging else "aws.access"
                batches.add(source, context, joined(event.line, record), event.at)


def _by_stage(
    group: LogGroup, events: Sequence[LogEvent]
) -> Iterator[tuple[StageFormat, list[LogEvent], list[Variables | None]]]:
    """Events by the stage format they fit. A group shared by stages with one format names them per line."""
    rest = list(events)
    formats: dict[str, list[StageFormat]] = {}
    for entry in group.stages:
        formats.setdefault(entry.format, []).append(entry)
    for number, (text, stages) in enumerate(formats.items(), 1):
        single = len(stages) == 1 and len(formats) == 1
        entry = stages[0] if single else StageFormat("", "", text)
        try:
            read, _ = parse_format(text).read([event.line for event in rest])
        except ValueError:
            yield entry, rest, [None] * len(rest)
            return
        if number == len(formats):
            yield entry, rest, read
            return
        fits = [_fits(row, stages, parse_format(text)) for row in read]
        yield (
            stages[0] if len(stages) == 1 else entry,
            [event for event, fit in zip(rest, fits, strict=True) if fit],
            [row for row, fit in zip(read, fits, strict=True) if fit],
        )
        rest = [event for event, fit in zip(rest, fits, strict=True) if not fit]


def _fits(row: Variables | None, stages: Sequence[StageFormat], log_format: LogFormat) -> bool:
    """Whether a line is of this format: every key is there, and the API it names is one of the stages'."""
    if row is None or all(value is None for value in row.values()):
        return False
    if any(row.get(name) is None for name in log_format.variables):
        return False
    api = row.get("apiId")
    return api is None or any(entry.api_id == str(api) for entry in stages)
