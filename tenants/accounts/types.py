"""Values of accounts that other parts may hold."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class By(StrEnum):
    """What a session was begun with."""

    PASSWORD = "password"  # noqa: S105 - the word itself
    PASSWORD_AND_FACTOR = "password-and-factor"  # noqa: S105
    PASSKEY = "passkey"
    SSO = "sso"
    SIGN_UP = "sign-up"
    INVITATION = "invitation"


class Outcome(StrEnum):
    """How a try to sign in ended."""

    SIGNED_IN = "signed-in"
    WRONG_PASSWORD = "wrong-password"  # noqa: S105
    FACTOR_ASKED = "factor-asked"
    WRONG_FACTOR = "wrong-factor"


class SecondFactor(StrEnum):
    """Who must have a second factor."""

    NOBODY = "nobody"
    ADMINS = "admins"
    EVERYONE = "everyone"


class Purpose(StrEnum):
    """What a mailed link is for."""

    RESET = "reset"
    VERIFY = "verify"
    CHANGE = "change"


class Notice(StrEnum):
    """What a person is told by mail, whether or not it was them."""

    PASSWORD_CHANGED = "password-changed"  # noqa: S105
    PASSWORD_RESET = "password-reset"  # noqa: S105
    EMAIL_CHANGED = "email-changed"
    FACTOR_ADDED = "factor-added"
    FACTOR_REMOVED = "factor-removed"
    FACTORS_CLEARED = "factors-cleared"
    CODES_MADE = "codes-made"
    CODE_USED = "code-used"
    NEW_PLACE = "new-place"


@dataclass(frozen=True, slots=True)
class SessionView:
    """A session as its owner sees it."""

    id: str
    by: str
    address: str
    agent: str
    started_at: datetime
    seen_at: datetime
    expires_at: datetime
    current: bool


@dataclass(frozen=True, slots=True)
class Factor:
    """A second factor of a person, without anything secret."""

    type: str
    name: str = ""
