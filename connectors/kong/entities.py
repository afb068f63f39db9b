"""Kong's entities as read, from the Admin API or a decK dump, in one shape for the resolver.

Entities are Kong's own JSON objects. References are ``{"id": ...}``. A collection that could not be read is
absent from ``collections`` and has its reason in ``unread``: absent is never empty.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from connectors.base.model import Section

Entity = Mapping[str, Any]

_SECRET_NAME = re.compile(
    r"secret|password|passwd|token|apikey|api_key|private|credential|^key$|authorization|^jwk|license|bearer",
    re.IGNORECASE,
)
_NOT_SECRET: Final = {
    "key_names",
    "key_in_header",
    "key_in_query",
    "key_in_body",
    "key_claim_name",
    "hide_credentials",
}
_CREDENTIALS_IN_URL = re.compile(r"//[^/@\s]+@")


@dataclass(frozen=True, slots=True)
class Entities:
    """One workspace: its collections by name (``routes``, ``plugins`` …) and what could not be read."""

    workspace: str
    node: Entity | None
    collections: Mapping[str, tuple[Entity, ...]]
    targets: Mapping[str, tuple[Entity, ...]] = field(default_factory=dict)  # by upstream id
    unread: Mapping[str, str] = field(default_factory=dict)  # collection -> reason, in words
    sections: tuple[Section, ...] = ()
    unseen_plugins: str = ""  # why plugins may act here that are not in the collection

    def all(self, collection: str) -> tuple[Entity, ...]:
        """The entities of a collection; empty when it was not read (see ``known``)."""
        return self.collections.get(collection, ())

    def known(self, collection: str) -> bool:
        """Whether the collection was read to its end."""
        return collection in self.collections


def ref_id(entity: Entity, name: str) -> str:
    """The id a reference field holds (``route``, ``service``, ``consumer``); "" when it is not set."""
    reference = entity.get(name)
    if isinstance(reference, Mapping):
        return str(reference.get("id") or reference.get("name") or reference.get("username") or "")
    return reference if isinstance(reference, str) else ""


def strings(value: object) -> tuple[str, ...]:
    """A list of strings; Kong's null and ``{}`` are the empty list."""
    return tuple(str(entry) for entry in value) if isinstance(value, list | tuple) else ()


def config_of(plugin: Entity) -> Entity:
    """A plugin's configuration; empty when it has none."""
    config = plugin.get("config")
    return config if isinstance(config, Mapping) else {}


def without_secrets(value: Any, name: str = "") -> Any:
    """A copy in which values under secret-sounding names and credentials in URLs are "REDACTED"."""
    if isinstance(value, Mapping):
        if name == "headers":  # a log plugin's headers carry tokens under any name
            return {key: "REDACTED" if isinstance(entry, str) else entry for key, entry in value.items()}
        return {key: without_secrets(entry, str(key)) for key, entry in value.items()}
    if name not in _NOT_SECRET and _SECRET_NAME.search(name) and value not in (None, True, False, [], ""):
        return "REDACTED"
    if isinstance(value, list | tuple):
        return [without_secrets(entry, name) for entry in value]
    if isinstance(value, str):
        return _CREDENTIALS_IN_URL.sub("//REDACTED@", value)
    return value
