"""Who is acting, and from where: set once per request, job or command, read by the audit record."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Actor:
    """Kind (`user`, `token`, `job`, `sso`, `scim`, `system`), id and readable name."""

    kind: str
    id: str
    name: str


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a request came from; empty for what nobody sent."""

    address: str = ""
    user_agent: str = ""


SYSTEM = Actor("system", "system", "Portcullis")
NOWHERE = Origin()
_actor: ContextVar[Actor] = ContextVar("portcullis_actor", default=SYSTEM)
_origin: ContextVar[Origin] = ContextVar("portcullis_origin", default=NOWHERE)


def current_actor() -> Actor:
    """Return who is acting; the system itself when nobody was named."""
    return _actor.get()


def current_origin() -> Origin:
    """Return where the request came from."""
    return _origin.get()


def name_actor(actor: Actor) -> None:
    """Name the actor for the rest of the surrounding `actor_scope`."""
    _actor.set(actor)


@contextmanager
def actor_scope(actor: Actor = SYSTEM, origin: Origin = NOWHERE) -> Iterator[None]:
    """Act as this actor in the block (a request starts as the system until it is authenticated)."""
    token, place = _actor.set(actor), _origin.set(origin)
    try:
        yield
    finally:
        _actor.reset(token)
        _origin.reset(place)
