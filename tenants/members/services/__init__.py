"""What other parts may ask of members: give, change and end memberships, invite people."""

from tenants.members.services.invitations import (
    accept_by_password,
    accept_for_sso,
    described,
    invite,
    resend_invitation,
    revoke_invitation,
)
from tenants.members.services.memberships import (
    add_member,
    change_role,
    clear_member_factors,
    end_member_sessions,
    readmit_member,
    remove_member,
    resume_member,
    suspend_member,
)

__all__ = [
    "accept_by_password",
    "accept_for_sso",
    "add_member",
    "change_role",
    "clear_member_factors",
    "described",
    "end_member_sessions",
    "invite",
    "readmit_member",
    "remove_member",
    "resend_invitation",
    "resume_member",
    "revoke_invitation",
    "suspend_member",
]
