"""Values of provisioning that other parts may hold."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Caller:
    """A valid SCIM token on a request; it may provision this tenant and nothing else."""

    id: str
    name: str


@dataclass(frozen=True, slots=True)
class NewToken:
    """A token just made; `secret` is the only time the full token is seen."""

    id: str
    secret: str
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class Asked:
    """A write as it was asked for, to be noted for the administrator."""

    method: str
    resource: str
    id: str = ""
    label: str = ""


@dataclass(frozen=True, slots=True)
class GroupView:
    """A group as its administrator sees it; `role` is None when no rule names it."""

    id: str
    name: str
    members: int
    role: str | None


@dataclass(frozen=True, slots=True)
class Status:
    """How provisioning stands."""

    active: bool
    tokens: int
    users: int
    provisioned: int
    suspended: int
    groups: int
    last_request_at: datetime | None
    last_change_at: datetime | None
    last_error_at: datetime | None
