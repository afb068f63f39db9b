"""Rotation without a stop: keys wrapped anew, values sealed anew, old keys destroyed. All of it can be repeated.

What is done stands in the data itself (which root key wrapped a key, which data key sealed a value), so a run that
was ended goes on where it stopped. Values are replaced only if they are still what was read: nobody waits.
"""

import re
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any, Final

from django.db import connection, transaction
from psycopg import sql

from tenants.audit.services import record
from tenants.vault import sealed as form
from tenants.vault.datakeys import (
    VaultError,
    add_key,
    current_root,
    data_key,
    hash_key,
    lock_keys,
    newest,
    rewrapped,
    tenant_name,
)
from tenants.vault.fields import Place, kept_places
from tenants.vault.models import HASH_KEY, DataKey

#: A data key is replaced when it is this old, and destroyed this long after it was replaced: whoever had sealed
#: with it has stored the value by then, whoever had read a value has opened it.
OLD: Final = timedelta(days=365)
RETIRED_FOR: Final = timedelta(hours=1)
BATCH: Final = 1000
Progress = Callable[[int], None]


@dataclass(frozen=True, slots=True)
class KeyState:
    """A data key: its version, the root key that wraps it, since when it is there, how many values it seals."""

    version: int
    root_key_id: str
    created_at: datetime
    values: int


@dataclass(frozen=True, slots=True)
class Resealed:
    """Rows sealed anew, and those that cannot be opened; of the latter nothing was changed."""

    done: int = 0
    unreadable: int = 0


def states() -> list[KeyState]:
    """Return the entered tenant's data keys, oldest first; the key of hashes is not among them."""
    held = sealed_by_version()
    rows = DataKey.objects.filter(version__gt=HASH_KEY).order_by("version")
    return [KeyState(row.version, row.root_key_id, row.created_at, held[row.version]) for row in rows]


def outdated_keys() -> int:
    """Return how many of the tenant's keys another root key than the current one wraps."""
    return DataKey.objects.exclude(root_key_id=current_root()).count()


def sealed_by_version() -> Counter[int]:
    """Count the tenant's sealed values by the data key that sealed them."""
    held: Counter[int] = Counter()
    for place in kept_places():
        query = sql.SQL(
            "SELECT m[1]::int, count(*) FROM {}, regexp_matches({}::text, %s, 'g') AS m GROUP BY 1"
        ).format(sql.Identifier(place.table), sql.Identifier(place.column))
        with connection.cursor() as cursor:
            cursor.execute(query, [form.SEALED.pattern])
            held.update(dict(cursor.fetchall()))
    return held


def rewrap() -> int:
    """Wrap the entered tenant's keys with the current root key; return how many another one had wrapped."""
    changed = 0
    for row in DataKey.objects.exclude(root_key_id=current_root()).order_by("version"):
        again = rewrapped(row)
        with transaction.atomic():
            same = DataKey.objects.filter(version=row.version, wrapped=row.wrapped)
            if same.update(root_key_id=again.root_key_id, wrapped=again.wrapped):
                before, after = {"root_key": row.root_key_id}, {"root_key": again.root_key_id}
                record("vault.rewrap", f"key {row.version}", before=before, after=after)
                changed += 1
    return changed


def rotate_data(reason: str = "") -> int:
    """Begin a new data key for the entered tenant; return its version. `reseal` and `destroy_retired` do the rest."""
    with transaction.atomic():
        version = add_key()
        record("vault.rotate", f"key {version}", after={"version": version}, reason=reason)
    return version


def reseal(progress: Progress | None = None) -> Resealed:
    """Seal every value of an older data key with the newest; what cannot be opened stays as it is."""
    version, key = newest()
    done = unreadable = 0
    for place in kept_places():
        for moved, lost in _Pass(place, version, key).batches():
            done, unreadable = done + moved, unreadable + lost
            if progress:
                progress(done)
    if done:
        with transaction.atomic():
            record("vault.reseal", f"key {version}", after={"rows": done, "unreadable": unreadable})
    return Resealed(done, unreadable)


