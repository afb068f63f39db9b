"""The form of a sealed value: `pv1.<data key>.<nonce, ciphertext, tag>`, AES-256-GCM, bound to its place. Pure."""

import base64
import re
import secrets
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from tenants.vault.keys import NONCE_BYTES

FORMAT: Final = "pv1"
#: A sealed value, wherever in a text it stands; its group is the data key's version.
SEALED: Final = re.compile(rf"{FORMAT}\.([0-9]{{1,9}})\.[A-Za-z0-9_-]{{20,}}={{0,2}}")


def bond(tenant: str, version: int, table: str, field: str, row: str) -> bytes:
    """Return the context a sealed value is bound to; parts cannot run into each other."""
    parts = (FORMAT, str(version), tenant, table, field, row)
    return b"".join(len(part.encode()).to_bytes(4, "big") + part.encode() for part in parts)


def encrypt(value: str, version: int, key: bytes, bound_to: bytes) -> str:
    """Return the sealed form of a text."""
    nonce = secrets.token_bytes(NONCE_BYTES)
    return _written(version, nonce + AESGCM(key).encrypt(nonce, value.encode(), bound_to))


def parse(sealed: str) -> tuple[int, bytes]:
    """Return the data key's version and the encrypted bytes; ValueError unless written exactly as `encrypt` does."""
    parts = sealed.split(".")
    if len(parts) != 3 or parts[0] != FORMAT or not parts[1].isdecimal() or len(parts[1]) > 9:
        raise ValueError("not a sealed value")
    version, raw = int(parts[1]), base64.b64decode(parts[2], altchars=b"-_", validate=True)
    if sealed != _written(version, raw):  # one value has one spelling
        raise ValueError("not a sealed value")
    return version, raw


def decrypt(raw: bytes, key: bytes, bound_to: bytes) -> str:
    """Return the text; ValueError when key, place or bytes are others."""
    try:
        return AESGCM(key).decrypt(raw[:NONCE_BYTES], raw[NONCE_BYTES:], bound_to).decode()
    except InvalidTag:
        raise ValueError("does not open") from None


def _written(version: int, raw: bytes) -> str:
    return f"{FORMAT}.{version}.{base64.urlsafe_b64encode(raw).decode()}"
