"""What we write to people about their account: plain text, naming the workspace and what to do if it was not them."""

from dataclasses import dataclass
from email.utils import make_msgid

from django.conf import settings
from django.core.mail import EmailMessage

from tenants.accounts.types import Notice, Purpose
from tenants.isolation.context import require_tenant

RESET_PAGE = "/account/reset"
EMAIL_PAGE = "/account/email"
INVITATION_PAGE = "/invitation"
SECURITY_PAGE = "/settings/security"


@dataclass(frozen=True, slots=True)
class Mail:
    """Subject and text of one mail; `workspace` is put in when it is sent."""

    subject: str
    text: str


LINKS = {
    Purpose.RESET: Mail(
        "Set a new password for {workspace}",
        "Somebody asked for a new password for {email} in the workspace {workspace}.\n\n"
        "Open this link within 30 minutes to set it. It works once:\n{link}\n\n"
        "If it was not you, do nothing: your password stays as it is, and nobody can read this link but you. "
        "If you get this mail again and again, tell the owner of the workspace.",
    ),
    Purpose.VERIFY: Mail(
        "Confirm your e-mail address for {workspace}",
        "The workspace {workspace} was made with, or somebody signed up by, the address {email}.\n\n"
        "Open this link within 3 days to confirm that it is yours. It works once:\n{link}\n\n"
        "If you do not know this workspace, do nothing; the address stays unconfirmed.",
    ),
    Purpose.CHANGE: Mail(
        "Confirm your new e-mail address for {workspace}",
        "Somebody signed in to the workspace {workspace} wants to use {email} from now on.\n\n"
        "Open this link within 2 hours to confirm it. It works once:\n{link}\n\n"
        "If it was not you, do nothing; nothing changes until the link is opened.",
    ),
}
_NOT_YOU = (
    "\n\nIf it was not you, set a new password at once ({reset}), end your other sessions under {security}, "
    "and tell an owner of the workspace."
)
NOTICES = {
    Notice.PASSWORD_CHANGED: Mail(
        "Your password for {workspace} was changed",
        "The password of {email} in the workspace {workspace} was changed. Your other sessions were ended."
        + _NOT_YOU,
    ),
    Notice.PASSWORD_RESET: Mail(
        "Your password for {workspace} was reset",
        "A new password for {email} in the workspace {workspace} was set by a link mailed to you. "
        "All your sessions were ended." + _NOT_YOU,
    ),
    Notice.EMAIL_CHANGED: Mail(
        "Your e-mail address for {workspace} was changed",
        "In the workspace {workspace}, your address is now {email}; {detail} no longer signs you in.\n\n"
        "If it was not you, tell an owner of the workspace at once: only they can give the address back.",
    ),
    Notice.FACTOR_ADDED: Mail(
        "A second factor was added to your account in {workspace}",
        "A {detail} was added to {email} in the workspace {workspace}. It can be used to sign in." + _NOT_YOU,
    ),
    Notice.FACTOR_REMOVED: Mail(
        "A second factor was removed from your account in {workspace}",
        "A {detail} was removed from {email} in the workspace {workspace}." + _NOT_YOU,
    ),
    Notice.FACTORS_CLEARED: Mail(
        "Your second factors in {workspace} were removed",
        "An administrator of the workspace {workspace} removed all second factors of {email} ({detail}), "
        "so that you can set up new ones. All your sessions were ended.\n\n"
        "If you did not ask for it, tell an owner of the workspace at once.",
    ),
    Notice.CODES_MADE: Mail(
        "New recovery codes for {workspace}",
        "New recovery codes were made for {email} in the workspace {workspace}. The old ones no longer work."
        + _NOT_YOU,
    ),
    Notice.CODE_USED: Mail(
        "A recovery code was used to sign in to {workspace}",
        "Somebody signed in as {email} to the workspace {workspace} with a recovery code; {detail} are left. "
        "Make new ones when few are left." + _NOT_YOU,
    ),
    Notice.NEW_PLACE: Mail(
        "A sign-in to {workspace} from a new place",
        "Somebody signed in as {email} to the workspace {workspace} {detail}. You have not signed in from there in the "
        "last 90 days." + _NOT_YOU,
    ),
}


def page(path: str, secret: str = "") -> str:
    """Address of a page of the entered workspace. A secret stands behind `#`, which no server or referrer sees."""
    base = settings.PUBLIC_URL.format(tenant=require_tenant().slug)
    return f"{base}{path}#{secret}" if secret else f"{base}{path}"


def send(mail: Mail, to: str, **values: str) -> None:
    """Send one mail from a worker; nothing a person typed can add a header."""
    words = {name: " ".join(value.split()) for name, value in values.items()}
    words |= {
        "workspace": " ".join((require_tenant().name or require_tenant().slug).split()),
        "reset": page(RESET_PAGE),
        "security": page(SECURITY_PAGE),
    }
    # Django would ask the resolver for this machine's name to make the id.
    number = make_msgid(domain=settings.DEFAULT_FROM_EMAIL.rpartition("@")[2].strip("> "))
    EmailMessage(
        mail.subject.format(**words)[:200],
        mail.text.format(**words) + "\n\nPortcullis\n",
        to=[to],
        headers={"Message-ID": number, "Auto-Submitted": "auto-generated"},
    ).send()
