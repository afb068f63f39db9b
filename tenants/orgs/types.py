"""Values other apps may hold."""

from dataclasses import dataclass
from datetime import datetime
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
    #: State of the migrations its schema is in, and earlier states whose code can still use it.
    schema_key: str = ""
    serves: frozenset[str] = frozenset()
    #: When the tenant will be deleted; None unless its owner asked for it.
    delete_after: datetime | None = None

    def usable_by(self, key: str) -> bool:
        """Tell whether code of this state of the migrations can use the schema."""
        return key == self.schema_key or key in self.serves


@dataclass(frozen=True, slots=True)
class Version:
    """State of a tenant's schema: `current`, `usable` (another state this code can work with) or `other`."""

    slug: str
    schema_name: str
    state: str
    problem: str
