"""The limits of everything that can be guessed or sent, in the entered tenant.

Counted in its own transaction where it can be, before the try: what fails later still counts.
"""

import hashlib

from django.db import connection
from django.db.models import F
from django.utils import timezone

from tenants.accounts.models import SignIn, Tries
from tenants.accounts.types import Outcome
from tenants.errors import TooMany
from tenants.limits import Limit, take

_QUARTER, _HOUR, _DAY = 900, 3600, 86400

#: Failed passwords. The first two bite at whoever guesses; the third, for a whole account, spares addresses the person
#: signed in from before, so that no stranger can keep somebody out of their own account.
PASSWORD_HERE = Limit("password-here", 5, _QUARTER)  # one account from one address
PASSWORD_ADDRESS = Limit("password-address", 50, _QUARTER)
PASSWORD_ACCOUNT = Limit("password-account", 100, _HOUR)
FACTOR = Limit("factor", 5, _QUARTER)  # codes for one account; the password was right already
FACTOR_ADDRESS = Limit("factor-address", 30, _QUARTER)  # wrong answers, codes and passkeys alike
STEP_UP = Limit("step-up", 5, _QUARTER)
RESET_ACCOUNT = Limit("reset-account", 3, _HOUR)
RESET_ADDRESS = Limit("reset-address", 20, _HOUR)
LINK_ADDRESS = Limit("link-address", 100, _QUARTER)  # links and invitations opened from one address
VERIFY = Limit("verify", 5, _HOUR)
CHANGE_EMAIL = Limit("change-email", 5, _HOUR)
INVITE = Limit("invite", 100, _DAY)  # mails one person makes us send to strangers
INVITE_AGAIN = Limit("invite-again", 5, _HOUR)  # to one address


def allow(limit: Limit, subject: str, sentence: str) -> None:
    """Count one try; raises TooMany with `sentence` (what was not done) and the time to wait."""
    with connection.cursor() as cursor:
        wait = take(cursor, Tries._meta.db_table, _key(limit, subject), limit, timezone.now())
    if wait:
        minutes = max(1, round(wait / 60))
        raise TooMany(
            "too-many-tries",
            f"{sentence} Try again in {minutes} minute{'' if minutes == 1 else 's'}.",
            retry_after=wait,
        )


def give_back(limit: Limit, subject: str) -> None:
    """Take one counted try back: it was right."""
    Tries.objects.filter(key=_key(limit, subject)).update(due=F("due") - limit.step)


def forget(limit: Limit, subject: str) -> None:
    """Start afresh: whoever was counted has shown who they are."""
    Tries.objects.filter(key=_key(limit, subject)).delete()


def known_address(user_id: str, address: str) -> bool:
    """Whether this person has signed in from this address before."""
    if not address:
        return False
    return SignIn.objects.filter(user_id=user_id, address=address, outcome=Outcome.SIGNED_IN).exists()


def sweep() -> None:
    """Remove counters that are full again."""
    Tries.objects.filter(due__lt=timezone.now()).delete()


def _key(limit: Limit, subject: str) -> str:
    return hashlib.sha256(f"{limit.name}:{subject}".encode("utf-8", "surrogatepass")).hexdigest()
