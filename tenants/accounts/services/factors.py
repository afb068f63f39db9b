"""Second factors: whose turn it is to be asked, what changed, and the way out when all are lost.

allauth makes and checks them (`allauth.mfa`); here is what it leaves to us: one audit entry and one mail per change, in the
transaction of the change.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from allauth.mfa.models import Authenticator
from allauth.mfa.signals import authenticator_used
from django.db import transaction
from django.dispatch import receiver
from django.http import HttpRequest

from tenants.accounts import jobs
from tenants.accounts.models import User
from tenants.accounts.services import stepping_up
from tenants.accounts.services.ending import end_sessions
from tenants.accounts.sessions import ENTRY
from tenants.accounts.types import By, Factor, Notice
from tenants.audit.services import record

CODES = Authenticator.Type.RECOVERY_CODES.value
NAMES = {
    Authenticator.Type.TOTP.value: "authenticator app",
    Authenticator.Type.WEBAUTHN.value: "passkey",
    CODES: "set of recovery codes",
}
_owner: ContextVar[str] = ContextVar("portcullis_factor_owner", default="")


def factors_of(user_id: str) -> list[Factor]:
    """Return a person's second factors, oldest first; recovery codes count once another factor is there."""
    rows = Authenticator.objects.filter(user_id=user_id).order_by("id")
    return [Factor(row.type, str(row.data.get("name", ""))) for row in rows]


def has_factor(user_id: str) -> bool:
    """Whether somebody has a factor that is asked for at sign-in."""
    return bool(Authenticator.objects.filter(user_id=user_id).exclude(type=CODES).exists())


def must_show_factor(request: HttpRequest) -> bool:
    """Whether who came by single sign-on has a factor here and neither it nor the provider's was shown.

    Else a provider's one factor could add another one here, and answer with that.
    """
    by = (request.session.get(ENTRY) or {}).get("by")
    return by == By.SSO and not stepping_up.showed_factor(request) and has_factor(str(request.user.pk))


@contextmanager
def secrets_of(user_id: str) -> Iterator[None]:
    """Open and seal secrets as this person's, in the block: another person's cannot be opened in their place."""
    token = _owner.set(user_id)
    try:
        yield
    finally:
        _owner.reset(token)


def owner_of_secrets() -> str:
    """Whose secrets may be opened here; empty for nobody's."""
    return _owner.get()


@contextmanager
def change_recorded(user_id: str) -> Iterator[None]:
    """Note what the block changes of a person's factors: one transaction, one audit entry, one mail."""
    with transaction.atomic():
        before = _state(user_id)
        yield
        after = _state(user_id)
        if before != after:
            _note(user_id, before, after)


@transaction.atomic
def clear_factors(user_id: str) -> list[Factor]:
    """Remove every factor of a person who lost theirs; their sessions end. The audit entry is the caller's."""
    held = factors_of(user_id)
    if held:
        Authenticator.objects.filter(user_id=user_id).delete()
        end_sessions(user_id)
        described = ", ".join(sorted({NAMES[factor.type] for factor in held}))
        jobs.mail_notice.enqueue(user_id, Notice.FACTORS_CLEARED, described)
    return held


def _state(user_id: str) -> dict[int, tuple[str, str]]:
    rows = Authenticator.objects.filter(user_id=user_id).order_by("id")
    return {row.pk: (row.type, str(row.data.get("name", ""))) for row in rows}


def _note(user_id: str, before: dict[int, tuple[str, str]], after: dict[int, tuple[str, str]]) -> None:
    came = [after[key] for key in after if before.get(key) != after[key]]
    went = [before[key] for key in before if after.get(key) != before[key]]
    # Codes made with the first factor, and removed with the last one, are part of that change.
    main_came, main_went = _main(came), _main(went)
    if main_came and main_went:
        action, notice, said = "factor.rename", None, main_came
    elif main_came:
        action, notice, said = "factor.add", Notice.FACTOR_ADDED, main_came
    elif main_went:
        action, notice, said = "factor.remove", Notice.FACTOR_REMOVED, main_went
    else:
        action, notice, said = "factor.codes", Notice.CODES_MADE, came or went
    if notice is not None:
        jobs.mail_notice.enqueue(user_id, notice, _described(said[0]))
    record(action, user_id, before=_plain(went), after=_plain(came))


def _main(changed: list[tuple[str, str]]) -> list[tuple[str, str]]:
    return [entry for entry in changed if entry[0] != CODES]


def _described(entry: tuple[str, str]) -> str:
    kind, name = entry
    return f"{NAMES[kind]} “{name[:60]}”" if name else NAMES[kind]


def _plain(entries: list[tuple[str, str]]) -> dict[str, object]:
    return {"factors": [{"type": kind, "name": name} for kind, name in entries]}


@receiver(authenticator_used, dispatch_uid="accounts.factor-used")
def _used(
    sender: object, request: HttpRequest, user: User, authenticator: Authenticator, **more: object
) -> None:
    """A factor given is proof of who sits there; a recovery code is told and recorded."""
    if more.get("reauthenticated"):
        stepping_up.prove(request)
        stepping_up.factor_shown(request)
    if authenticator.type == CODES:
        authenticator.refresh_from_db()  # which code is spent was noted on another copy
        with secrets_of(user.pk):
            left = len(authenticator.wrap().get_unused_codes())
        with transaction.atomic():
            jobs.mail_notice.enqueue(user.pk, Notice.CODE_USED, str(left))
            record("factor.code-used", user.pk, after={"left": left})
