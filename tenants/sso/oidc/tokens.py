"""Decides whether an ID token is believed (OpenID Connect Core §3.1.3.7). Pure: keys and time are arguments."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import isfinite
from typing import Any, Final

from authlib.oidc.core import CodeIDToken
from joserfc import jwt
from joserfc.errors import InvalidKeyIdError, JoseError
from joserfc.jwk import KeySet

from tenants.sso.oidc.discovery import ALGORITHMS

SKEW: Final = 60  # seconds
TIMES: Final = ("exp", "iat", "nbf", "auth_time")
OLDEST: Final = 600  # a flow lives ten minutes; a token made before it answers another request


class NotBelieved(Exception):
    """The token is not believed; the message says why, for the administrator."""


class UnknownKey(NotBelieved):
    """The token names a key that is not in the set: the provider may have changed its keys."""


@dataclass(frozen=True, slots=True)
class Expected:
    """What a token must fit: its maker, its audience, this browser's nonce, the access token beside it."""

    issuer: str
    client_id: str
    nonce: str
    access_token: str
    algorithms: Sequence[str]
    now: int


def believe(token: str, keys: Sequence[Mapping[str, Any]], expected: Expected) -> dict[str, Any]:
    """Return the claims of a token whose signature and claims hold; raises UnknownKey or NotBelieved."""
    allowed = [name for name in expected.algorithms if name in ALGORITHMS]
    try:
        key_set = KeySet.import_key_set({"keys": [dict(key) for key in keys]})
        read = jwt.decode(token, key_set, algorithms=allowed)
    except InvalidKeyIdError:
        raise UnknownKey("The ID token is signed with a key the provider does not publish.") from None
    except (JoseError, ValueError, TypeError, KeyError) as error:
        raise NotBelieved(f"The ID token's signature does not hold ({type(error).__name__}).") from None
    if str(read.header.get("typ", "JWT")).upper() != "JWT":
        raise NotBelieved("The token is of another kind than an ID token (typ).")
    if any(not isfinite(read.claims[name]) for name in TIMES if isinstance(read.claims.get(name), float)):
        raise NotBelieved("The ID token has a time that is none.")
    claims = CodeIDToken(
        read.claims,
        read.header,
        {
            "iss": {"essential": True, "value": expected.issuer},
            "aud": {"essential": True, "value": expected.client_id},
        },
        {"nonce": expected.nonce, "client_id": expected.client_id, "access_token": expected.access_token},
    )
    try:
        claims.validate(now=expected.now, leeway=SKEW)
    except JoseError as error:
        raise NotBelieved(f"The ID token does not fit this sign-in: {error}.") from None
    except (TypeError, ValueError, AttributeError):
        raise NotBelieved("The ID token has a claim of the wrong kind.") from None
    if claims["iat"] < expected.now - OLDEST - SKEW:
        raise NotBelieved("The ID token is older than this sign-in (iat).")
    subject = claims["sub"]
    if not isinstance(subject, str) or not 0 < len(subject) <= 255 or not subject.isprintable():
        raise NotBelieved("The ID token names nobody (sub).")
    return dict(claims)
