"""Gather what the gates look at, from the tenant's own past traffic and lists."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pyarrow.compute as pc

from controlplane.blocking.models import Block, ProtectedNetwork
from controlplane.blocking.simulate import COLUMNS, simulate
from controlplane.blocking.types import Draft, Limits, Protected, Question
from controlplane.detection import queries as detection
from controlplane.inventory import queries as inventory
from controlplane.traffic import engine
from controlplane.traffic.types import MICROSECONDS, Window


def protected_networks() -> tuple[Protected, ...]:
    """The tenant's protected list."""
    return tuple(Protected(row.cidr, row.label, row.kind) for row in ProtectedNetwork.objects.order_by("id"))


def endpoint_label() -> Callable[[str | None, str, str], str]:
    """Names a call's endpoint: ``METHOD template`` when the inventory knows it, else ``METHOD path``."""
    known: dict[tuple[str | None, str, str], str] = {}

    def label(host: str | None, method: str, path: str) -> str:
        key = (host, method, path)
        if key not in known:
            found = inventory.endpoint_for(host or "", method, path)
            known[key] = f"{method} {found.template if found else path}"
        return known[key]

    return label


def question(draft: Draft, window_seconds: int, now: datetime) -> Question:
    """Everything the gates need to judge ``draft`` on the traffic of the last ``window_seconds``."""
    window = Window.last(window_seconds, now.timestamp())
    calls = engine.calls(window, columns=COLUMNS)
    effect = simulate(draft.match, calls, detection.suspects(), endpoint_label())
    history = 0.0
    if calls.num_rows:
        bounds = pc.min_max(calls.column("ts")).as_py()
        history = (bounds["max"] - bounds["min"]) / MICROSECONDS
    return Question(
        draft=draft,
        effect=effect,
        protected=protected_networks(),
        limits=Limits(),
        blocks_last_hour=Block.objects.filter(created_at__gte=now - timedelta(hours=1)).count(),
        history_seconds=history,
    )


def utc_now() -> datetime:
    """The current time, aware."""
    return datetime.now(UTC)
