"""The stateful store behind the Admin API: defaults, unique keys, foreign keys, cascades, tags.

Uniqueness of plugins: one instance per name and scope (``cache_key`` in Kong's plugins entity).
"""

import hashlib
import secrets
import threading
import time
import uuid
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

from connectors.testkit.doubles.kong import errors
from connectors.testkit.doubles.kong.conditions import WITHOUT_CONDITION
from connectors.testkit.doubles.kong.entity_schemas import ENTITIES
from connectors.testkit.doubles.kong.plugin_schemas import PLUGINS
from connectors.testkit.doubles.kong.schema import record_errors, with_defaults

Entity = dict[str, Any]

SCOPES = ("route", "service", "consumer")


def is_uuid(text: str) -> bool:
    """Whether ``text`` is a UUID, hence an id and not a name."""
    try:
        uuid.UUID(text)
    except ValueError:
        return False
    return True


class Store:
    """All entities by kind and id. Safe for threads; ``version`` grows with each change.

    ``conditions``: plugins have the field ``condition`` (Kong Enterprise and Konnect from 3.15 on). ``forgetful``: it is
    taken and not kept, as when nodes of two releases share a database.
    """

    def __init__(self, *, conditions: bool = False, forgetful: bool = False) -> None:
        self._conditions, self._forgetful = conditions, forgetful
        self._entities: dict[str, dict[str, Entity]] = {kind: {} for kind in ENTITIES}
        self.lock = threading.RLock()
        self.version = 0

    def all(self, kind: str) -> list[Entity]:
        """Every entity of a kind, in id order (the order pages come in)."""
        with self.lock:
            return [self._entities[kind][key] for key in sorted(self._entities[kind])]

    def find(self, kind: str, id_or_key: str) -> Entity | None:
        """By id, or by the kind's own key (name, username, key …)."""
        with self.lock:
            if is_uuid(id_or_key):
                return self._entities[kind].get(id_or_key.lower())
            key = ENTITIES[kind].key
            return next((e for e in self._entities[kind].values() if key and e[key] == id_or_key), None)

    def create(self, kind: str, given: Entity) -> Entity:
        """Insert; an ``id`` may be given. Raises ``AdminError``."""
        with self.lock:
            identifier = str(given.get("id") or uuid.uuid4())
            if identifier in self._entities[kind]:
                raise errors.primary_key_violation(identifier)
            return self._write(kind, identifier, given, created_at=None)

    def upsert(self, kind: str, id_or_key: str, given: Entity) -> Entity:
        """PUT: replace the entity, or create it under that id or key."""
        with self.lock:
            current = self.find(kind, id_or_key)
            if current is None and not is_uuid(id_or_key):
                given = {**given, ENTITIES[kind].key: id_or_key}
            identifier = (
                current["id"] if current else (id_or_key if is_uuid(id_or_key) else str(uuid.uuid4()))
            )
            if current and not is_uuid(id_or_key):
                given = {ENTITIES[kind].key: id_or_key, **given}
            return self._write(kind, identifier, given, created_at=current and current["created_at"])

    def patch(self, kind: str, entity: Entity, given: Entity) -> Entity:
        """PATCH: top-level fields are replaced, records (a plugin's config) merged, arrays replaced whole."""
        with self.lock:
            merged = {**entity, **given}
            if kind == "plugins" and isinstance(given.get("config"), dict):
                merged["config"] = _merged(entity["config"], given["config"])
            for volatile in ("created_at", "updated_at"):
                merged.pop(volatile, None)
            return self._write(kind, entity["id"], merged, created_at=entity["created_at"])

    def delete(self, kind: str, entity: Entity) -> None:
        """Delete with its children; refuse while a restricting kind refers to it."""
        with self.lock:
            field = _field_of(kind)
            for child in ENTITIES[kind].restricted_by:
                holder = "client_certificate" if kind == "certificates" else field
                if any(
                    (e.get(holder) or {}).get("id") == entity["id"] for e in self._entities[child].values()
                ):
                    raise errors.still_referenced(kind, child)
            for child in ENTITIES[kind].children:
                for dependent in self.referring(child, field, entity["id"]):
                    self.delete(child, dependent)
            del self._entities[kind][entity["id"]]
            self.version += 1

    def referring(self, kind: str, field: str, identifier: str) -> list[Entity]:
        """Entities of ``kind`` whose foreign ``field`` is ``identifier``."""
        return [e for e in self.all(kind) if (e.get(field) or {}).get("id") == identifier]

    def tags(self) -> Iterator[tuple[str, str, str]]:
        """(tag, entity kind, entity id) of everything tagged."""
        for kind in ENTITIES:
            for entity in self.all(kind):
                for tag in entity.get("tags") or []:
                    yield tag, kind, entity["id"]

    def validated(self, kind: str, given: Entity) -> Entity:
        """``given`` with defaults, or ``AdminError`` with every schema violation. Stores nothing."""
        given = {
            name: value for name, value in given.items() if name not in ("id", "created_at", "updated_at")
        }
        given = _shorthands(kind, given)
        schema = ENTITIES[kind]
        fields = dict(schema.fields)
        if kind == "plugins" and not self._conditions:
            del fields["condition"]
        found = record_errors(fields, given)
        complete = with_defaults(fields, given)
        if kind == "plugins" and not found:
            found = _configure(complete)
        if complete.get("condition") and complete["name"] in WITHOUT_CONDITION:
            found = {"condition": "this plugin does not support conditions"}
        if not found and schema.check and (problem := schema.check(complete)):
            found = {"@entity": [problem]}
        if found:
            raise errors.schema_violation(found)
        for name in schema.generated:
            complete[name] = complete[name] or secrets.token_urlsafe(24)
        return complete

    def _write(self, kind: str, identifier: str, given: Entity, created_at: Any) -> Entity:
        snis = given.pop("snis", None) if kind == "certificates" else None
        entity = self.validated(kind, given)
        if kind == "basicauth_credentials":
            salted = entity["password"] + str((entity["consumer"] or {}).get("id"))
            entity["password"] = hashlib.sha1(salted.encode(), usedforsecurity=False).hexdigest()
        self._resolve_references(kind, entity)
        self._check_unique(kind, identifier, entity)
        if self._forgetful and kind == "plugins":
            entity["condition"] = None
        now = int(time.time())
        stamps = {"created_at": created_at or now, **({"updated_at": now} if ENTITIES[kind].updated else {})}
        stored = {"id": identifier.lower(), **entity, **stamps}
        self._entities[kind][stored["id"]] = stored
        self.version += 1
        for name in snis or []:
            self.create("snis", {"name": name, "certificate": {"id": stored["id"]}})
        return stored

    def _resolve_references(self, kind: str, entity: Entity) -> None:
        for name, spec in ENTITIES[kind].fields.items():
            reference = entity.get(name)
            if spec.kind != "foreign" or not reference:
                continue
            wanted = str(reference.get("id") or reference.get(ENTITIES[spec.reference].key) or "")
            found = self.find(spec.reference, wanted)
            if found is None:
                raise errors.missing_reference(name, reference, spec.reference)
            entity[name] = {"id": found["id"]}

    def _check_unique(self, kind: str, identifier: str, entity: Entity) -> None:
        for other in self._entities[kind].values():
            if other["id"] == identifier.lower():
                continue
            for name in ENTITIES[kind].unique:
                if entity.get(name) is not None and other.get(name) == entity[name]:
                    raise errors.unique_violation({name: entity[name]})
            if kind == "plugins" and _scope(other) == _scope(entity):
                key = {name: (entity[name] or {}).get("id") for name in SCOPES}
                raise errors.unique_violation({**key, "name": entity["name"]})
            if kind == "targets" and (other["target"], other["upstream"]) == (
                entity["target"],
                entity["upstream"],
            ):
                raise errors.unique_violation({"target": entity["target"]})


