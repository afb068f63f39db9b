"""JSON web signatures made by hand (RFC 7515), honest ones and every known kind of dishonest one.

Written on ``cryptography`` alone, so that the product's verifying library is not proved by itself.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from typing import Any

import orjson
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat


def encode(data: bytes) -> str:
    """Base64url without padding."""
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _number(value: int) -> str:
    return encode(value.to_bytes((value.bit_length() + 7) // 8, "big"))


class SigningKey:
    """An RSA key with its id."""

    def __init__(self, kid: str) -> None:
        self.kid = kid
        self.private = rsa.generate_private_key(public_exponent=65537, key_size=2048)

    def public_jwk(self) -> dict[str, str]:
        """The public half as a JWK (RFC 7517)."""
        numbers = self.private.public_key().public_numbers()
        return {
            "kty": "RSA",
            "use": "sig",
            "alg": "RS256",
            "kid": self.kid,
            "n": _number(numbers.n),
            "e": _number(numbers.e),
        }

    def public_pem(self) -> bytes:
        """The public half as PEM, which the confusion attack uses as a shared secret."""
        return self.private.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)


def signed(claims: dict[str, Any], key: SigningKey, stranger: SigningKey, how: str) -> str:
    """A token over ``claims``, made as ``how`` says.

    ``good`` RS256 by the published key · ``none`` no signature · ``secret`` HS256 with the public key as secret ·
    ``stranger`` another key under the published id · ``embedded`` another key, carried in the header ·
    ``unpublished`` another key under its own id · ``cut`` the good token without its signature.
    """
    header: dict[str, Any] = {"typ": "JWT", "alg": "RS256", "kid": key.kid}
    signer = key
    if how in ("stranger", "embedded", "unpublished"):
        signer = stranger
    if how == "embedded":
        header = {"typ": "JWT", "alg": "RS256", "jwk": stranger.public_jwk()}
    elif how == "unpublished":
        header["kid"] = stranger.kid
    elif how in ("none", "secret"):
        header["alg"] = {"none": "none", "secret": "HS256"}[how]
    text = f"{encode(orjson.dumps(header))}.{encode(orjson.dumps(claims))}"
    if how in ("none", "cut"):
        return f"{text}."
    if how == "secret":
        return f"{text}.{encode(hmac.new(key.public_pem(), text.encode(), hashlib.sha256).digest())}"
    return f"{text}.{encode(signer.private.sign(text.encode(), padding.PKCS1v15(), hashes.SHA256()))}"
