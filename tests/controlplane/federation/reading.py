"""A token read as a vendor reads it: by the published keys alone, without the library that signs."""

from __future__ import annotations

import base64
import json
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa


def header(token: str) -> dict[str, Any]:
    """The token's header."""
    return dict(json.loads(_bytes(token.split(".")[0])))


def claims(token: str) -> dict[str, Any]:
    """The token's claims, unverified."""
    return dict(json.loads(_bytes(token.split(".")[1])))


def verifies(token: str, keys: list[dict[str, str]]) -> bool:
    """Whether one of the keys signed the token."""
    signed, _, signature = token.rpartition(".")
    for key in keys:
        if key["kid"] != header(token)["kid"]:
            continue
        numbers = (int.from_bytes(_bytes(key[name]), "big") for name in ("e", "n"))
        try:
            rsa.RSAPublicNumbers(*numbers).public_key().verify(
                _bytes(signature), signed.encode(), padding.PKCS1v15(), hashes.SHA256()
            )
        except InvalidSignature:
            return False
        return True
    return False


def _bytes(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
