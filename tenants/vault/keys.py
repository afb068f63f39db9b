"""The root key: wraps the tenants' data keys. A file for one machine, a key service in production."""

import base64
import os
import secrets
from pathlib import Path
from typing import Protocol

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.conf import settings
from django.utils.module_loading import import_string

NONCE_BYTES = 12


class RootKey(Protocol):
    """What wraps data keys. `context` (the tenant) must be given again, equal, to unwrap."""

    key_id: str

    def wrap(self, data_key: bytes, context: bytes) -> bytes:
        """Encrypt a data key."""
        ...

    def unwrap(self, wrapped: bytes, context: bytes) -> bytes:
        """Decrypt a data key; raises ValueError when key, context or bytes do not fit."""
        ...


class FileRootKey:
    """A 256-bit key in a file only its owner can read (mode 0600)."""

    def __init__(self, path: Path) -> None:
        self._cipher = AESGCM(_read_or_make(path))
        self.key_id = f"file:{path.name}"

    def wrap(self, data_key: bytes, context: bytes) -> bytes:
        """Encrypt a data key under the file's key."""
        nonce = secrets.token_bytes(NONCE_BYTES)
        return nonce + self._cipher.encrypt(nonce, data_key, context)

    def unwrap(self, wrapped: bytes, context: bytes) -> bytes:
        """Decrypt a data key wrapped here."""
        try:
            return self._cipher.decrypt(wrapped[:NONCE_BYTES], wrapped[NONCE_BYTES:], context)
        except InvalidTag as error:
            raise ValueError("The data key was not wrapped by this root key for this tenant.") from error


def root_key() -> RootKey:
    """Return the configured root key: VAULT_ROOT_KEY names a class, else the file `root.key`."""
    factory = getattr(settings, "VAULT_ROOT_KEY", None)
    if factory:
        made: RootKey = import_string(factory)()
        return made
    return FileRootKey(Path(settings.DATA_DIR) / "vault" / "root.key")


def _read_or_make(path: Path) -> bytes:
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return base64.b64decode(path.read_text(), validate=True)
    key = AESGCM.generate_key(bit_length=256)
    with os.fdopen(handle, "w") as stream:
        stream.write(base64.b64encode(key).decode())
    return key
