"""Make and change users."""

from django.contrib.auth.hashers import make_password
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import IntegrityError, transaction
from django.utils import timezone

from tenants.accounts.models import User
from tenants.audit.services import record
from tenants.errors import Conflict, Invalid

_TAKEN = "Someone with this email address is already here."


@transaction.atomic
def create_user(email: str, *, password: str | None, name: str = "", verified: bool = False) -> str:
    """Create a user and return its id; without a password nobody can sign in until it is reset.

    `verified`: it was shown that mail to the address reaches the person.
    """
    checked = check_email(email)
    user = User(email=checked, name=name.strip(), email_verified_at=timezone.now() if verified else None)
    if password is not None:
        check_new_password(password, user)
    user.password = make_password(password)
    try:
        with transaction.atomic():
            user.save(force_insert=True)
    except IntegrityError:
        raise Conflict("email-taken", _TAKEN) from None
    return user.id


def update_user(user_id: str, **values: str) -> None:
    """Change a person's own `name` or `theme`."""
    chosen = {name: values[name] for name in ("name", "theme") if name in values}
    if chosen:
        User.objects.filter(id=user_id).update(**chosen)


@transaction.atomic
def change_profile(user_id: str, **values: str) -> None:
    """Change one's own `name` or `theme`, on record when something differs."""
    own = User.objects.filter(id=user_id)
    before = own.values("name", "theme").get()
    update_user(user_id, **values)
    after = own.values("name", "theme").get()
    if after != before:
        record("account.change", user_id, before=before, after=after)


def change_email(user_id: str, email: str, *, verified: bool = False) -> str:
    """Give a user another address and return it; raises Invalid and Conflict."""
    checked = check_email(email)
    at = timezone.now() if verified else None
    try:
        with transaction.atomic():
            User.objects.filter(id=user_id).update(email=checked, email_verified_at=at)
    except IntegrityError:
        raise Conflict("email-taken", _TAKEN) from None
    return checked


def mark_verified(user_id: str) -> bool:
    """Note that mail to the person's address reaches them; tell whether that was news."""
    rows = User.objects.filter(id=user_id, email_verified_at=None)
    return bool(rows.update(email_verified_at=timezone.now()))


def reactivate_user(user_id: str) -> None:
    """Let a deactivated user sign in again; sessions that ended stay ended."""
    User.objects.filter(id=user_id).update(is_active=True)


def set_password(user: User, password: str) -> None:
    """Store a new password; raises Invalid. Sessions and the audit record are the caller's."""
    check_new_password(password, user)
    user.password = make_password(password)
    User.objects.filter(id=user.id).update(password=user.password)


def check_email(email: str) -> str:
    """Return the address in lower case; raises Invalid when it is not one."""
    try:
        validate_email(email)
    except ValidationError as error:
        raise Invalid("bad-email", "Nothing was changed.", fields={"email": list(error.messages)}) from None
    return email.lower()


def check_new_password(password: str, user: User | None = None) -> None:
    """Raise Invalid unless the password is long, hard to guess and not made of the account's own names."""
    try:
        validate_password(password, user)
    except ValidationError as error:
        raise Invalid(
            "weak-password", "Nothing was changed.", fields={"password": list(error.messages)}
        ) from None
