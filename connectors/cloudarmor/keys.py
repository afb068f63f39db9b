"""Public keys Google publishes (RFC 7517), fetched through the egress and kept as long as Google allows."""

from __future__ import annotations

import re
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from joserfc.errors import JoseError
from joserfc.jwk import KeySet, RSAKey

from connectors.base.errors import ConnectorError, VendorAnswerError
from connectors.egress import Egress

_MAX_AGE: Final = re.compile(r"(?:^|[\s,])max-age\s*=\s*(\d{1,8})")
_SHORTEST, _LONGEST = 300.0, 86_400.0
#: A token may name a key that was made since; nobody can make us ask for it more often than this.
_AGAIN: Final = 60.0
_SECONDS: Final = 5.0
_MOST_KEYS: Final = 50
_MOST_SETS: Final = 64
_SHORTEST_RSA: Final = 2048 // 8 * 4 // 3  # characters of base64: shorter keys can be found out


@dataclass(slots=True)
class _Kept:
    keys: Mapping[str, RSAKey]
    asked: float
    expires: float


_kept: dict[str, _Kept] = {}
_locks: dict[str, threading.Lock] = {}


def public_key(url: str, name: str, egress: Egress, now: float) -> RSAKey | None:
    """The key ``name`` (``kid``) of the set at ``url``; None when it is not published or cannot be fetched.

    ``now`` is Unix time in seconds. Keys that were fetched once are used while the set cannot be reached.
    """
    with _locks.setdefault(url, threading.Lock()):
        kept = _kept.get(url)
        if kept is None or ((now >= kept.expires or name not in kept.keys) and now >= kept.asked + _AGAIN):
            kept = _renewed(url, kept, egress, now)
        return kept.keys.get(name)


def _renewed(url: str, kept: _Kept | None, egress: Egress, now: float) -> _Kept:
    try:
        found = _fetched(url, egress, now)
    except ConnectorError:
        found = _Kept(kept.keys if kept else {}, now, now)
    if len(_kept) >= _MOST_SETS:
        _kept.clear()
    _kept[url] = found
    return found


def _fetched(url: str, egress: Egress, now: float) -> _Kept:
    answer = egress.request("GET", url, timeout=_SECONDS, attempts=1)
    document = answer.json() if answer.status == 200 else None
    entries = document.get("keys") if isinstance(document, dict) else None
    if not isinstance(entries, list) or len(entries) > _MOST_KEYS:
        raise VendorAnswerError(f"{url} is not a set of keys.", unchanged="No signature was checked.")
    keys = {key.kid: key for key in map(_key, entries) if key is not None and key.kid}
    return _Kept(keys, now, now + _age(answer.headers))


def _key(entry: Any) -> RSAKey | None:
    """A public RSA key for signatures, long enough to be believed; None for anything else."""
    if not isinstance(entry, dict) or entry.get("use", "sig") != "sig" or "d" in entry:
        return None
    if entry.get("kty") != "RSA" or len(str(entry.get("n", ""))) < _SHORTEST_RSA:
        return None
    try:
        found = KeySet.import_key_set({"keys": [entry]}).keys[0]
    except (JoseError, ValueError, TypeError, KeyError, AttributeError):
        return None
    return found if isinstance(found, RSAKey) else None


def _age(headers: Mapping[str, str]) -> float:
    said = _MAX_AGE.search(headers.get("cache-control", "").lower())
    return min(max(float(said[1]), _SHORTEST), _LONGEST) if said else _SHORTEST
