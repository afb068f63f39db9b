"""Reads of users, sessions and the sign-in log."""

from allauth.mfa.models import Authenticator
from django.db.models import QuerySet
from django.utils import timezone

from tenants.accounts.models import SessionRow, SignIn, User
from tenants.accounts.sessions import idle
from tenants.accounts.types import SessionView


def find_user(email: str) -> User | None:
    """Return the active user with this address."""
    return User.objects.filter(email=email.lower(), is_active=True).first()


def user(user_id: str) -> User | None:
    """Return an active user by id."""
    return User.objects.filter(id=user_id, is_active=True).first()


def person(email: str) -> User | None:
    """Return the user with this address whether active or not."""
    return User.objects.filter(email=email.lower()).first()


def sessions_of(user_id: str, current: str = "") -> list[SessionView]:
    """Return a person's open sessions, newest first; `current` is the id of the one that asks."""
    now = timezone.now()
    rows = SessionRow.objects.filter(user_id=user_id, expires_at__gt=now, seen_at__gt=now - idle())
    return [
        SessionView(
            row.id,
            row.by,
            row.address,
            row.agent,
            row.started_at,
            row.seen_at,
            row.expires_at,
            row.id == current,
        )
        for row in rows.order_by("-id")
    ]


def with_factor() -> set[str]:
    """Return the ids of the users who have a second factor that is asked for at sign-in."""
    rows = Authenticator.objects.exclude(type=Authenticator.Type.RECOVERY_CODES)
    return set(rows.values_list("user_id", flat=True))


def sign_ins(*, user: str = "", outcome: str = "") -> "QuerySet[SignIn]":
    """Return tries to sign in (order them by `-id`), those of one user and outcome when given."""
    wanted = {"user_id": user, "outcome": outcome}
    return SignIn.objects.filter(**{name: value for name, value in wanted.items() if value})
