"""Calls as detectors get them, for tests: sparse rows in, a table of ``DETECTOR_COLUMNS`` plus ``template`` out."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pyarrow as pa

from connectors.base.calls import CALL_SCHEMA
from controlplane.detection.types import DETECTOR_COLUMNS

#: The start of a UTC day (µs), hence of every detector's bucket.
START = 1_790_000_000_000_000 // 86_400_000_000 * 86_400_000_000
SECOND = 1_000_000

SCHEMA = pa.schema(
    [*(CALL_SCHEMA.field(name) for name in DETECTOR_COLUMNS), pa.field("template", pa.string())]
)
_BASE: dict[str, Any] = {
    "connection": "con_1",
    "host": "api.example.com",
    "method": "GET",
    "query": "",
    "client_ip": "198.18.0.1",
    "user_agent": "Shop/3.1 (iOS 17.5)",
    "status": 200,
    "response_bytes": 400,
    "signatures": [],
    "signature_score": 0,
}


def table(rows: Iterable[dict[str, Any]]) -> pa.Table:
    """Rows in order of time; ``at`` is seconds after ``START``, ``path`` defaults to the template."""
    made = []
    for number, row in enumerate(rows):
        call = {**_BASE, "call_id": f"c{number}", "ts": START + int(row.get("at", number) * SECOND), **row}
        call.setdefault("template", call.get("path"))
        call.setdefault("path", call["template"])
        call.pop("at", None)
        made.append(call)
    return pa.Table.from_pylist(made, schema=SCHEMA).sort_by("ts")


def call(path: str, template: str | None = None, **values: Any) -> dict[str, Any]:
    """One call; ``template`` defaults to the path itself."""
    return {"path": path, "template": path if template is None else template, **values}


def readers(template: str, count: int, each: int = 2, **values: Any) -> list[dict[str, Any]]:
    """``count`` signed-in people who each read ``each`` objects of their own, one minute apart."""
    return [
        call(
            template.replace("{id}", str(1000 + person * 50 + number)),
            template,
            principal=f"reader-{person}",
            client_ip=f"198.18.{person // 200}.{person % 200 + 10}",
            at=person * 7 + number * 60,
            **values,
        )
        for person in range(count)
        for number in range(each)
    ]
