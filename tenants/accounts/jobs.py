"""Mails about accounts, and what is swept up behind sign-ins."""

from datetime import timedelta

from django.utils import timezone

from tenants.accounts.models import CacheEntry, SignIn, User
from tenants.accounts.services import mail
from tenants.accounts.sessions import SessionStore
from tenants.accounts.types import Notice, Purpose
from tenants.jobs.services import every, job

SIGN_INS_KEPT = timedelta(days=90)
PAGES = {
    Purpose.RESET: mail.RESET_PAGE,
    Purpose.VERIFY: mail.EMAIL_PAGE,
    Purpose.CHANGE: mail.EMAIL_PAGE,
}


@job(queue="alerts", max_retries=8, time_limit=60)
def mail_link(link_id: str) -> None:
    """Give a link its secret and mail it; nothing is sent when nobody here has the address."""
    from tenants.accounts.services import links

    made = links.seal_link(link_id)
    if made is None:
        return
    row, secret = made
    purpose = Purpose(row.purpose)
    mail.send(mail.LINKS[purpose], row.email, email=row.email, link=mail.page(PAGES[purpose], secret))


@job(queue="alerts", max_retries=8, time_limit=60)
def mail_notice(user_id: str, notice: str, detail: str = "") -> None:
    """Tell a person what was changed of their account; a new address is told to the old one."""
    user = User.objects.filter(id=user_id).first()
    if user is None:
        return
    to = detail if notice == Notice.EMAIL_CHANGED else user.email
    mail.send(mail.NOTICES[Notice(notice)], to, email=user.email, detail=detail)


@every(seconds=3600)
@job(max_retries=0, time_limit=300)
def sweep_accounts() -> None:
    """Remove what has run out: sessions, links, counters, the sign-in log after 90 days."""
    from tenants.accounts.services import limits, links

    now = timezone.now()
    SessionStore.clear_expired()
    links.sweep()
    limits.sweep()
    CacheEntry.objects.filter(expires_at__lt=now).delete()
    SignIn.objects.filter(at__lt=now - SIGN_INS_KEPT).delete()
