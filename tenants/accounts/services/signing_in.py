"""Check passwords, and hand a session over from the base domain to a workspace's own host."""

import secrets
from datetime import timedelta
from functools import cache

from django.contrib.auth.hashers import check_password, get_hasher, make_password
from django.core import signing
from django.db import IntegrityError, transaction
from django.utils import timezone

from tenants.accounts.models import UsedHandoff, User
from tenants.accounts.services import limits
from tenants.errors import Refused
from tenants.isolation.context import require_tenant

HANDOFF_SECONDS = 60
HANDOFF_SALT = "accounts.handoff"
_TOO_MANY = "Too many failed sign-ins; nobody was signed in."


def verify_password(email: str, password: str, address: str) -> User:
    """Return the active user with this password; raises Refused alike for every wrong combination, and TooMany.

    Whether a second factor is needed as well is not asked here: never open a session with this alone.
    """
    email = email.lower()
    user = User.objects.filter(email=email, is_active=True).first()
    here = f"{email} {address}"
    limits.allow(limits.PASSWORD_HERE, here, _TOO_MANY)
    limits.allow(limits.PASSWORD_ADDRESS, address, _TOO_MANY)
    if not limits.known_address(user.id if user else "", address):
        limits.allow(limits.PASSWORD_ACCOUNT, email, _TOO_MANY)
    # Nobody costs the same work as somebody; a hash of an older kind is replaced.
    decoy = _decoy(get_hasher().algorithm)
    known = user.check_password(password) if user else check_password(password, decoy)
    if user is None or not known:
        raise Refused("wrong-credentials", "The email address or the password is wrong.")
    limits.forget(limits.PASSWORD_HERE, here)
    limits.give_back(limits.PASSWORD_ADDRESS, address)
    limits.forget(limits.PASSWORD_ACCOUNT, email)
    return user


def issue_handoff(user_id: str) -> str:
    """Return a signed token that opens one session in this tenant within 60 seconds, once."""
    payload = {"tenant": require_tenant().schema_name, "user": user_id, "nonce": secrets.token_hex(16)}
    return signing.dumps(payload, salt=HANDOFF_SALT)


def spend_handoff(token: str) -> User:
    """Return the user a handoff token was made for; raises Refused when expired, foreign or used."""
    refused = Refused(
        "handoff-invalid", "This sign-in link has expired or was used; sign in with your password."
    )
    try:
        payload = signing.loads(token, salt=HANDOFF_SALT, max_age=HANDOFF_SECONDS)
    except signing.BadSignature:
        raise refused from None
    if payload["tenant"] != require_tenant().schema_name:
        raise refused
    try:
        with transaction.atomic():
            UsedHandoff.objects.create(nonce=payload["nonce"])
    except IntegrityError:
        raise refused from None
    UsedHandoff.objects.filter(used_at__lt=timezone.now() - timedelta(days=1)).delete()
    user = User.objects.filter(id=payload["user"], is_active=True).first()
    if user is None:
        raise refused
    return user


@cache
def _decoy(algorithm: str) -> str:
    """Return a hash nobody's password matches, made once per algorithm: it has to cost what a member's hash costs."""
    return make_password(secrets.token_urlsafe(16), hasher=algorithm)
