"""The one table of permissions: what each role may do. Tokens carry subsets of these."""

from enum import StrEnum
from typing import Final


class Role(StrEnum):
    """Role of a member; exactly one each."""

    OWNER = "owner"
    ADMIN = "admin"
    RESPONDER = "responder"
    ANALYST = "analyst"
    VIEWER = "viewer"
    BILLING = "billing"


READ: Final = frozenset(
    {
        "alerts.read",
        "blocks.read",
        "connections.read",
        "exports.read",
        "findings.read",
        "insights.read",
        "inventory.read",
        "jobs.read",
        "members.read",
        "posture.read",
        "probing.read",
        "threats.read",
        "traffic.read",
    }
)
ANALYSE: Final = frozenset(
    {
        "blocks.preview",
        "findings.write",
        "imports.write",
        "inventory.write",
        "posture.write",
        "threats.write",
    }
)
RESPOND: Final = frozenset({"blocks.approve", "blocks.push", "probing.run"})
ADMINISTER: Final = frozenset(
    {
        "alerts.write",
        "audit.read",
        "connections.write",
        "jobs.write",
        "members.write",
        "tenant.write",
        "tokens.read",
        "tokens.write",
        "traffic.ingest",
    }
)
MONEY: Final = frozenset({"billing.read", "billing.write"})

# An identity provider says who is who, owners included: only an owner may appoint one.
OWN: Final = frozenset({"sso.manage", "tenant.delete", "tenant.export"})

PERMISSIONS: Final[dict[Role, frozenset[str]]] = {
    Role.OWNER: READ | ANALYSE | RESPOND | ADMINISTER | MONEY | OWN,
    Role.ADMIN: READ | ANALYSE | RESPOND | ADMINISTER | {"billing.read"},
    Role.RESPONDER: READ | ANALYSE | RESPOND,
    Role.ANALYST: READ | ANALYSE,
    Role.VIEWER: READ,
    Role.BILLING: MONEY | {"members.read"},
}
ALL: Final = PERMISSIONS[Role.OWNER]


def permissions_of(role: str) -> frozenset[str]:
    """Return the permissions of a role; none for an unknown one."""
    return PERMISSIONS.get(Role(role), frozenset()) if role in Role.__members__.values() else frozenset()
