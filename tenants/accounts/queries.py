"""Reads of users."""

from tenants.accounts.models import User


def find_user(email: str) -> User | None:
    """Return the active user with this address."""
    return User.objects.filter(email=email.lower(), is_active=True).first()


def user(user_id: str) -> User | None:
    """Return an active user by id."""
    return User.objects.filter(id=user_id, is_active=True).first()


def person(email: str) -> User | None:
    """Return the user with this address whether active or not."""
    return User.objects.filter(email=email.lower()).first()
