"""The entered tenant's own keys: made at first use, unwrapped by the root key, held in this process's memory."""

from functools import lru_cache

from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.db import connection

from tenants.errors import Conflict, Unavailable
from tenants.isolation.context import require_tenant
from tenants.vault.keys import DoesNotFit, RootKeyUnusable, Wrapped, ring
from tenants.vault.models import HASH_KEY, DataKey

LOCK = "SELECT pg_advisory_xact_lock(hashtext('vault'), hashtext(%s))"


class VaultError(Conflict):
    """A sealed value cannot be opened: it was changed, moved, or its key is gone."""

    def __init__(self, detail: str) -> None:
        super().__init__("secret-unreadable", f"{detail} Nothing was changed. Enter the secret again.")


class KeysUnavailable(VaultError):
    """The root key does not answer: nothing can be sealed or opened whose key is not in memory."""

    status, title = Unavailable.status, Unavailable.title

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.code = "root-key-unavailable"
        self.detail = f"No secret could be sealed or opened. {why} Nothing was changed."
        self.args = (self.detail,)


def tenant_name() -> str:
    """Return what keys and values are bound to."""
    return require_tenant().schema_name


def newest() -> tuple[int, bytes]:
    """Return the version and key that seal now."""
    rows = DataKey.objects.filter(version__gt=HASH_KEY).order_by("-version")
    row = rows.first()
    if row is None:
        _first_keys()
        row = rows[0]
    return row.version, opened(row)


def data_key(version: int) -> bytes:
    """Return the key of this version; raises VaultError when it was destroyed or never was."""
    row = DataKey.objects.filter(version=version).first() if version != HASH_KEY else None
    if row is None:
        raise VaultError(f"Data key {version} does not exist in this workspace.")
    return opened(row)


def hash_key() -> bytes:
    """Return the key of keyed hashes: wrapped anew with the root key, replaced never."""
    row = DataKey.objects.filter(version=HASH_KEY).first()
    if row is None:
        first = DataKey.objects.filter(version=1).first()
        if first is None:
            _first_keys()
        else:
            # Made by the release before, whose first data key was also the key of hashes.
            copy = DataKey(version=HASH_KEY, root_key_id=first.root_key_id, wrapped=first.wrapped)
            DataKey.objects.bulk_create([copy], ignore_conflicts=True)
        row = DataKey.objects.get(version=HASH_KEY)
    return opened(row)


def add_key() -> int:
    """Add a data key for values sealed from now on and return its version; in the caller's transaction."""
    newest()  # there is a first one
    lock_keys()
    version = DataKey.objects.order_by("-version").values_list("version", flat=True)[0] + 1
    _wrapped(version, AESGCM.generate_key(bit_length=256)).save(force_insert=True)
    return version


def lock_keys() -> None:
    """Let one transaction at a time change which keys there are."""
    with connection.cursor() as cursor:
        cursor.execute(LOCK, [tenant_name()])


def opened(row: DataKey) -> bytes:
    """Unwrap a key; raises VaultError, KeysUnavailable."""
    return _unwrap(Wrapped(row.root_key_id, bytes(row.wrapped)), tenant_name())


def rewrapped(row: DataKey) -> DataKey:
    """Return the same key wrapped by the current root key, not saved; it was opened again to be sure."""
    key = opened(row)
    again = _wrapped(row.version, key)
    if opened(again) != key:
        raise VaultError(f"The root key did not give key {row.version} back as it was.")
    return again


def current_root() -> str:
    """Name the root key that wraps now; raises KeysUnavailable."""
    try:
        return ring().current_id()
    except RootKeyUnusable as error:
        raise KeysUnavailable(str(error)) from None


def forget_keys() -> None:
    """Drop the unwrapped keys this process holds in memory; they are unwrapped again when needed."""
    _unwrap.cache_clear()


def _first_keys() -> None:
    """Make the first keys; two who do so at once end with the same ones."""
    made = [_wrapped(version, AESGCM.generate_key(bit_length=256)) for version in (HASH_KEY, 1)]
    DataKey.objects.bulk_create(made, ignore_conflicts=True)


def _wrapped(version: int, key: bytes) -> DataKey:
    try:
        wrapped = ring().wrap(key, tenant_name())
    except RootKeyUnusable as error:
        raise KeysUnavailable(str(error)) from None
    return DataKey(version=version, root_key_id=wrapped.root_key_id, wrapped=wrapped.data)


@lru_cache(maxsize=4096)
def _unwrap(wrapped: Wrapped, tenant: str) -> bytes:
    """Unwrap once per key and process: a key service is not asked for every value."""
    try:
        return ring().unwrap(wrapped, tenant)
    except RootKeyUnusable as error:
        raise KeysUnavailable(str(error)) from None
    except DoesNotFit:
        raise VaultError("No configured root key opens this workspace's keys.") from None
