"""Values other apps may hold."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class TokenAuth:
    """A valid token on a request (`request.auth`): id, name, what it may do."""

    id: str
    name: str
    permissions: frozenset[str]


@dataclass(frozen=True, slots=True)
class NewToken:
    """A token just made; `secret` is the only time the full token is seen."""

    id: str
    secret: str
    expires_at: datetime
