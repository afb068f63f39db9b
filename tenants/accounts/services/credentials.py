"""Change a password, reset it by a mailed link, prove and change an e-mail address.

Each ends what the old credential opened: other sessions, links under way. None of them signs anybody in, so a second factor
is asked for as always.
"""

from django.contrib.auth.hashers import check_password
from django.db import transaction

from tenants.accounts import jobs
from tenants.accounts.models import MailedLink, User
from tenants.accounts.services import limits, links
from tenants.accounts.services.ending import end_sessions
from tenants.accounts.services.users import change_email, check_email, mark_verified, set_password
from tenants.accounts.types import Notice, Purpose
from tenants.audit.actors import Actor, name_actor
from tenants.audit.services import record
from tenants.errors import Conflict, Invalid

_NOTHING_SENT = "Too many mails were asked for; none was sent."


def change_password(user_id: str, current: str, new: str, *, keep_session: str) -> User:
    """Set a new password with the current one; every other session of the person ends. Raises Invalid, TooMany.

    Somebody without a password (single sign-on) gets one by a mailed link.
    """
    limits.allow(limits.STEP_UP, user_id, "Too many wrong passwords; nothing was changed.")
    user = User.objects.get(id=user_id)
    if not check_password(current, user.password):
        problem = {"current_password": ["This is not your current password."]}
        raise Invalid("wrong-password", "Nothing was changed.", fields=problem)
    limits.forget(limits.STEP_UP, user_id)
    with transaction.atomic():
        set_password(user, new)
        ended = end_sessions(user_id, keep=keep_session)
        links.drop_all(user_id)
        jobs.mail_notice.enqueue(user_id, Notice.PASSWORD_CHANGED)
        record("password.change", user_id, after={"sessions_ended": ended})
    return user


def ask_reset(email: str, address: str) -> None:
    """Mail a link to set a new password, if somebody here has this address. Says and takes the same when nobody has."""
    checked = check_email(email)
    limits.allow(limits.RESET_ADDRESS, address, _NOTHING_SENT)
    limits.allow(limits.RESET_ACCOUNT, checked, _NOTHING_SENT)
    with transaction.atomic():
        jobs.mail_link.enqueue(links.ask(Purpose.RESET, checked))


def reset_password(secret: str, new: str, address: str) -> None:
    """Set a new password by a mailed link; raises Stale, Invalid (the link stays good then) and TooMany.

    All sessions end. Nobody is signed in: with a second factor, that is asked for at the next sign-in.
    """
    limits.allow(limits.LINK_ADDRESS, address, "Too many links were tried; nothing was changed.")
    with transaction.atomic():
        user = _user_of(links.take(Purpose.RESET, secret))
        set_password(user, new)
        mark_verified(user.id)
        ended = end_sessions(user.id)
        links.drop_all(user.id)
        jobs.mail_notice.enqueue(user.id, Notice.PASSWORD_RESET)
        record("password.reset", user.id, after={"sessions_ended": ended})


def ask_verification(user_id: str) -> None:
    """Mail a link that proves the person's own address; raises Conflict when that is done, and TooMany."""
    user = User.objects.get(id=user_id)
    if user.email_verified_at is not None:
        raise Conflict("verified-already", "Your e-mail address is proved already; no mail was sent.")
    limits.allow(limits.VERIFY, user_id, _NOTHING_SENT)
    with transaction.atomic():
        send_verification(user_id, user.email)


def send_verification(user_id: str, email: str) -> None:
    """Mail the link, in the caller's transaction."""
    jobs.mail_link.enqueue(links.ask(Purpose.VERIFY, email, user_id))


def ask_email_change(user_id: str, email: str) -> str:
    """Mail a link to a new address; it counts once that was opened. Returns the address. Raises Invalid, Conflict."""
    checked = check_email(email)
    limits.allow(limits.CHANGE_EMAIL, user_id, _NOTHING_SENT)
    if User.objects.filter(email=checked).exists():
        raise Conflict("email-taken", "Someone with this email address is already here; no mail was sent.")
    with transaction.atomic():
        jobs.mail_link.enqueue(links.ask(Purpose.CHANGE, checked, user_id))
        record("email.ask", user_id, after={"email": checked})
    return checked


def open_email_link(secret: str, address: str) -> str:
    """Prove an address, or take the new one, by a mailed link; returns the address. Raises Stale, Conflict, TooMany."""
    limits.allow(limits.LINK_ADDRESS, address, "Too many links were tried; nothing was changed.")
    with transaction.atomic():
        if links.is_for(Purpose.CHANGE, secret):
            return _take_new_address(secret)
        link = links.take(Purpose.VERIFY, secret)
        user = _user_of(link)
        if user.email != link.email:
            raise links.spent()
        if mark_verified(user.id):
            record("email.verify", user.id, after={"email": link.email})
        return link.email


def _take_new_address(secret: str) -> str:
    link = links.take(Purpose.CHANGE, secret)
    user = _user_of(link)
    before = user.email
    change_email(user.id, link.email, verified=True)
    links.drop_all(user.id)
    jobs.mail_notice.enqueue(user.id, Notice.EMAIL_CHANGED, before)
    record("email.change", user.id, before={"email": before}, after={"email": link.email})
    return link.email


def _user_of(link: MailedLink) -> User:
    """The person a link was mailed to, who acts from here on."""
    user = link.user
    if user is None:  # `links.take` finds links of people only
        raise links.spent()
    name_actor(Actor("user", user.id, user.email))
    return user
