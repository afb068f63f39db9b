"""Looks for planted secrets in everything the product keeps, writes and answers; case and encoding do not hide them."""

from __future__ import annotations

import base64
import gzip
import io
import json
import re
import zipfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from urllib.parse import quote, unquote_to_bytes

import pyarrow.parquet as pq
from django.db import connections
from psycopg import sql

from tests.security.planting import Secret

#: As many characters of a secret in a row are a find, also of one that was cut.
PART = 12
_STRIPPED = re.compile(rb"[\s\\\"']+")


class Haystack:
    """What was gathered, by store. `add` takes bytes or text of any kind."""

    def __init__(self) -> None:
        self.stores: dict[str, list[bytes]] = {}

    def add(self, store: str, content: bytes | str) -> None:
        """Keep a piece; archives in it are opened."""
        data = content.encode("utf-8", "surrogatepass") if isinstance(content, str) else content
        self.stores.setdefault(store, []).append(data)
        if data[:2] == b"\x1f\x8b":
            self.add(store, gzip.decompress(data))
        if data[:4] == b"PK\x03\x04":
            with zipfile.ZipFile(io.BytesIO(data)) as packed:
                for name in packed.namelist():
                    self.add(store, name)
                    self._file(store, name, packed.read(name))

    def database(self, store: str = "database") -> None:
        """Every row of every table of every schema, as the database's owner reads it and dumps it."""
        # The owner's own tables, and those of the queue and the tenants, whoever owns them.
        with connections["owner"].cursor() as cursor:
            cursor.execute(
                "SELECT schemaname, tablename FROM pg_tables"
                " WHERE schemaname NOT IN ('pg_catalog', 'information_schema')"
            )
            for schema, table in cursor.fetchall():
                statement = sql.SQL("SELECT t::text FROM {} AS t").format(sql.Identifier(schema, table))
                cursor.execute(statement)
                self.add(store, "\n".join([f"{schema}.{table}", *(row[0] for row in cursor.fetchall())]))

    def files(self, folder: Path, store: str = "files") -> None:
        """Every file below a folder, with its name."""
        for path in sorted(folder.rglob("*")):
            self.add(store, str(path.relative_to(folder)))
            if path.is_file():
                self._file(store, path.name, path.read_bytes())

    def _file(self, store: str, name: str, data: bytes) -> None:
        self.add(store, data)
        if name.endswith(".parquet"):
            table = pq.read_table(io.BytesIO(data))
            self.add(store, json.dumps({"schema": str(table.schema), "rows": table.to_pylist()}, default=str))

    def sizes(self) -> dict[str, int]:
        """Bytes gathered by store."""
        return {store: sum(map(len, pieces)) for store, pieces in self.stores.items()}

    def find(self, secrets: Iterable[Secret]) -> set[tuple[Secret, str]]:
        """Which secret was found in which store, but for those where it is shown on purpose."""
        grams, found = _grams(secrets), set()
        for store, pieces in self.stores.items():
            for piece in pieces:
                for view in _views(piece):
                    found |= {(secret, store) for secret in _hits(view, grams) if store not in secret.shown}
        return found


def _views(piece: bytes) -> Iterator[bytes]:
    """A piece as it is, without percent-encoding, and without breaks and escapes inside it; in small letters."""
    yield piece.lower()
    if b"%" in piece:
        yield unquote_to_bytes(piece).lower()
    yield _STRIPPED.sub(b"", piece).lower()


def _hits(view: bytes, grams: dict[bytes, Secret]) -> Iterator[Secret]:
    for at in range(len(view) - PART + 1):
        secret = grams.get(view[at : at + PART])
        if secret is not None:
            yield secret


def _grams(secrets: Iterable[Secret]) -> dict[bytes, Secret]:
    """Every run of `PART` characters of every written form of every secret's core."""
    grams: dict[bytes, Secret] = {}
    for secret in secrets:
        for written in _written(secret.core):
            low = written.lower()
            assert len(low) >= PART, secret
            for at in range(len(low) - PART + 1):
                grams[low[at : at + PART]] = secret
    return grams


def _written(core: str) -> Iterator[bytes]:
    """The core in every encoding a store may have it in."""
    raw = core.encode()
    yield raw
    yield quote(core, safe="").encode()
    yield json.dumps(core)[1:-1].encode()
    yield raw.hex().encode()
    yield "".join(f"%{byte:02x}" for byte in raw).encode()
    for shift in range(3):  # base 64 of a longer text with the core somewhere inside
        for encode in (base64.b64encode, base64.urlsafe_b64encode):
            whole = encode(b"\0" * shift + raw)
            yield whole[4 if shift else 0 :][: (len(raw) + shift) // 3 * 4 - (4 if shift else 0)]
