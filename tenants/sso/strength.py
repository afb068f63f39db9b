"""How much a provider's sign-in counts for (ASVS 6.8.4). Pure: what it said, the settings and time are arguments.

What a provider does not say is assumed to be the least: one factor, and not of late.
"""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from tenants.sso.types import Strength

SKEW: Final = timedelta(seconds=60)
MICROSOFT: Final = "http://schemas.microsoft.com/claims"
#: The SAML attribute in which Entra ID and AD FS say their methods; values are addresses.
METHODS: Final = f"{MICROSOFT}/authnmethodsreferences"
SAID, ALWAYS = "said", "always"
#: RFC 8176: `mfa`. Microsoft's own address for it. A single method (`otp`, `hwk`) is one factor and not in here.
DEFAULT_METHODS: Final = ("mfa", f"{MICROSOFT}/multipleauthn")
#: REFEDS, and what SAML 2.0 itself calls two factors. OpenID Connect has none that all understand.
DEFAULT_CONTEXTS: Final = (
    "https://refeds.org/profile/mfa",
    "urn:oasis:names:tc:SAML:2.0:ac:classes:MobileTwoFactorContract",
    "urn:oasis:names:tc:SAML:2.0:ac:classes:MobileTwoFactorUnregistered",
    f"{MICROSOFT}/multipleauthn",
)
MOST: Final = 50
LAST: Final = 2**33  # seconds; later times are none


def of_token(claims: Mapping[str, Any], now: datetime) -> Strength:
    """Return what a believed ID token says of its sign-in. Only the token: userinfo is not about this sign-in."""
    at, context, methods = claims.get("auth_time"), claims.get("acr"), claims.get("amr")
    known = isinstance(at, int | float) and not isinstance(at, bool) and 0 < at < LAST
    listed = methods[:MOST] if isinstance(methods, list) else []
    return Strength(
        at=when(datetime.fromtimestamp(float(at), tz=UTC), now) if known and at else None,
        context=context if isinstance(context, str) else "",
        methods=tuple(name for name in listed if isinstance(name, str)),
    )


def when(at: datetime, now: datetime) -> datetime | None:
    """Return when the person showed it, at most now; None for a time that is still to come."""
    return None if at > now + SKEW else min(at, now)


def two_factors(said: Strength, settings: Mapping[str, Any]) -> bool:
    """Whether a sign-in counts as two factors by the connection's settings."""
    if settings.get("second_factor", SAID) == ALWAYS:
        return True
    methods = settings.get("factor_methods", DEFAULT_METHODS)
    contexts = settings.get("factor_contexts", DEFAULT_CONTEXTS)
    return bool(set(said.methods) & set(methods)) or (bool(said.context) and said.context in contexts)