def destroy_retired(now: datetime, retired_for: timedelta = RETIRED_FOR) -> list[int]:
    """Destroy data keys that seal nothing any more and were replaced long enough ago; return their versions."""
    hash_key()  # stands in a row of its own from here on
    with transaction.atomic():
        lock_keys()
        keys = states()
        gone = [
            key.version
            for key, following in pairwise(keys)
            if not key.values and following.created_at <= now - retired_for
        ]
        if gone:
            DataKey.objects.filter(version__in=gone).delete()
            record("vault.destroy", "data keys", before={"versions": gone})
    return gone


def keep_fresh(now: datetime, old: timedelta = OLD) -> None:
    """Replace a data key that is old, seal again what older ones sealed, destroy those that are done with."""
    data_keys = DataKey.objects.filter(version__gt=HASH_KEY)
    latest = data_keys.order_by("-version").first()
    if latest is None:
        return
    if latest.created_at <= now - old:
        rotate_data(reason=f"The key was {old.days} days old.")
    if data_keys.count() > 1:
        reseal()
        destroy_retired(now)


class _Pass:
    """One way through a column, in the order of its unique key."""

    def __init__(self, place: Place, version: int, key: bytes) -> None:
        self._place, self._version, self._key = place, version, key
        self._keys: dict[int, bytes] = {}
        self._names = {
            "table": sql.Identifier(place.table),
            "column": sql.Identifier(place.column),
            "key": sql.Identifier(place.key),
            "row": sql.SQL("{}::text").format(sql.Identifier(place.row)) if place.row else sql.SQL("''"),
            "kind": sql.SQL(place.kind),
        }

    def batches(self) -> Iterator[tuple[int, int]]:
        """Seal row by row; yield how many rows of a batch were written and how many could not be opened."""
        last: Any = None
        while rows := self._older(last):
            last = rows[-1][0]
            changes, lost = [], 0
            for unique, name, old in rows:
                try:
                    changes.append((unique, old, self._again(name, old)))
                except ValueError:
                    lost += 1
            yield self._replace(changes), lost

    def _older(self, after: Any) -> list[tuple[Any, str, str]]:
        """Return the next rows that hold a value of another data key: unique key, name in the bond, text."""
        beyond = sql.SQL("{table}.{key} > %(after)s AND").format(**self._names)
        query = sql.SQL(
            "SELECT {table}.{key}, {row}, {table}.{column}::text FROM {table}"
            " WHERE {beyond} {table}.{column}::text ~ %(other)s ORDER BY {table}.{key} LIMIT %(batch)s"
        ).format(beyond=sql.SQL("") if after is None else beyond, **self._names)
        other = form.SEALED.pattern.replace("(", rf"(?!{self._version}\.)(", 1)
        with connection.cursor() as cursor:
            cursor.execute(query, {"after": after, "other": other, "batch": BATCH})
            return list(cursor.fetchall())

    def _again(self, row: str, text: str) -> str:
        """Return the text with each older value sealed by the newest key; ValueError when one does not open."""

        def one(found: re.Match[str]) -> str:
            version, raw = form.parse(found[0])
            if version == self._version:
                return found[0]
            plain = form.decrypt(raw, self._old_key(version), self._bond(version, row))
            return form.encrypt(plain, self._version, self._key, self._bond(self._version, row))

        return form.SEALED.sub(one, text)

    def _old_key(self, version: int) -> bytes:
        if version not in self._keys:
            try:
                self._keys[version] = data_key(version)
            except VaultError as error:
                if error.status != VaultError.status:  # the root key does not answer: nothing is lost
                    raise
                raise ValueError("its key is gone") from None
        return self._keys[version]

    def _bond(self, version: int, row: str) -> bytes:
        return form.bond(tenant_name(), version, self._place.table, self._place.field, row)

    def _replace(self, changes: list[tuple[Any, str, str]]) -> int:
        """Write what is still as it was read; return how many rows that were."""
        if not changes:
            return 0
        query = sql.SQL(
            "UPDATE {table} SET {column} = v.new::{kind}"
            " FROM unnest(%s::{type}[], %s::text[], %s::text[]) AS v(key, old, new)"
            " WHERE {table}.{key} = v.key AND {table}.{column}::text = v.old"
        ).format(type=sql.SQL("bigint" if isinstance(changes[0][0], int) else "text"), **self._names)
        keys, old, new = (list(part) for part in zip(*changes, strict=True))
        with connection.cursor() as cursor:
            cursor.execute(query, [keys, old, new])
            return int(cursor.rowcount)
