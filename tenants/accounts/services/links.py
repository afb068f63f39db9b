"""Links sent by mail. The secret is made where the mail is made, in the worker; here is only its hash.

Asking does the same work for every address somebody types, known or not, so neither the answer nor its time tells which.
"""

import hashlib
import secrets
from datetime import timedelta

from django.db import transaction
from django.utils import timezone

from tenants.accounts.models import MailedLink, User
from tenants.accounts.types import Purpose
from tenants.errors import Stale

LASTS = {
    Purpose.RESET: timedelta(minutes=30),
    Purpose.VERIFY: timedelta(days=3),
    Purpose.CHANGE: timedelta(hours=2),
}


def ask(purpose: Purpose, email: str, user_id: str | None = None) -> str:
    """Make a link without a secret yet, in the caller's transaction; earlier ones for the same end. Returns its id."""
    earlier = MailedLink.objects.filter(purpose=purpose, email=email)
    earlier = earlier if user_id is None else MailedLink.objects.filter(purpose=purpose, user_id=user_id)
    earlier.delete()
    row = MailedLink.objects.create(
        purpose=purpose, email=email, user_id=user_id, expires_at=timezone.now() + LASTS[purpose]
    )
    return row.id


def seal_link(link_id: str) -> tuple[MailedLink, str] | None:
    """Give a link its secret, for the mail alone; None when it was replaced, or nobody here has the address."""
    row = MailedLink.objects.filter(id=link_id, expires_at__gt=timezone.now()).first()
    if row is None:
        return None
    if row.purpose == Purpose.RESET:
        row.user = User.objects.filter(email=row.email, is_active=True).first()
        if row.user is None:
            row.delete()
            return None
    secret = secrets.token_urlsafe(32)
    row.key_hash = hashed(secret)
    row.save(update_fields=["user", "key_hash"])
    return row, secret


def take(purpose: Purpose, secret: str) -> MailedLink:
    """Return the link with this secret and remove it, in the caller's transaction; raises Stale.

    Of two who open it at once, one waits for the other and finds nothing.
    """
    rows = MailedLink.objects.select_for_update(of=("self",)).select_related("user")
    row = rows.filter(
        purpose=purpose, key_hash=hashed(secret), expires_at__gt=timezone.now(), user__is_active=True
    ).first()
    if row is None:
        raise spent()
    MailedLink.objects.filter(id=row.id).delete()
    return row


def is_for(purpose: Purpose, secret: str) -> bool:
    """Whether a link with this secret is for this purpose."""
    return MailedLink.objects.filter(purpose=purpose, key_hash=hashed(secret)).exists()


def spent() -> Stale:
    """The one answer for every link that is not good."""
    return Stale(
        "link-spent",
        "This link was used already, was replaced by a newer one or is too old. Nothing was changed.",
        action="Ask for a new link.",
    )


def drop_all(user_id: str) -> None:
    """End every link of a person: the account changed."""
    MailedLink.objects.filter(user_id=user_id).delete()


@transaction.atomic
def sweep() -> None:
    """Remove links that are too old."""
    MailedLink.objects.filter(expires_at__lt=timezone.now()).delete()


def hashed(secret: str) -> str:
    """The hash a secret is found by; 256 random bits need no slow one."""
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()
