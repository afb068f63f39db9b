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

#: What cannot be taken back easily: a person shows again who they are before any change with one of these.
STEP_UP: Final = frozenset(
    {
        "blocks.approve",
        "blocks.push",
        "members.write",
        "sso.manage",
        "tenant.delete",
        "tenant.export",
        "tokens.write",
    }
)
#: What a token never may: make more of itself, decide who gets in, end the workspace.
PEOPLE_ONLY: Final = frozenset({"members.write", "sso.manage", "tenant.delete", "tokens.write"})
TOKEN_SCOPES: Final = ALL - PEOPLE_ONLY

#: One sentence for each permission, as the table of roles shows it.
SENTENCES: Final[dict[str, str]] = {
    "alerts.read": "See where alerts are sent and which were delivered.",
    "alerts.write": "Choose where alerts are sent.",
    "audit.read": "Read the audit trail and the sign-in log.",
    "billing.read": "See plan and invoices.",
    "billing.write": "Change plan and payment.",
    "blocks.approve": "Approve another person's block and unprotect networks.",
    "blocks.preview": "Simulate a block on past calls.",
    "blocks.push": "Push, extend and undo blocks at the gateways, and protect networks.",
    "blocks.read": "See blocks and what they did.",
    "connections.read": "See the connected gateways and their state.",
    "connections.write": "Connect gateways and change or remove their settings.",
    "exports.read": "Download reports and exports.",
    "findings.read": "See findings and their evidence.",
    "findings.write": "Triage findings and accept risks.",
    "imports.write": "Import logs and API descriptions from files.",
    "insights.read": "See figures and trends.",
    "inventory.read": "See services, endpoints and their parameters.",
    "inventory.write": "Edit services and endpoints.",
    "jobs.read": "See background work that failed.",
    "jobs.write": "Run failed background work again.",
    "members.read": "See members and roles.",
    "members.write": "Invite people, change roles and remove members.",
    "posture.read": "See checks and scores.",
    "posture.write": "Switch checks on and off.",
    "probing.read": "See active tests and their results.",
    "probing.run": "Run active tests against the APIs.",
    "sso.manage": "Set up single sign-on and provisioning.",
    "tenant.delete": "Delete the workspace.",
    "tenant.export": "Download everything the workspace has.",
    "tenant.write": "Rename the workspace, set its sign-in rules and how long raw records are kept.",
    "threats.read": "See threats and actors.",
    "threats.write": "Close and comment threats.",
    "tokens.read": "See API tokens.",
    "tokens.write": "Make and revoke API tokens.",
    "traffic.ingest": "Send calls to be analysed.",
    "traffic.read": "See calls and traffic.",
}
ROLE_SENTENCES: Final[dict[Role, str]] = {
    Role.OWNER: "May do everything, single sign-on and deleting the workspace included.",
    Role.ADMIN: "Runs the workspace: connections, members, tokens, alerts and blocks.",
    Role.RESPONDER: "Answers attacks: pushes and approves blocks.",
    Role.ANALYST: "Works on findings and threats; previews blocks but pushes none.",
    Role.VIEWER: "Sees everything but tokens, audit trail and billing; changes nothing.",
    Role.BILLING: "Sees members and handles plan and payment.",
}


def permissions_of(role: str) -> frozenset[str]:
    """Return the permissions of a role; none for an unknown one."""
    return PERMISSIONS.get(Role(role), frozenset()) if role in Role.__members__.values() else frozenset()
