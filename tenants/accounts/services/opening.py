"""Open a session: the one place through which everybody who signs in comes, whatever they signed in with."""

from allauth.account.internal.stagekit import get_pending_stage
from django.contrib.auth import login
from django.contrib.auth.signals import user_logged_in
from django.db import transaction
from django.dispatch import receiver
from django.http import HttpRequest
from django.utils import timezone

from tenants.accounts.models import SignIn, User
from tenants.accounts.services import stepping_up
from tenants.accounts.services.places import tell_of_new_place
from tenants.accounts.sessions import ENTRY
from tenants.accounts.types import By, Outcome
from tenants.client_address import client_address
from tenants.redaction import redacted_text

BACKEND = "allauth.account.auth_backends.AuthenticationBackend"
_BY = "sign_in_by"  # in a session on its way: what was shown so far


def open_session(request: HttpRequest, user: User, by: By) -> None:
    """Sign this person in, in a session with a new key; the caller has checked who it is."""
    shown_so_far(request, by)
    login(request, user, backend=BACKEND)


def shown_so_far(request: HttpRequest, by: By) -> None:
    """Note what somebody who is signing in has shown."""
    request.session[_BY] = by


def half_signed_in(request: HttpRequest) -> User | None:
    """Whose second factor this browser is asked for; None when nobody's."""
    stage = get_pending_stage(request)
    found = stage.login.user if stage is not None else None
    return found if isinstance(found, User) and found.is_active else None


def note_try(request: HttpRequest, *, email: str, user_id: str | None, by: By, outcome: Outcome) -> None:
    """Write one line of the sign-in log; who typed a password in place of an address does not find it there."""
    SignIn.objects.create(
        at=timezone.now(),
        email=redacted_text(email)[:254],
        user_id=user_id,
        by=by,
        outcome=outcome,
        address=client_address(request)[:45],
        agent=user_agent(request),
    )


def user_agent(request: HttpRequest) -> str:
    """What the browser calls itself, without what looks like a secret, shortened."""
    return redacted_text(str(request.META.get("HTTP_USER_AGENT", "")).replace("\x00", ""))[:200]


@receiver(user_logged_in, dispatch_uid="accounts.opened")
def _opened(sender: object, request: HttpRequest, user: User, **more: object) -> None:
    """Describe the session just opened. A sign-in of a moment ago is proof of who sits there."""
    request.session.cycle_key()  # also for who signs in once more, where Django keeps the key
    by = By(request.session.pop(_BY, By.PASSWORD))
    request.session[ENTRY] = {
        "by": by.value,
        "address": client_address(request)[:45],
        "agent": user_agent(request),
    }
    request.session.pop(stepping_up.FACTOR, None)
    stepping_up.prove(request)
    with transaction.atomic():
        tell_of_new_place(user.pk, client_address(request)[:45], user_agent(request))
        note_try(request, email=user.email, user_id=user.pk, by=by, outcome=Outcome.SIGNED_IN)
