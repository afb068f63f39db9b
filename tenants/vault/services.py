"""Seal and open secrets with the entered tenant's data key, bound to the place they are stored; keyed hashes."""

import hmac
from collections.abc import Callable

from tenants.vault import sealed as form
from tenants.vault.datakeys import (
    KeysUnavailable,
    VaultError,
    data_key,
    forget_keys,
    hash_key,
    newest,
    tenant_name,
)
from tenants.vault.fields import places
from tenants.vault.installation import (
    destroy_installation_secret,
    installation_secret,
    keep_installation_secret,
    kept_installation_secret,
    kept_installation_secrets,
)

__all__ = [
    "KeysUnavailable",
    "VaultError",
    "destroy_installation_secret",
    "forget_keys",
    "hasher",
    "installation_secret",
    "keep_installation_secret",
    "kept_installation_secret",
    "kept_installation_secrets",
    "keyed_hash",
    "seal",
    "unseal",
]


def seal(value: str, *, table: str, field: str, row: str) -> str:
    """Encrypt a text for storage in this table, field and row of the entered tenant; raises KeysUnavailable.

    The column has to be declared (`vault.fields`), or its keys could not be rotated.
    """
    if (table, field) not in places():
        raise LookupError(
            f"{table}.{field} is not declared: make its column a SealedTextField (tenants.vault.fields)."
        )
    version, key = newest()
    return form.encrypt(value, version, key, form.bond(tenant_name(), version, table, field, row))


def unseal(sealed: str, *, table: str, field: str, row: str) -> str:
    """Decrypt what `seal` made for the same place; raises VaultError, KeysUnavailable."""
    try:
        version, raw = form.parse(sealed)
        key = data_key(version)
        return form.decrypt(raw, key, form.bond(tenant_name(), version, table, field, row))
    except ValueError:
        raise VaultError(f"The secret in {table}.{field} of {row} cannot be opened.") from None


def keyed_hash(purpose: str, value: str) -> str:
    """Return a stable keyed hash (32 hex characters) of a value: per tenant and purpose, not reversible."""
    return hasher()(purpose, value)


def hasher() -> Callable[[str, str], str]:
    """Return `keyed_hash` of the entered tenant with its key at hand, for many values at once."""
    root = hash_key()
    keys: dict[str, bytes] = {}

    def hashed(purpose: str, value: str) -> str:
        key = keys.get(purpose)
        if key is None:
            key = keys[purpose] = hmac.digest(root, b"keyed-hash:" + purpose.encode(), "sha256")
        return hmac.digest(key, value.encode("utf-8", "surrogatepass"), "sha256").hex()[:32]

    return hashed
