"""Acme's session tokens: JWTs signed with HS256 by the client application's shared secret."""

import base64
import binascii
import hashlib
import hmac
from typing import Any

import orjson

from connectors.testkit.doubles.kong.estate import JWT_SECRETS

LIFETIME_S = 30 * 86_400


def _encoded(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _signature(head: str, secret: str) -> str:
    return _encoded(hmac.new(secret.encode(), head.encode(), hashlib.sha256).digest())


def issue(subject: str, application: str, issued_at: int) -> str:
    """A token for ``subject`` used through ``application`` (a key of ``JWT_SECRETS``); ``issued_at`` in
    epoch seconds.
    """
    claims = {
        "iss": application,
        "sub": subject,
        "aud": "mobile",
        "iat": issued_at,
        "exp": issued_at + LIFETIME_S,
    }
    head = f"{_encoded(orjson.dumps({'alg': 'HS256', 'typ': 'JWT'}))}.{_encoded(orjson.dumps(claims))}"
    return f"{head}.{_signature(head, JWT_SECRETS[application])}"


def claims_of(authorization: str) -> dict[str, Any] | None:
    """The claims of a ``Bearer`` header with a valid signature; None otherwise."""
    head, _, signature = authorization.removeprefix("Bearer ").rpartition(".")
    try:
        payload = head.partition(".")[2]
        claims: dict[str, Any] = orjson.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
        secret = JWT_SECRETS[claims["iss"]]
    except (ValueError, KeyError, binascii.Error, TypeError):
        return None
    return claims if hmac.compare_digest(_signature(head, secret), signature) else None
