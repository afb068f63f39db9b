"""Show once more who sits at the browser, before something that cannot be taken back easily (ASVS 7.5.3).

A session remembers when that was shown last: at sign-in, and each time a password, code or passkey is given again.
"""

from datetime import datetime, timedelta

from allauth.mfa.models import Authenticator
from django.conf import settings
from django.contrib.auth.hashers import check_password
from django.http import HttpRequest
from django.utils import timezone

from tenants.accounts.models import User
from tenants.accounts.services import limits
from tenants.errors import Refused

PROVED = "proved_at"  # in a session: epoch seconds
FACTOR = "factor_shown"  # in a session begun by single sign-on


def prove(request: HttpRequest, *at: datetime | None) -> None:
    """Note that the person at this session has shown who they are: now, or `at` a time (None: it is not known when)."""
    moment = at[0] if at else timezone.now()
    request.session[PROVED] = moment.timestamp() if moment is not None else None


def factor_shown(request: HttpRequest) -> None:
    """Note that more than one factor was shown for this session."""
    request.session[FACTOR] = True


def showed_factor(request: HttpRequest) -> bool:
    """Whether that was noted."""
    return bool(request.session.get(FACTOR))


def proved_until(request: HttpRequest) -> datetime | None:
    """Until when nothing more need be shown; None when it must be shown now."""
    at = request.session.get(PROVED)
    if not isinstance(at, int | float):
        return None
    until = datetime.fromtimestamp(at, tz=timezone.get_current_timezone()) + timedelta(
        seconds=settings.STEP_UP_SECONDS
    )
    return until if until > timezone.now() else None


def by_password(request: HttpRequest, user: User, password: str) -> None:
    """Take the password as proof; raises Refused and TooMany."""
    limits.allow(limits.STEP_UP, user.id, "Too many wrong passwords; nothing was unlocked.")
    stored = User.objects.filter(id=user.id).values_list("password", flat=True).first()
    if not check_password(password, stored or ""):
        raise Refused("wrong-password", "The password is wrong; nothing was unlocked.")
    limits.forget(limits.STEP_UP, user.id)
    prove(request)


def ways(user: User) -> list[str]:
    """What this person can show: `password`, and the types of their second factors."""
    found = ["password"] if user.has_usable_password() else []
    types = Authenticator.objects.filter(user_id=user.pk).order_by("type")
    return found + sorted(set(types.values_list("type", flat=True)))
