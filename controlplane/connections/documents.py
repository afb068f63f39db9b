"""A configuration snapshot as a document and back, without loss. Pure.

The document is the JSON of the neutral model (``connectors/base/model.py``), compressed. Its hash is the same
for two reads that differ only in the order in which the vendor listed things.
"""

from __future__ import annotations

import gzip
import hashlib
from dataclasses import replace
from typing import Any

import orjson
from pydantic import TypeAdapter

from connectors.base.model import ConfigSnapshot

_ADAPTER: TypeAdapter[ConfigSnapshot] = TypeAdapter(ConfigSnapshot)

#: Fields of a snapshot that are lists of objects with a ``ref``.
LISTS = (
    "services",
    "stages",
    "routes",
    "upstreams",
    "waf_policies",
    "consumers",
    "settings",
)


def to_document(snapshot: ConfigSnapshot) -> bytes:
    """The snapshot as compressed JSON; equal snapshots give equal bytes."""
    return gzip.compress(orjson.dumps(_plain(snapshot)), compresslevel=5, mtime=0)


def from_document(document: bytes) -> ConfigSnapshot:
    """The snapshot a document holds; ``ValueError`` when it is none."""
    return _ADAPTER.validate_json(gzip.decompress(document))


def digest(snapshot: ConfigSnapshot) -> str:
    """SHA-256 over the content, whatever the order in which objects and keys were listed."""
    lists: dict[str, Any] = {name: tuple(sorted(getattr(snapshot, name), key=_key)) for name in LISTS}
    ordered = replace(snapshot, **lists)
    return hashlib.sha256(orjson.dumps(_plain(ordered), option=orjson.OPT_SORT_KEYS)).hexdigest()


def counts(snapshot: ConfigSnapshot) -> dict[str, int]:
    """How many objects of each kind the snapshot holds."""
    return {name: len(getattr(snapshot, name)) for name in LISTS}


def sections(snapshot: ConfigSnapshot) -> list[dict[str, str]]:
    """The completeness of each section as the API shows it."""
    return [
        {
            "name": part.name,
            "completeness": part.completeness.value,
            "reason": part.reason,
        }
        for part in snapshot.sections
    ]


def _plain(snapshot: ConfigSnapshot) -> Any:
    return _ADAPTER.dump_python(snapshot, mode="json")


def _key(entry: Any) -> tuple[str, str]:
    return entry.ref, getattr(entry, "name", "")