def _scope(plugin: Entity) -> tuple[Any, ...]:
    return (plugin["name"], *((plugin[name] or {}).get("id") for name in SCOPES))


def _field_of(kind: str) -> str:
    return kind.removesuffix("s")


def _merged(old: Entity, new: Entity) -> Entity:
    result = dict(old)
    for name, value in new.items():
        nested = isinstance(value, dict) and isinstance(old.get(name), dict)
        result[name] = _merged(old[name], value) if nested else value
    return result


def _shorthands(kind: str, given: Entity) -> Entity:
    if kind == "services" and "url" in given:
        parts = urlsplit(str(given.pop("url")))
        given |= {"protocol": parts.scheme, "host": parts.hostname, "path": parts.path or None}
        given["port"] = parts.port or (443 if parts.scheme == "https" else 80)
    if kind == "targets" and isinstance(given.get("target"), str) and ":" not in given["target"]:
        given["target"] += ":8000"
    return given


def _configure(plugin: Entity) -> Entity:
    """Complete a plugin's config in place; returns its schema errors."""
    schema = PLUGINS.get(plugin["name"])
    if schema is None:
        return {
            "name": f"plugin '{plugin['name']}' not enabled; add it to the 'plugins' configuration property"
        }
    given = plugin["config"] or {}
    if found := record_errors(schema.fields, given):
        return {"config": found}
    plugin["config"] = with_defaults(schema.fields, given)
    if schema.check and (problem := schema.check(plugin["config"])):
        return {"@entity": [problem]}
    if plugin["consumer"] and not schema.consumer_scope:
        return {"consumer": "value must be null"}
    return {}
