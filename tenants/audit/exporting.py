"""Entries as files: CSV for people, JSON lines with everything a hash covers for verification elsewhere."""

import csv
import io
import json
from collections.abc import Iterator
from datetime import datetime
from typing import Any, Final

from tenants.audit.models import Entry
from tenants.audit.queries import entries
from tenants.audit.reading import COLUMNS
from tenants.audit.types import Filter

ROWS: Final = 1000
#: A spreadsheet takes a cell that begins so for a formula (CWE-1236); an apostrophe makes it text.
FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")
CSV_COLUMNS: Final = (
    "sequence",
    "at",
    "actor_kind",
    "actor_id",
    "actor_name",
    "action",
    "target",
    "before",
    "after",
    "reason",
    "client_address",
    "user_agent",
    "request_id",
)


def as_csv(chosen: Filter, last: int) -> Iterator[bytes]:
    """Yield the entries up to `last`, oldest first, in pieces."""
    buffer = io.StringIO()
    writer = csv.writer(buffer)
    writer.writerow(CSV_COLUMNS)
    for batch in _batches(chosen, last):
        writer.writerows([_cell(getattr(entry, name)) for name in CSV_COLUMNS] for entry in batch)
        yield _taken(buffer)
    yield _taken(buffer)


def as_json_lines(chosen: Filter, last: int) -> Iterator[bytes]:
    """Yield the entries up to `last`, oldest first, in pieces; every field, so that hashes can be recomputed."""
    for batch in _batches(chosen, last):
        yield "".join(f"{_line(entry)}\n" for entry in batch).encode()


def _batches(chosen: Filter, last: int) -> Iterator[list[Entry]]:
    """Page by sequence: each piece is a query of its own, nothing stays open between them."""
    after = 0
    while True:
        found = entries(chosen).filter(sequence__gt=after, sequence__lte=last).order_by("sequence")
        batch = list(found[:ROWS])
        if not batch:
            return
        yield batch
        after = batch[-1].sequence


def _line(entry: Entry) -> str:
    fields = {name: _plain(getattr(entry, name)) for name in COLUMNS}
    return json.dumps(fields, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def _plain(value: Any) -> Any:
    return value.isoformat(timespec="microseconds") if isinstance(value, datetime) else value


def _cell(value: Any) -> str:
    if isinstance(value, (dict, list)):
        return json.dumps(value, sort_keys=True, ensure_ascii=False)
    text = "" if value is None else str(_plain(value))
    return f"'{text}" if text.startswith(FORMULA) else text


def _taken(buffer: io.StringIO) -> bytes:
    text = buffer.getvalue()
    buffer.seek(0)
    buffer.truncate()
    return text.encode()
