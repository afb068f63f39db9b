"""The whole trail, fast: the database sends one JSON document per entry while the one before is hashed here.

`hash_of_row` gives the same hash as `chain.entry_hash`; fractions are written as that definition writes them.
"""

import hashlib
from collections.abc import Generator, Mapping
from typing import Any, Final

import msgspec
from django.db import connection, transaction

from tenants.audit import chain
from tenants.audit.models import Entry

COLUMNS: Final = tuple(str(field.column) for field in Entry._meta.concrete_fields)
_AT: Final = """to_char(at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"+00:00"') AS at"""
_NAMES: Final = ", ".join(_AT if name == "at" else name for name in COLUMNS)
_ENTRIES: Final = f"SELECT {_NAMES} FROM audit_entry ORDER BY sequence"  # noqa: S608 - our own columns
_DOCUMENTS: Final = f"COPY (SELECT row_to_json(entry)::text FROM ({_ENTRIES}) AS entry) TO STDOUT"  # noqa: S608 - as above
_decoder: Final = msgspec.json.Decoder(float_hook=lambda text: msgspec.Raw(repr(float(text)).encode()))
_encoder: Final = msgspec.json.Encoder(order="sorted")


def rows() -> Generator[Mapping[str, Any], None, None]:
    """Yield every entry of the entered tenant in order, as of one moment, its time as text.

    Close the generator when you stop early: the database is told, and the surrounding transaction goes on.
    """
    with transaction.atomic(), connection.cursor() as cursor, cursor.copy(_DOCUMENTS) as copy:
        for (document,) in copy.rows():
            yield _decoder.decode(document)


def hash_of_row(entry: Mapping[str, Any]) -> str:
    """Return the hash of an entry from `rows`; KeyError for an unknown version."""
    covered = {name: entry[name] for name in chain.FIELDS[entry["hash_version"]]}
    return hashlib.sha256(_encoder.encode(covered)).hexdigest()


def parsed(document: str) -> Mapping[str, Any]:
    """Return a document as `rows` yields it."""
    found: Mapping[str, Any] = _decoder.decode(document)
    return found
