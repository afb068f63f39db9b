"""Standard Webhooks signatures: HMAC-SHA256 over ``id.timestamp.body``.

Source: Standard Webhooks specification 1.0.0 (headers ``webhook-id``, ``webhook-timestamp``,
``webhook-signature``; secrets ``whsec_`` and base64).
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import secrets
from typing import Final

_PREFIX: Final = "whsec_"


def new_secret() -> str:
    """A fresh secret of 24 random bytes in the specification's notation."""
    return _PREFIX + base64.b64encode(secrets.token_bytes(24)).decode()


def signed_headers(secret: str, message_id: str, timestamp: int, body: bytes) -> dict[str, str]:
    """The three headers of a message; ``timestamp`` in seconds since the epoch."""
    content = b".".join((message_id.encode(), str(timestamp).encode(), body))
    digest = hmac.new(_key(secret), content, hashlib.sha256).digest()
    return {
        "webhook-id": message_id,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": f"v1,{base64.b64encode(digest).decode()}",
    }


def _key(secret: str) -> bytes:
    """The bytes behind ``whsec_…``; a secret in no such notation is taken as its own text."""
    if secret.startswith(_PREFIX):
        try:
            return base64.b64decode(secret[len(_PREFIX) :], validate=True)
        except (ValueError, binascii.Error):
            pass
    return secret.encode()
