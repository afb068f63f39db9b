"""The chain of entries: what an entry's hash covers, and whether rows hang together. Pure: runs without Django.

The hash is SHA-256 over one JSON object: keys in order, no white space, UTF-8, times as `2026-11-27T10:00:00.000000+00:00`.
What the object holds depends on the entry's `hash_version`, so that entries written by earlier releases stay valid.
"""

import hashlib
import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

GENESIS: Final = "0" * 64
CURRENT: Final = 2
_FIRST: Final = (
    "action",
    "actor_id",
    "actor_kind",
    "actor_name",
    "after",
    "at",
    "before",
    "previous_hash",
    "reason",
    "request_id",
    "sequence",
    "target",
)
FIELDS: Final[dict[int, tuple[str, ...]]] = {
    1: _FIRST,
    2: tuple(sorted((*_FIRST, "client_address", "hash_version", "user_agent"))),
}
_encode: Final[Callable[[Any], str]] = json.JSONEncoder(
    sort_keys=True, separators=(",", ":"), ensure_ascii=False
).encode


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong first: the earliest entry that can be meant, the last one, and a sentence."""

    sequence: int
    until: int
    sentence: str


@dataclass(frozen=True, slots=True)
class Checked:
    """How many entries hold, the hash of the last of them, and the first fault, if any."""

    count: int
    last_hash: str
    fault: Fault | None = None


def entry_hash(entry: Mapping[str, Any]) -> str:
    """Return the hash of an entry by its version; KeyError for a version this release does not know."""
    covered = {name: entry[name] for name in FIELDS[entry["hash_version"]]}
    if isinstance(covered["at"], datetime):
        covered["at"] = covered["at"].isoformat(timespec="microseconds")
    return hashlib.sha256(_encode(covered).encode("utf-8", "surrogatepass")).hexdigest()


def check(
    entries: Iterable[Mapping[str, Any]],
    signed: Mapping[int, str],
    hash_of: Callable[[Mapping[str, Any]], str] = entry_hash,
) -> Checked:
    """Follow the chain from its beginning. `signed` are hashes of entries that were signed, by sequence."""
    previous, expected, confirmed = GENESIS, 1, 0
    for entry in entries:
        if entry["sequence"] != expected:
            return _broken(expected, previous, expected, "is missing, or entries were put in another order")
        if entry["previous_hash"] != previous:
            # Both hang together in themselves: the one before was changed, unless a signature vouches for it.
            suspect = expected if confirmed == expected - 1 else expected - 1
            return _broken(expected, previous, suspect, "was changed: the entry after it does not follow it")
        if entry["hash_version"] not in FIELDS or entry["hash"] != hash_of(entry):
            return _broken(expected, previous, expected, "was changed")
        promised = signed.get(expected)
        if promised is not None:
            if promised != entry["hash"]:
                first = confirmed + 1
                fault = Fault(
                    first, expected, f"Entries {first} to {expected} are not those that were signed."
                )
                return Checked(confirmed, "", fault)
            confirmed = expected
        previous, expected = entry["hash"], expected + 1
    last = max(signed, default=0)
    if last >= expected:
        fault = Fault(expected, last, f"Entries {expected} to {last} are missing: {last} was signed.")
        return Checked(expected - 1, previous, fault)
    return Checked(expected - 1, previous)


def _broken(expected: int, previous: str, suspect: int, what: str) -> Checked:
    return Checked(expected - 1, previous, Fault(suspect, suspect, f"Entry {suspect} {what}."))
