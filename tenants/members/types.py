"""Values of members that other parts may hold."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Invited:
    """What somebody who opened an invitation is shown."""

    email: str
    role: str
    invited_by: str
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class InvitationView:
    """An invitation as administrators see it; `state` is `open` or `expired`."""

    id: str
    email: str
    role: str
    state: str
    invited_by: str
    created_at: datetime
    sent_at: datetime | None
    expires_at: datetime
