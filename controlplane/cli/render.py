"""Tables and JSON for the terminal."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from rich.console import Console
from rich.table import Table

console = Console()


def as_json(document: Any) -> None:
    """Print a document for programs."""
    console.print_json(json.dumps(document, default=str))


def table(title: str, columns: Sequence[str], rows: Sequence[Sequence[Any]], empty: str) -> None:
    """Print rows, or the sentence that says why there are none."""
    if not rows:
        console.print(empty)
        return
    shown = Table(title=title, title_justify="left", header_style="bold")
    for name in columns:
        shown.add_column(name, overflow="fold")
    for row in rows:
        shown.add_row(*("" if value is None else str(value) for value in row))
    console.print(shown)


def pick(rows: Sequence[Mapping[str, Any]], *names: str) -> list[list[Any]]:
    """The named values of each row; ``a.b`` reaches into an object."""
    return [[_reach(row, name) for name in names] for row in rows]


def _reach(row: Any, name: str) -> Any:
    for part in name.split("."):
        row = row.get(part) if isinstance(row, dict) else None
    return ", ".join(map(str, row)) if isinstance(row, list) else row
