"""Pushes of Pub/Sub carry no token of ours but a JWT that Google signed for a service account.

Source: Pub/Sub "Authentication for push subscriptions"; RFC 7519, RFC 8725 (algorithms and keys are ours to choose).
"""

from __future__ import annotations

from math import isfinite
from typing import Any, Final

import msgspec
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.util import urlsafe_b64decode

from connectors.cloudarmor.keys import public_key
from connectors.egress import Egress

_ISSUERS: Final = ("https://accounts.google.com", "accounts.google.com")
_ALGORITHMS: Final = ("RS256",)
_SKEW: Final = 60  # seconds
_LONGEST: Final = 8192
#: Google's tokens live an hour.
_OLDEST: Final = 3600 + _SKEW


def is_signed(token: str) -> bool:
    """Whether a bearer token has the form of a JWT; our own tokens never have dots."""
    return token.count(".") == 2


def believed(token: str, account: str, audience: str, keys: str, egress: Egress, now: float) -> bool:
    """Whether ``token`` was signed by Google for the service account ``account`` and is meant for ``audience``.

    ``keys`` is the address of Google's keys, ``now`` Unix time in seconds. False whenever anything cannot be
    checked: also while the keys cannot be fetched.
    """
    if not account or not audience or len(token) > _LONGEST:
        return False
    try:
        header = msgspec.json.decode(urlsafe_b64decode(token.partition(".")[0].encode()))
        name = header.get("kid") if isinstance(header, dict) else None
        # The algorithm is looked at before a key is fetched: a token without a signature costs nothing.
        if not isinstance(name, str) or header.get("alg") not in _ALGORITHMS:
            return False
        key = public_key(keys, name, egress, now)
        if key is None:
            return False
        claims = jwt.decode(token, key, algorithms=list(_ALGORITHMS)).claims
    except (JoseError, msgspec.DecodeError, ValueError, TypeError, KeyError):
        return False
    return _fits(claims, account, audience, now)


def _fits(claims: dict[str, Any], account: str, audience: str, now: float) -> bool:
    issued, expires = _moment(claims, "iat"), _moment(claims, "exp")
    if issued is None or expires is None:
        return False
    return (
        claims.get("iss") in _ISSUERS
        and claims.get("aud") == audience
        and claims.get("email") == account
        and claims.get("email_verified") is True
        and now - _OLDEST <= issued <= now + _SKEW
        and issued <= expires
        and now <= expires + _SKEW
    )


def _moment(claims: dict[str, Any], name: str) -> float | None:
    found = claims.get(name)
    if isinstance(found, bool) or not isinstance(found, int | float) or not isfinite(found):
        return None
    return float(found)
