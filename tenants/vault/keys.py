"""Root keys: they wrap the tenants' data keys. A file for one machine, a key service in production.

`PORTCULLIS_ROOT_KEY` lists them: the first wraps, every one opens. Two are listed while one replaces the other.
"""

import base64
import hashlib
import hmac
import os
import secrets
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Protocol

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

NONCE_BYTES = 12
KEY_BYTES = 32


class DoesNotFit(Exception):
    """This root key did not wrap these bytes for this context."""


class RootKeyUnusable(Exception):
    """The root key cannot be used now; the message is a sentence for the operator."""


@dataclass(frozen=True, slots=True)
class Wrapped:
    """A key at rest: the root key's name and the encrypted bytes."""

    root_key_id: str
    data: bytes


class RootKey(Protocol):
    """What wraps keys. `context` (the tenant) must be given again, equal, to unwrap."""

    def key_id(self) -> str:
        """Name the key that wraps now; the same name means the same key. May raise RootKeyUnusable."""
        ...

    def may_be(self, key_id: str) -> bool:
        """Whether the key so named may be this one; answers without asking anyone."""
        ...

    def wrap(self, key: bytes, context: str) -> Wrapped:
        """Encrypt a key; raises RootKeyUnusable."""
        ...

    def unwrap(self, wrapped: bytes, context: str) -> bytes:
        """Decrypt a key; raises DoesNotFit when key, context or bytes do not fit, RootKeyUnusable."""
        ...


class FileRootKey:
    """A 256-bit key in a file only its owner can read (mode 0600)."""

    def __init__(self, path: Path, *, make: bool = False) -> None:
        key = _read_or_make(path) if make else _read(path)
        self._cipher = AESGCM(key)
        # Of the key, not of its file's name: a file copied elsewhere is the same key, a new one in its place is not.
        self._id = f"file:{hmac.digest(key, b'root-key-id', hashlib.sha256).hex()[:16]}"

    def key_id(self) -> str:
        """Name the key by a fingerprint."""
        return self._id

    def may_be(self, key_id: str) -> bool:
        """Whether it is this key; names of earlier versions were those of files."""
        return key_id == self._id or key_id == "file:root.key"

    def wrap(self, key: bytes, context: str) -> Wrapped:
        """Encrypt a key under the file's key."""
        nonce = secrets.token_bytes(NONCE_BYTES)
        return Wrapped(self._id, nonce + self._cipher.encrypt(nonce, key, context.encode()))

    def unwrap(self, wrapped: bytes, context: str) -> bytes:
        """Decrypt a key wrapped here."""
        try:
            return self._cipher.decrypt(wrapped[:NONCE_BYTES], wrapped[NONCE_BYTES:], context.encode())
        except (InvalidTag, ValueError):
            raise DoesNotFit from None


class Ring:
    """The configured root keys: the first wraps, every one opens."""

    def __init__(self, keys: list[RootKey]) -> None:
        self._keys = keys

    def current_id(self) -> str:
        """Name the root key that wraps now; raises RootKeyUnusable."""
        return self._keys[0].key_id()

    def wrap(self, key: bytes, context: str) -> Wrapped:
        """Encrypt a key under the first root key; raises RootKeyUnusable."""
        return self._keys[0].wrap(key, context)

    def unwrap(self, wrapped: Wrapped, context: str) -> bytes:
        """Decrypt a key; raises DoesNotFit when no configured root key fits, RootKeyUnusable.

        The stored name only says which to try first: who can write to the database must not choose the key.
        """
        unusable: RootKeyUnusable | None = None
        for key in sorted(self._keys, key=lambda key: not key.may_be(wrapped.root_key_id)):
            try:
                return key.unwrap(wrapped.data, context)
            except DoesNotFit:
                continue
            except RootKeyUnusable as error:
                unusable = unusable or error
        raise unusable or DoesNotFit


def ring() -> Ring:
    """Return the configured root keys; raises ImproperlyConfigured when the setting cannot be read."""
    texts = getattr(settings, "ROOT_KEY", "") or f"file:{Path(settings.DATA_DIR) / 'vault' / 'root.key'}"
    return _ring(texts, str(settings.DATA_DIR), getattr(settings, "KMS_ENDPOINT", ""))


@lru_cache(maxsize=8)
def _ring(texts: str, data_dir: str, kms_endpoint: str) -> Ring:
    return Ring(
        [_key(text.strip(), Path(data_dir), kms_endpoint) for text in texts.split(",") if text.strip()]
    )


def _key(text: str, data_dir: Path, kms_endpoint: str) -> RootKey:
    kind, _, rest = text.partition(":")
    if kind == "file" and rest:
        path = Path(rest)
        # Only our own file is made by itself: a mistyped path must not become a second root key.
        return FileRootKey(path, make=path == data_dir / "vault" / "root.key")
    if kind == "aws-kms" and rest:
        from tenants.vault.aws.kms import KmsRootKey

        return KmsRootKey(rest, endpoint=kms_endpoint)
    raise ImproperlyConfigured(
        "PORTCULLIS_ROOT_KEY has an entry that is neither file:<path> nor aws-kms:<key ARN>. "
        "Nothing was sealed or opened."
    )


def _read(path: Path) -> bytes:
    try:
        key = base64.b64decode(path.read_text(), validate=True)
    except (OSError, ValueError) as error:
        raise ImproperlyConfigured(
            f"The root key file {path} cannot be read ({type(error).__name__}). Nothing was sealed or opened; "
            "put the key back or correct PORTCULLIS_ROOT_KEY."
        ) from None
    if len(key) != KEY_BYTES:
        raise ImproperlyConfigured(f"The root key file {path} does not hold {KEY_BYTES} bytes in base 64.")
    return key


def _read_or_make(path: Path) -> bytes:
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    made = path.with_name(f"{path.name}.{secrets.token_hex(4)}")
    handle = os.open(made, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "w") as stream:
        stream.write(base64.b64encode(AESGCM.generate_key(bit_length=8 * KEY_BYTES)).decode())
        stream.flush()
        os.fsync(stream.fileno())
    try:
        # Whole or not at all, and never over an existing key: a reader beside us sees no half-written file.
        os.link(made, path)
    except FileExistsError:
        pass
    finally:
        made.unlink()
    return _read(path)
