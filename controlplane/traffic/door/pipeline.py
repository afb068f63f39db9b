"""From a normalised table to one that may be stored: the door's steps in order.

Headers and bodies are read for features and then dropped; principals and sessions become keyed hashes; path
and query keep their structure with sensitive values replaced by ``~<class>.<16 hex>``, and so do names.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import pyarrow as pa

from connectors.base.calls import CALL_SCHEMA, NORMALISED_SCHEMA
from controlplane.classification import redact_texts
from controlplane.traffic.door.features import fields_of, signature_columns
from controlplane.traffic.door.limits import bound
from controlplane.traffic.door.privacy import NAMED, hashed, redact


@dataclass(frozen=True, slots=True)
class DoorKeys:
    """The tenant's secrets the door needs: a one-way hash per purpose and the key for redacted values."""

    keyed_hash: Callable[[str, str], str]
    redaction_key: bytes


def first_of_each(table: pa.Table) -> pa.Table:
    """The table with only the first row of each ``call_id``."""
    ids = table.column("call_id").to_pylist()
    if len(set(ids)) == len(ids):
        return table
    seen: set[str] = set()
    keep = [not (value in seen or seen.add(value)) for value in ids]  # type: ignore[func-returns-value]
    return table.filter(pa.array(keep))


def prepare(table: pa.Table, connection: str, received_at: int, keys: DoorKeys) -> pa.Table:
    """The stored form (``CALL_SCHEMA``) of a ``NORMALISED_SCHEMA`` table; same rows, same order."""
    table = bound(table.select(NORMALISED_SCHEMA.names))
    signatures, scores = signature_columns(table)
    query_fields, body_fields, response_fields = fields_of(table, keys.redaction_key)
    columns = {name: table.column(name) for name in table.column_names}
    columns["path"], columns["query"], classes = redact(table, keys.redaction_key)
    columns["principal"] = hashed(table.column("principal"), "principal", keys.keyed_hash)
    columns["session"] = hashed(table.column("session"), "session", keys.keyed_hash)
    for name in NAMED:
        columns[name] = redact_texts(table.column(name), keys.redaction_key)
    rows = table.num_rows
    columns |= {
        "connection": pa.repeat(pa.scalar(connection), rows),
        "received_at": pa.repeat(pa.scalar(received_at, pa.int64()), rows),
        "signatures": signatures,
        "signature_score": scores,
        "data_classes": classes,
        "query_fields": query_fields,
        "body_fields": body_fields,
        "response_fields": response_fields,
    }
    return pa.table({f.name: columns[f.name] for f in CALL_SCHEMA}).cast(CALL_SCHEMA)
