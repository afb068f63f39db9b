"""decK dumps (``deck gateway dump``, format 1.1 and 3.0): nested YAML or JSON in, Kong entities out.

References are by nesting and by name. Ids are absent unless dumped ``--with-id``: names stand in, and an
entity without either gets a digest of its own document. Credentials of consumers are skipped unread.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from typing import Any, Final
from urllib.parse import urlsplit

import orjson
import yaml

from connectors.base.bounded import check_bounded
from connectors.base.errors import VendorAnswerError
from connectors.base.formats import DocumentError, LoadedDocument, without_quotes
from connectors.kong.entities import Entities, Entity
from connectors.kong.resolve import resolve

_NESTED: Final = ("routes", "plugins", "targets", "consumers", "services")
_CONSUMER_KEPT: Final = ("id", "username", "custom_id", "tags")


def looks_like_deck(head: bytes, filename: str) -> float:
    """decK writes ``_format_version`` at the top; in JSON it may come later."""
    if b"_format_version" in head:
        return 1.0
    return 0.3 if filename.lower() in ("kong.yaml", "kong.yml", "kong.json") else 0.0


def load(data: bytes, filename: str, host: str) -> LoadedDocument:
    """The snapshot of a dump; entities that are no objects are reported and left out."""
    document = _parse(data)
    reader = _Reader()
    entities = reader.read(document)
    name = str(document.get("_workspace") or entities.workspace)
    snapshot = resolve(entities, f"workspace:{name}", filename or "decK dump")
    return LoadedDocument(snapshot, tuple(reader.errors))


def _parse(data: bytes) -> dict[str, Any]:
    try:
        document = (
            orjson.loads(data) if data.lstrip()[:1] == b"{" else yaml.load(data, Loader=yaml.CSafeLoader)
        )
    except (orjson.JSONDecodeError, yaml.YAMLError, UnicodeDecodeError, RecursionError, ValueError) as error:
        raise VendorAnswerError(
            f"The decK dump could not be read: {without_quotes(str(error))[:300]}",
            unchanged="Nothing was imported.",
        ) from error
    check_bounded(document)
    if not isinstance(document, dict) or "_format_version" not in document:
        raise VendorAnswerError("The document has no _format_version, so it is no decK dump.")
    return document


class _Reader:
    """Flattens one dump into collections, giving each entity the references its place implies."""

    def __init__(self) -> None:
        self.errors: list[DocumentError] = []
        self._found: dict[str, list[Entity]] = {
            name: [] for name in ("services", "routes", "plugins", "consumers")
        }
        self._upstreams: list[Entity] = []
        self._targets: dict[str, tuple[Entity, ...]] = {}
        self._snippets: Mapping[str, Any] = {}

    def read(self, document: Mapping[str, Any]) -> Entities:
        """Every entity of the document."""
        snippets = document.get("_plugin_configs")
        self._snippets = snippets if isinstance(snippets, Mapping) else {}
        for service in self._objects(document, "services", ""):
            self._service(service)
        self._routes(document, "", {})
        self._plugins(document, "", {})
        for consumer in self._objects(document, "consumers", ""):
            self._consumer(consumer)
        for group in self._objects(document, "consumer_groups", ""):
            self._plugins(group, "/consumer_groups", {"consumer_group": {"id": _ref(group)}})
        for upstream in self._objects(document, "upstreams", ""):
            ref = _ref(upstream)
            self._targets[ref] = tuple(self._objects(upstream, "targets", "/upstreams"))
            self._upstreams.append({**_flat(upstream), "id": ref})
        snis = [
            {"name": s.get("name")}
            for c in self._objects(document, "certificates", "")
            for s in self._objects(c, "snis", "")
        ]
        return Entities(
            workspace=str(document.get("_workspace") or "default"),
            node=None,
            collections={
                **{name: tuple(entries) for name, entries in self._found.items()},
                "upstreams": tuple(self._upstreams),
                "snis": tuple(snis),
            },
            targets=self._targets,
            unread={"settings": "A decK dump does not say how the gateway itself is set up."},
        )

    def _service(self, service: Mapping[str, Any]) -> None:
        ref = _ref(service)
        owner = {"service": {"id": ref}}
        self._routes(service, "/services", owner)
        self._plugins(service, "/services", owner)
        self._found["services"].append({**_flat(service), **_url_parts(service), "id": ref})

    def _routes(self, parent: Mapping[str, Any], pointer: str, owner: Mapping[str, Any]) -> None:
        for route in self._objects(parent, "routes", pointer):
            ref = _ref(route)
            service = owner.get("service") or _reference(route.get("service"))
            self._plugins(route, f"{pointer}/routes", {"route": {"id": ref}})
            self._found["routes"].append({**_flat(route), "id": ref, "service": service})

    def _plugins(self, parent: Mapping[str, Any], pointer: str, owner: Mapping[str, Any]) -> None:
        for plugin in self._objects(parent, "plugins", pointer):
            scope = {
                key: _reference(plugin.get(key)) for key in ("service", "route", "consumer", "consumer_group")
            }
            scope.update(owner)
            snippet = self._snippets.get(str(plugin.get("_config")), {})
            own = plugin.get("config")
            config = {
                **(snippet if isinstance(snippet, Mapping) else {}),
                **(own if isinstance(own, Mapping) else {}),
            }
            made = {**_flat(plugin), **scope, "config": config}
            self._found["plugins"].append({**made, "id": str(plugin.get("id") or _digest(made))})

    def _consumer(self, consumer: Mapping[str, Any]) -> None:
        ref = _ref(consumer)
        self._plugins(consumer, "/consumers", {"consumer": {"id": ref}})
        kept = {key: consumer[key] for key in _CONSUMER_KEPT if key in consumer}
        self._found["consumers"].append({**kept, "id": ref})

    def _objects(self, parent: Mapping[str, Any], name: str, pointer: str) -> Iterator[Mapping[str, Any]]:
        entries = parent.get(name)
        if entries is None:
            return
        if not isinstance(entries, list):
            self.errors.append(DocumentError(f"{name} is not a list", pointer=f"{pointer}/{name}"))
            return
        for number, entry in enumerate(entries):
            if isinstance(entry, Mapping):
                yield entry
            else:
                where = f"{pointer}/{name}/{number}"
                self.errors.append(DocumentError(f"entry {number} of {name} is not an object", pointer=where))


def _ref(entity: Mapping[str, Any]) -> str:
    return str(entity.get("id") or entity.get("name") or entity.get("username") or _digest(entity))


def _reference(value: object) -> Mapping[str, str] | None:
    if isinstance(value, Mapping):
        return {"id": _ref(value)}
    return {"id": value} if isinstance(value, str) and value else None


def _flat(entity: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in entity.items() if key not in _NESTED}


def _digest(entity: Mapping[str, Any]) -> str:
    text = orjson.dumps(entity, default=str, option=orjson.OPT_SORT_KEYS | orjson.OPT_NON_STR_KEYS)
    return hashlib.sha256(text).hexdigest()[:32]


def _url_parts(service: Mapping[str, Any]) -> dict[str, Any]:
    """decK's ``url`` shorthand as Kong's own fields."""
    url = service.get("url")
    if not isinstance(url, str):
        return {}
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return {"host": url}
    return {"protocol": parts.scheme, "host": parts.hostname or "", "port": port, "path": parts.path or None}
