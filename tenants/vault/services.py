"""Seal and open secrets with the entered tenant's data key (AES-256-GCM, bound to the place they are stored)."""

import base64
import hashlib
import hmac
import secrets
from functools import lru_cache

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.db import transaction

from tenants.isolation.context import require_tenant
from tenants.vault.keys import NONCE_BYTES, root_key
from tenants.vault.models import DataKey

FORMAT = "pv1"


class VaultError(Exception):
    """A sealed value cannot be opened: it was changed, moved, or its key is gone."""


def seal(value: str, *, table: str, field: str, row: str) -> str:
    """Encrypt a text for storage in this table, field and row of the entered tenant."""
    version = _newest_version()
    nonce = secrets.token_bytes(NONCE_BYTES)
    cipher = AESGCM(_data_key(version)).encrypt(nonce, value.encode(), _place(version, table, field, row))
    return f"{FORMAT}.{version}.{base64.urlsafe_b64encode(nonce + cipher).decode()}"


def unseal(sealed: str, *, table: str, field: str, row: str) -> str:
    """Decrypt what `seal` made for the same place; raises VaultError."""
    try:
        kind, number, body = sealed.split(".")
        raw = base64.b64decode(body, altchars=b"-_", validate=True)
        version = int(number)
        if kind != FORMAT:
            raise ValueError(kind)
        key = _data_key(version)
        plain = AESGCM(key).decrypt(raw[:NONCE_BYTES], raw[NONCE_BYTES:], _place(version, table, field, row))
    except (ValueError, InvalidTag) as error:
        raise VaultError(f"The secret in {table}.{field} of {row} cannot be opened.") from error
    return plain.decode()


def keyed_hash(purpose: str, value: str) -> str:
    """Return a stable keyed hash (32 hex characters) of a value: per tenant and purpose, not reversible."""
    key = hmac.digest(_data_key(1 if _newest_version() else 0), b"keyed-hash:" + purpose.encode(), "sha256")
    return hmac.new(key, value.encode("utf-8", "surrogatepass"), hashlib.sha256).hexdigest()[:32]


@transaction.atomic
def rotate_data_key() -> int:
    """Add a new data key for values sealed from now on; older values stay readable. Returns its version."""
    version = (DataKey.objects.order_by("-version").values_list("version", flat=True).first() or 0) + 1
    root = root_key()
    wrapped = root.wrap(AESGCM.generate_key(bit_length=256), _tenant())
    DataKey.objects.create(version=version, root_key_id=root.key_id, wrapped=wrapped)
    return version


def forget_keys() -> None:
    """Drop the unwrapped keys this process holds in memory; they are unwrapped again when needed."""
    _unwrap.cache_clear()


def _newest_version() -> int:
    version = DataKey.objects.order_by("-version").values_list("version", flat=True).first()
    return version if version is not None else _first_version()


def _first_version() -> int:
    """Make the first key; two who do so at once end with one key."""
    root = root_key()
    wrapped = root.wrap(AESGCM.generate_key(bit_length=256), _tenant())
    DataKey.objects.bulk_create(
        [DataKey(version=1, root_key_id=root.key_id, wrapped=wrapped)], ignore_conflicts=True
    )
    return 1


def _data_key(version: int) -> bytes:
    wrapped = DataKey.objects.filter(version=version).values_list("wrapped", flat=True).first()
    if wrapped is None:
        raise VaultError(f"Data key {version} does not exist in this tenant.")
    return _unwrap(bytes(wrapped), _tenant())


@lru_cache(maxsize=1024)
def _unwrap(wrapped: bytes, tenant: bytes) -> bytes:
    """Cache unwrapped keys in memory: a key service is asked once per key and process."""
    try:
        return root_key().unwrap(wrapped, tenant)
    except ValueError as error:
        raise VaultError(str(error)) from error


def _tenant() -> bytes:
    return require_tenant().schema_name.encode()


def _place(version: int, table: str, field: str, row: str) -> bytes:
    """Return the context a sealed value is bound to; parts cannot run into each other."""
    parts = (FORMAT, str(version), require_tenant().schema_name, table, field, row)
    return b"".join(len(part.encode()).to_bytes(4, "big") + part.encode() for part in parts)
