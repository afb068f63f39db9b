"""Calls of a window summed per endpoint, at canonical addresses and learnt templates."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass

import pyarrow as pa

from controlplane.inventory.addresses import AddressBook, Alias
from controlplane.inventory.models import HostAlias, TemplateState
from controlplane.inventory.templates import TemplateModel
from controlplane.inventory.types import shape_of
from controlplane.traffic import engine
from controlplane.traffic.types import CallFilter, Window


@dataclass(slots=True)
class Counted:
    """What calls of one endpoint add up to."""

    template: str = ""
    connection: str = ""
    calls: int = 0
    errors: int = 0
    authenticated: int = 0
    anonymous: int = 0
    anonymous_success: int = 0
    first_ts: int = 2**62
    last_ts: int = 0


Key = tuple[str, str, str]


def address_book() -> AddressBook:
    """The tenant's host aliases."""
    rows = HostAlias.objects.values_list("host", "base", "to_host", "to_base")
    return AddressBook(Alias(*row) for row in rows)


def template_model() -> TemplateModel | None:
    """What was learnt so far."""
    row = TemplateState.objects.filter(pk=1).first()
    return TemplateModel.from_json(row.model) if row else None


def canonical(table: pa.Table, book: AddressBook) -> pa.Table:
    """The table with ``host`` and ``path`` at canonical addresses."""
    pairs = zip(table.column("host").to_pylist(), table.column("path").to_pylist(), strict=True)
    moved = [book.canonical(host or "", path) for host, path in pairs]
    hosts, paths = (
        pa.array([host for host, _ in moved], pa.string()),
        pa.array([path for _, path in moved], pa.string()),
    )
    names = table.column_names
    return table.set_column(names.index("host"), "host", hosts).set_column(names.index("path"), "path", paths)


def calls_by_endpoint(
    window: Window, where: CallFilter | None = None, model: TemplateModel | None = None
) -> dict[Key, Counted]:
    """Calls per (host, method, shape); calls that belong to no endpoint are left out."""
    model = model or template_model()
    if model is None:
        return {}
    distinct = canonical(engine.distinct_paths(window, where or CallFilter()), address_book())
    templates = model.assign(distinct.column("method"), distinct.column("host"), distinct.column("path"))
    counted: dict[Key, Counted] = defaultdict(Counted)
    for row, template in zip(distinct.to_pylist(), templates.to_pylist(), strict=True):
        if template is None:
            continue
        entry = counted[(row["host"], row["method"], shape_of(template))]
        entry.template, entry.connection = template, row["connection"]
        entry.calls += row["calls"]
        entry.errors += row["calls"] if (row["status"] or 0) >= 400 else 0
        entry.authenticated += row["authenticated"]
        entry.anonymous += row["anonymous"]
        entry.anonymous_success += row["anonymous_success"]
        entry.first_ts, entry.last_ts = (
            min(entry.first_ts, row["first_ts"]),
            max(entry.last_ts, row["last_ts"]),
        )
    return dict(counted)
