"""Signing keys of the issuer: announced, in use, kept until the last token is over, destroyed.

The private part is a secret of the installation, wrapped by the root key; the public part is a file of its own, so that
publishing keys opens none. What a key is for at a moment follows from the moments in those files alone.
"""

from __future__ import annotations

import json
import os
import secrets
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Final

import structlog
from django.conf import settings
from joserfc.jwk import RSAKey

from tenants.folders import alone, flush
from tenants.vault.services import (
    destroy_installation_secret,
    keep_installation_secret,
    kept_installation_secret,
    kept_installation_secrets,
)

log = structlog.get_logger(__name__)
#: 128 bits of security; both vendors take it.
BITS: Final = 3072
#: A key is published so long before it signs: vendors keep key sets they fetched.
ANNOUNCED: Final = timedelta(days=1)
#: And so long after another one signs: longer than any token, and any clock that goes wrong.
KEPT: Final = timedelta(hours=1)
OLD: Final = timedelta(days=90)


@dataclass(frozen=True, slots=True)
class PublicKey:
    """The public part of a signing key (RFC 7517), and from when on it signs."""

    kid: str
    signs_from: datetime
    n: str
    e: str

    def jwk(self) -> dict[str, str]:
        """The key as it is published."""
        return {"kty": "RSA", "use": "sig", "alg": "RS256", "kid": self.kid, "n": self.n, "e": self.e}


def held() -> list[PublicKey]:
    """Every key there is, in the order in which they sign; a file that cannot be read is logged and stands for none."""
    found = [key for file in _folder().glob("*.json") if (key := _read(file)) is not None]
    return sorted(found, key=lambda key: (key.signs_from, key.kid))


def published(now: datetime) -> list[PublicKey]:
    """The keys whoever checks a token needs: announced, in use, and replaced but not yet over."""
    keys = held()
    over = {before.kid for before, after in pairwise(keys) if after.signs_from + KEPT <= now}
    return [key for key in keys if key.kid not in over]


def signing(now: datetime) -> tuple[PublicKey, RSAKey]:
    """The key that signs now, made when there is none; raises VaultError, KeysUnavailable."""
    key = _current(held(), now)
    if key is None:
        with alone(_folder()):
            key = _current(held(), now) or _add(now)
    return key, _private(key.kid)


def rotate(now: datetime, *, compromised: bool = False) -> PublicKey:
    """Make the next key. It signs once it was announced; a compromised one's successor at once, and every other one goes."""
    with alone(_folder()):
        before = held()
        made = _add(now if compromised or not before else now + ANNOUNCED)
        if compromised:
            _destroy([key.kid for key in before])
            _destroy(_orphans())
    return made


def keep_fresh(now: datetime) -> None:
    """Announce a new key when the newest is old, destroy those whose tokens are over, and what an interruption left."""
    with alone(_folder()):
        keys = held()
        if keys and keys[-1].signs_from + OLD <= now:
            _add(now + ANNOUNCED)
        needed = {key.kid for key in published(now)}
        _destroy([key.kid for key in keys if key.kid not in needed])
        _destroy(_orphans())


def _current(keys: Sequence[PublicKey], now: datetime) -> PublicKey | None:
    """The newest key whose time has come; with a clock that went back, the oldest."""
    begun = [key for key in keys if key.signs_from <= now]
    return begun[-1] if begun else next(iter(keys), None)


def _add(signs_from: datetime) -> PublicKey:
    kid = secrets.token_hex(8)
    private = RSAKey.generate_key(BITS)
    numbers = private.as_dict(private=False)
    made = PublicKey(kid, signs_from, str(numbers["n"]), str(numbers["e"]))
    # The private part first: what is published can be signed with.
    keep_installation_secret(_name(kid), private.as_pem(private=True))
    entry = asdict(made) | {"signs_from": signs_from.isoformat()}
    _write(_folder() / f"{kid}.json", json.dumps(entry))
    log.info("signing key made", kid=kid, signs_from=entry["signs_from"])
    return made


def _destroy(kids: Iterable[str]) -> None:
    for kid in kids:
        # The public part first: what is published can be signed with. Interrupted here, the private part is an orphan.
        (_folder() / f"{kid}.json").unlink(missing_ok=True)
        destroy_installation_secret(_name(kid))
        log.info("signing key destroyed", kid=kid)


def _orphans() -> set[str]:
    """Private parts without a public one: a key that was not made or not destroyed to the end. Only under the lock."""
    private = {name.removeprefix(_name("")) for name in kept_installation_secrets(_name(""))}
    return private - {file.stem for file in _folder().glob("*.json")}


def _read(file: Path) -> PublicKey | None:
    try:
        entry = json.loads(file.read_text())
        return PublicKey(**{**entry, "signs_from": datetime.fromisoformat(entry["signs_from"])})
    except FileNotFoundError:  # destroyed meanwhile
        return None
    except (OSError, ValueError, KeyError, TypeError) as error:
        log.error("public signing key cannot be read", file=file.name, error=type(error).__name__)
        return None


def _write(file: Path, text: str) -> None:
    """Put the file there whole, also when the power fails."""
    half = file.with_suffix(".new")
    with half.open("w") as stream:
        stream.write(text)
        stream.flush()
        os.fsync(stream.fileno())
    half.rename(file)
    flush(file.parent)


def _private(kid: str) -> RSAKey:
    return RSAKey.import_key(kept_installation_secret(_name(kid)))


def _name(kid: str) -> str:
    return f"federation-{kid}"


def _folder() -> Path:
    folder = Path(settings.DATA_DIR) / "federation"
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    return folder
