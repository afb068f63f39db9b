"""Mails to people who are invited."""

from tenants.accounts.services import mail
from tenants.jobs.services import job

TEXT = (
    "{inviter} invites you to the workspace {workspace} as {role}.\n\n"
    "Open this link within 7 days to join. It works once:\n{link}\n\n"
    "If you do not know the workspace or who invites you, do nothing; no account is made. "
    "Nobody but you can read this link."
)


@job(queue="alerts", max_retries=8, time_limit=60)
def mail_invitation(invitation_id: str) -> None:
    """Give an invitation its secret and mail it; nothing is sent when it was accepted or revoked meanwhile."""
    from tenants.members.services.invitations import seal_invitation  # which enqueues this job

    made = seal_invitation(invitation_id)
    if made is None:
        return
    row, secret = made
    inviter = row.invited_by
    mail.send(
        mail.Mail("You are invited to {workspace}", TEXT),
        row.email,
        inviter=(inviter.name or inviter.email) if inviter else "An owner",
        role=row.role,
        link=mail.page(mail.INVITATION_PAGE, secret),
    )
