"""Events between apps: what happened, told to the jobs that subscribed, in the transaction of the change.

An event is not stored by itself; each subscriber becomes a queued message that commits with the change, so
that nothing is announced that did not happen and nothing that happened is forgotten.
"""

from __future__ import annotations

import inspect
from collections import defaultdict
from collections.abc import Callable
from typing import Any, ParamSpec

from tenants.jobs.services import Job, discover

P = ParamSpec("P")
_subscribers: dict[str, dict[Job[Any], float]] = defaultdict(dict)


def subscribe(*events: str, delay: float = 0) -> Callable[[Job[P]], Job[P]]:
    """Enqueue the job below when one of the events is emitted; its parameters are names of the event's ids.

    With a ``delay`` (seconds) what happens meanwhile is dealt with by the same run.
    """

    def declare(declared: Job[P]) -> Job[P]:
        for event in events:
            _subscribers[event][declared] = delay
        return declared

    return declare


def emit(event: str, **ids: str) -> None:
    """Tell every subscriber, inside the caller's transaction and tenant.

    A subscriber that is still waiting with the same ids is not enqueued twice. Raises ``TypeError`` when a
    subscriber asks for an id the event does not carry.
    """
    discover()
    for declared, delay in _subscribers[event].items():
        names = list(inspect.signature(declared.function).parameters)
        missing = [name for name in names if name not in ids]
        if missing:
            raise TypeError(f"{declared.name} asks {event} for {missing}, which it does not carry")
        arguments = [ids[name] for name in names]
        declared.enqueue(*arguments, delay=delay, unique_key=f"{event}:{':'.join(arguments)}")


def subscriptions() -> dict[str, list[str]]:
    """Job names by event, for the documentation and its test."""
    discover()
    return {event: [declared.name for declared in jobs] for event, jobs in sorted(_subscribers.items())}
