"""What is ours on a Kong: the tag on whole objects, and tags that mark single entries in a customer's list.

An entry we add to a customer's own ``deny`` list is marked by a tag made of a digest of the entry, because Kong
tags may hold neither commas nor slashes. Taking our entries and tags away gives back the customer's object.
"""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Iterable, Mapping
from typing import Any, Final

import orjson

from connectors.base.enforcement import OWNERSHIP_PREFIX
from connectors.kong.entities import Entity, config_of, strings

#: The tag of every object that is wholly ours.
OWNER_TAG: Final = OWNERSHIP_PREFIX
_ENTRY_TAG: Final = f"{OWNERSHIP_PREFIX}-deny-"
_NAMESPACE: Final = uuid.UUID("6c1f9f0e-8b57-5d0a-9a57-5f2a4c1d7e30")
_MOVING: Final = ("created_at", "updated_at")


def made_uuid(*parts: str) -> str:
    """The id of one of our objects: the same for the same parts, so that writing twice is writing once."""
    return str(uuid.uuid5(_NAMESPACE, "|".join(parts)))


def is_ours(entity: Entity) -> bool:
    """Whether the object is wholly ours."""
    return OWNER_TAG in strings(entity.get("tags"))


def entry_tag(entry: str) -> str:
    """The tag that marks one entry of a customer's list as ours."""
    return _ENTRY_TAG + hashlib.blake2b(entry.encode(), digest_size=8).hexdigest()


def our_entries(plugin: Entity) -> list[str]:
    """Our entries in a customer's ``deny`` list, sorted."""
    tags = set(strings(plugin.get("tags")))
    return sorted(entry for entry in strings(config_of(plugin).get("deny")) if entry_tag(entry) in tags)


def without_ours(plugin: Entity) -> dict[str, Any]:
    """A customer's plugin as it would be without our entries and tags."""
    ours = set(our_entries(plugin))
    config = dict(config_of(plugin))
    if ours:
        config["deny"] = [entry for entry in strings(config.get("deny")) if entry not in ours] or None
    tags = [tag for tag in strings(plugin.get("tags")) if not tag.startswith(_ENTRY_TAG)]
    return {**plugin, "config": config, "tags": tags or None}


def merged(plugin: Entity, entries: Iterable[str]) -> dict[str, Any]:
    """The PATCH that makes exactly ``entries`` ours in a customer's plugin; their own entries stay in place."""
    plain = without_ours(plugin)
    theirs = list(strings(plain["config"].get("deny")))
    added = [entry for entry in sorted(set(entries)) if entry not in theirs]
    tags = [*strings(plain["tags"]), *(entry_tag(entry) for entry in added)]
    return {"config": {"deny": [*theirs, *added] or None}, "tags": tags or None}


def settled(entity: Entity) -> dict[str, Any]:
    """The entity without the times Kong writes into it."""
    return {key: value for key, value in entity.items() if key not in _MOVING}


def lock_of(entity: Entity) -> str:
    """The version token Kong offers: the time of the last change."""
    return str(entity.get("updated_at") or entity.get("created_at") or "")


def digest(collections: Mapping[str, Iterable[Entity]]) -> str:
    """A digest of everything that is not ours; null, ``[]`` and ``{}`` count as the same nothing."""
    hasher = hashlib.sha256()
    for name in sorted(collections):
        documents = [
            orjson.dumps(_bare(settled(without_ours(entity))), option=orjson.OPT_SORT_KEYS)
            if name == "plugins"
            else orjson.dumps(_bare(settled(entity)), option=orjson.OPT_SORT_KEYS)
            for entity in collections[name]
            if not is_ours(entity)
        ]
        hasher.update(name.encode() + b"\x00" + b"\x00".join(sorted(documents)))
    return hasher.hexdigest()


def _bare(value: Any) -> Any:
    if isinstance(value, Mapping):
        kept = {str(key): _bare(entry) for key, entry in value.items()}
        return {key: entry for key, entry in kept.items() if entry not in (None, [], {})}
    return [_bare(entry) for entry in value] if isinstance(value, list | tuple) else value
