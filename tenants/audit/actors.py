"""Who is acting: set once per request, job or command, read by the audit record."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Actor:
    """Kind (`user`, `token`, `job`, `system`), id and readable name."""

    kind: str
    id: str
    name: str


SYSTEM = Actor("system", "system", "Portcullis")
_actor: ContextVar[Actor] = ContextVar("portcullis_actor", default=SYSTEM)


def current_actor() -> Actor:
    """Return who is acting; the system itself when nobody was named."""
    return _actor.get()


def name_actor(actor: Actor) -> None:
    """Name the actor for the rest of the surrounding `actor_scope`."""
    _actor.set(actor)


@contextmanager
def actor_scope(actor: Actor = SYSTEM) -> Iterator[None]:
    """Act as this actor in the block (a request starts as the system until it is authenticated)."""
    token = _actor.set(actor)
    try:
        yield
    finally:
        _actor.reset(token)
