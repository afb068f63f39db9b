"""Secrets of the installation itself, outside the database: one file each, wrapped by the root key."""

import base64
import json
import os
import secrets
from contextlib import suppress
from functools import lru_cache
from pathlib import Path

from django.conf import settings

from tenants.folders import alone, flush
from tenants.vault.datakeys import KeysUnavailable, VaultError, current_root
from tenants.vault.keys import KEY_BYTES, DoesNotFit, RootKeyUnusable, Wrapped, ring


def installation_secret(name: str) -> bytes:
    """Return 32 secret bytes of this name, made at the first call; raises VaultError, KeysUnavailable."""
    path = _folder() / f"{_checked(name)}.json"
    if not path.exists():
        _write(path, _wrap(secrets.token_bytes(KEY_BYTES), name), replace=False)
    return _unwrap(_read(path), name)


def keep_installation_secret(name: str, secret: bytes) -> None:
    """Keep a secret made elsewhere under a new name; raises FileExistsError, KeysUnavailable."""
    path = _folder() / f"{_checked(name)}.json"
    if path.exists():
        raise FileExistsError(path)
    _write(path, _wrap(secret, name), replace=False)


def kept_installation_secret(name: str) -> bytes:
    """Return a secret that was kept; raises VaultError when there is none or it does not open, KeysUnavailable."""
    path = _folder() / f"{_checked(name)}.json"
    if not path.exists():
        raise VaultError(f"The installation has no secret {name}.")
    return _unwrap(_read(path), name)


def kept_installation_secrets(prefix: str) -> list[str]:
    """Return the names that begin so, in order."""
    return sorted(path.stem for path in _folder().glob(f"{_checked(prefix)}*.json"))


def destroy_installation_secret(name: str) -> None:
    """Destroy a secret, with what an interrupted write left of it; one that is gone already stays gone."""
    with alone(_folder()):
        for path in (*_folder().glob(f"{_checked(name)}.json.*"), _folder() / f"{name}.json"):
            path.unlink(missing_ok=True)


def rewrap_installation_secrets() -> int:
    """Wrap with the current root key what another one wrapped; return how many files changed."""
    current, changed = current_root(), 0
    for path in sorted(_folder().glob("*.json")):
        try:
            wrapped = _read(path)
        except FileNotFoundError:  # destroyed meanwhile
            continue
        if wrapped.root_key_id == current:
            continue
        secret = _unwrap(wrapped, path.stem)
        again = _wrap(secret, path.stem)
        if _unwrap(again, path.stem) != secret:
            raise VaultError(f"The root key did not give {path.name} back as it was.")
        changed += _write(path, again, replace=True)
    return changed


def outdated_installation_secrets() -> int:
    """Return how many files another root key than the current one wrapped."""
    current = current_root()
    outdated = 0
    for path in _folder().glob("*.json"):
        with suppress(FileNotFoundError):  # destroyed meanwhile
            outdated += _read(path).root_key_id != current
    return outdated


def _folder() -> Path:
    folder = Path(settings.DATA_DIR) / "vault"
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    return folder


def _checked(name: str) -> str:
    if not name.replace("-", "_").isidentifier():
        raise ValueError(f"{name!r} is not a name of a secret")
    return name


def _context(name: str) -> str:
    return f"installation:{name}"


def _wrap(secret: bytes, name: str) -> Wrapped:
    try:
        return ring().wrap(secret, _context(name))
    except RootKeyUnusable as error:
        raise KeysUnavailable(str(error)) from None


@lru_cache(maxsize=16)
def _unwrap(wrapped: Wrapped, name: str) -> bytes:
    try:
        return ring().unwrap(wrapped, _context(name))
    except RootKeyUnusable as error:
        raise KeysUnavailable(str(error)) from None
    except DoesNotFit:
        raise VaultError(f"No configured root key opens the installation's secret {name}.") from None


def _read(path: Path) -> Wrapped:
    kept = json.loads(path.read_text())
    return Wrapped(kept["root_key_id"], base64.b64decode(kept["wrapped"]))


def _write(path: Path, wrapped: Wrapped, *, replace: bool) -> bool:
    """Put the file there whole and return whether it is this one.

    `replace=False` leaves one that somebody else made meanwhile, `replace=True` brings none back that was destroyed.
    """
    text = json.dumps(
        {"root_key_id": wrapped.root_key_id, "wrapped": base64.b64encode(wrapped.data).decode()}
    )
    made = path.with_name(f"{path.name}.{secrets.token_hex(4)}")
    with os.fdopen(os.open(made, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as stream:
        stream.write(text)
        stream.flush()
        os.fsync(stream.fileno())
    try:
        with alone(_folder()):
            if path.exists() is not replace:
                return False
            made.rename(path)
        flush(path.parent)
        return True
    finally:
        made.unlink(missing_ok=True)
