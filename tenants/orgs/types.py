"""Values other apps may hold."""

from dataclasses import dataclass
from enum import StrEnum

TEMPLATE_SCHEMA = "t_0000000000000000"


class Status(StrEnum):
    """Life of a tenant. Only `active` ones are served."""

    CREATING = "creating"
    ACTIVE = "active"
    SUSPENDED = "suspended"
    DELETING = "deleting"


@dataclass(frozen=True, slots=True)
class OrgInfo:
    """One tenant as the middleware, worker and scheduler need it."""

    id: str
    schema_name: str
    slug: str
    name: str
    status: Status
