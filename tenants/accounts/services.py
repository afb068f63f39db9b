"""Make users, check passwords, start and end sessions."""

import hashlib
import secrets
from collections.abc import Callable
from datetime import timedelta

from allauth.mfa.utils import is_mfa_enabled
from django.contrib.auth.hashers import check_password, make_password
from django.contrib.auth.password_validation import validate_password
from django.contrib.sessions.models import Session
from django.core import signing
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import IntegrityError, transaction
from django.utils import timezone

from tenants.accounts.models import SignInAttempt, UsedHandoff, User
from tenants.errors import Conflict, Invalid, Refused, TooMany, Unauthenticated
from tenants.isolation.context import require_tenant

HANDOFF_SECONDS = 60
HANDOFF_SALT = "accounts.handoff"
WINDOW = timedelta(minutes=15)
MAX_PER_ACCOUNT = 10
MAX_PER_ADDRESS = 50


@transaction.atomic
def create_user(email: str, *, password: str | None, name: str = "") -> str:
    """Create a user and return its id; without a password nobody can sign in until it is reset."""
    checked = check_email(email)
    user = User(email=checked, name=name.strip())
    if password is not None:
        check_new_password(password, user)
    user.password = make_password(password)
    try:
        with transaction.atomic():
            user.save(force_insert=True)
    except IntegrityError:
        raise Conflict("email-taken", "Someone with this email address is already here.") from None
    return user.id


def update_user(user_id: str, **values: str) -> None:
    """Change a person's own `name` or `theme`."""
    chosen = {name: values[name] for name in ("name", "theme") if name in values}
    if chosen:
        User.objects.filter(id=user_id).update(**chosen)


def change_email(user_id: str, email: str) -> str:
    """Give a user another address and return it; raises Invalid and Conflict."""
    checked = check_email(email)
    try:
        with transaction.atomic():
            User.objects.filter(id=user_id).update(email=checked)
    except IntegrityError:
        raise Conflict("email-taken", "Someone with this email address is already here.") from None
    return checked


def reactivate_user(user_id: str) -> None:
    """Let a deactivated user sign in again; sessions that ended stay ended."""
    User.objects.filter(id=user_id).update(is_active=True)


def check_email(email: str) -> str:
    """Return the address in lower case; raises Invalid when it is not one."""
    try:
        validate_email(email)
    except ValidationError as error:
        raise Invalid("bad-email", "Nothing was changed.", fields={"email": list(error.messages)}) from None
    return email.lower()


def check_new_password(password: str, user: User | None = None) -> None:
    """Raise Invalid unless the password is long enough, not common and unlike the user's name."""
    try:
        validate_password(password, user)
    except ValidationError as error:
        raise Invalid(
            "weak-password", "Nothing was changed.", fields={"password": list(error.messages)}
        ) from None


def verify_password(email: str, password: str, address: str) -> User:
    """Return the active user with this password; raises Refused alike for every wrong combination."""
    keys = (_key("account", email.lower()), _key("address", address))
    since = timezone.now() - WINDOW
    for key, limit in zip(keys, (MAX_PER_ACCOUNT, MAX_PER_ADDRESS), strict=True):
        if SignInAttempt.objects.filter(key=key, at__gt=since).count() >= limit:
            raise TooMany("too-many-sign-ins", "Too many failed sign-ins; wait 15 minutes.", retry_after=900)
    user = User.objects.filter(email=email.lower(), is_active=True).first()
    # An unknown address costs the same time as a known one.
    known = check_password(password, user.password if user else _decoy())
    if user is None or not known:
        SignInAttempt.objects.bulk_create([SignInAttempt(key=key) for key in keys])
        SignInAttempt.objects.filter(at__lt=since - WINDOW).delete()
        raise Refused("wrong-credentials", "The email address or the password is wrong.")
    SignInAttempt.objects.filter(key=keys[0]).delete()
    if is_mfa_enabled(user):
        # Only allauth's own flow asks for the second factor; a password alone never opens such an account.
        raise Unauthenticated(
            "second-factor-needed",
            "This account has a second factor.",
            action="Sign in by /_allauth/browser/v1/.",
        )
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


def end_sessions(user_id: str, *, deactivate: bool = False) -> int:
    """End every session of a user at once; return how many there were."""
    if deactivate:
        User.objects.filter(id=user_id).update(is_active=False)
    return _delete_sessions(lambda data: data.get("_auth_user_id") == user_id)


def _delete_sessions(wanted: Callable[[dict[str, object]], bool]) -> int:
    keys = [row.session_key for row in Session.objects.all().iterator() if wanted(row.get_decoded())]
    return Session.objects.filter(session_key__in=keys).delete()[0]


def _key(kind: str, value: str) -> str:
    return hashlib.sha256(f"{kind}:{value}".encode()).hexdigest()


def _decoy() -> str:
    """Return a hash nobody's password matches, made once."""
    global _decoy_hash
    if _decoy_hash is None:
        _decoy_hash = make_password(secrets.token_urlsafe(16))
    return _decoy_hash


_decoy_hash: str | None = None
