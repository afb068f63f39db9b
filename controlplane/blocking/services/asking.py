"""Gather what the gates look at, from the tenant's own past traffic and lists."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Final

import pyarrow.compute as pc

from controlplane.blocking.drafts import parse_draft
from controlplane.blocking.models import Block, ProtectedNetwork
from controlplane.blocking.simulate import COLUMNS, simulate
from controlplane.blocking.types import Draft, Effect, Limits, Protected, Question
from controlplane.detection import queries as detection
from controlplane.inventory import queries as inventory
from controlplane.traffic import engine
from controlplane.traffic.types import MICROSECONDS, Window

#: The effect of nothing, for gates that look at no traffic.
NO_EFFECT: Final = Effect(0, 0, 0, 0, 0, None, 0, 0, None, (), (), (), (), ())
#: Seconds of past traffic a stored block is judged by.
WEEK_SECONDS: Final = 7 * 86_400


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


def stored_draft(block: Block, now: datetime) -> Draft:
    """A stored block as a draft with the life it has left; raises ``Invalid`` when its match cannot be read."""
    targets = [{"connection_id": row.connection, "ref": row.ref} for row in block.targets.all()]
    remaining = max(1, int((block.expires_at - now).total_seconds()))
    document = {"match": block.match, "action": block.action, "rate": block.rate, "ttl_seconds": remaining}
    return parse_draft(document | {"targets": targets})


def stored_question(block: Block, now: datetime) -> Question:
    """What the gates need to judge a stored block again on the traffic of the last week."""
    return question(stored_draft(block, now), WEEK_SECONDS, now)


def utc_now() -> datetime:
    """The current time, aware."""
    return datetime.now(UTC)
