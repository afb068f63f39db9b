"""Entities over HTTP: list, read, create, upsert, change and delete them, also under their parents' paths.

Sources: Kong Admin API 3.9 OpenAPI document (paths, pagination, tag filters) and kong/api/endpoints.lua (statuses).
"""

import base64
import binascii
from typing import Any
from urllib.parse import parse_qsl

import orjson
from werkzeug.wrappers import Request, Response

from connectors.testkit.doubles.kong import errors
from connectors.testkit.doubles.kong.store import Entity, Store
from connectors.testkit.doubles.serving import json_response

COLLECTIONS = {
    "services": "services",
    "routes": "routes",
    "consumers": "consumers",
    "plugins": "plugins",
    "upstreams": "upstreams",
    "certificates": "certificates",
    "snis": "snis",
    "ca_certificates": "ca_certificates",
    "vaults": "vaults",
    "keys": "keys",
    "key-sets": "key_sets",
    "key-auths": "keyauth_credentials",
    "jwts": "jwt_secrets",
    "basic-auths": "basicauth_credentials",
    "acls": "acls",
}
NESTED = {
    ("services", "routes"): "routes",
    ("services", "plugins"): "plugins",
    ("routes", "plugins"): "plugins",
    ("consumers", "plugins"): "plugins",
    ("consumers", "key-auth"): "keyauth_credentials",
    ("consumers", "jwt"): "jwt_secrets",
    ("consumers", "basic-auth"): "basicauth_credentials",
    ("consumers", "acls"): "acls",
    ("upstreams", "targets"): "targets",
    ("certificates", "snis"): "snis",
}


class EntityApi:
    """The entities of one store."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def answer(self, request: Request, parts: list[str]) -> Response:
        """Answer one request; ``parts`` are the path's steps. Raises ``AdminError``."""
        kind = COLLECTIONS.get(parts[0])
        if kind is None:
            raise errors.not_found()
        if len(parts) == 1:
            return self._collection(request, kind, {})
        if len(parts) == 2:
            return self._single(request, kind, parts[1], {})
        nested = NESTED.get((parts[0], parts[2]))
        parent = self._store.find(kind, parts[1])
        if parts[0] == "plugins" or (nested is None and parts[2] in ("service", "route", "consumer")):
            return self._parent_of(request, kind, parts)
        if nested is None or parent is None or len(parts) > 4:
            raise errors.not_found()
        scope = {kind.removesuffix("s"): {"id": parent["id"]}}
        if len(parts) == 3:
            return self._collection(request, nested, scope)
        return self._single(request, nested, parts[3], scope)

    def _parent_of(self, request: Request, kind: str, parts: list[str]) -> Response:
        """``GET /routes/{id}/service`` and the like."""
        entity = self._store.find(kind, parts[1])
        reference = (entity or {}).get(parts[2])
        found = self._store.find(f"{parts[2]}s", reference["id"]) if isinstance(reference, dict) else None
        if found is None or request.method != "GET":
            raise errors.not_found()
        return json_response(found)

    def _collection(self, request: Request, kind: str, scope: Entity) -> Response:
        if request.method == "POST":
            return json_response(self._store.create(kind, {**body(request), **scope}), 201)
        if request.method not in ("GET", "HEAD"):
            return json_response({"message": "Method not allowed"}, 405)
        chosen = [e for e in self._store.all(kind) if all(e.get(k) == v for k, v in scope.items())]
        chosen = _with_tags(chosen, request.args.get("tags", ""))
        return json_response(page(request, chosen))

    def _single(self, request: Request, kind: str, key: str, scope: Entity) -> Response:
        entity = self._store.find(kind, key)
        if entity and any(entity.get(name) != value for name, value in scope.items()):
            entity = None
        if request.method == "PUT":
            return json_response(self._store.upsert(kind, key, {**body(request), **scope}))
        if request.method == "DELETE":
            if entity:
                self._store.delete(kind, entity)
            return Response(status=204)
        if entity is None:
            raise errors.not_found()
        if request.method == "PATCH":
            return json_response(self._store.patch(kind, entity, {**body(request), **scope}))
        if request.method not in ("GET", "HEAD"):
            return json_response({"message": "Method not allowed"}, 405)
        return json_response(entity)


def _nest(pairs: list[tuple[str, str]]) -> Entity:
    """Form fields with Kong's dotted and bracketed names as a nested body."""
    body: Entity = {}
    for name, raw in pairs:
        value: Any = {"true": True, "false": False}.get(raw, int(raw) if raw.isdigit() else raw)
        *parents, leaf = name.split(".")
        holder = body
        for parent in parents:
            holder = holder.setdefault(parent, {})
        if leaf.endswith("[]") or leaf in ("paths", "hosts", "methods", "tags", "protocols"):
            holder.setdefault(leaf.removesuffix("[]"), []).append(raw)
        else:
            holder[leaf] = value
    return body


def body(request: Request) -> Entity:
    """The request's document, from JSON or from form fields; ``AdminError`` when it is none."""
    data = request.get_data()
    if request.mimetype == "application/x-www-form-urlencoded":
        return _nest(parse_qsl(data.decode("utf-8", "replace")))
    try:
        parsed = orjson.loads(data or b"{}")
    except orjson.JSONDecodeError as error:
        raise errors.AdminError(400, 0, "bad request", "Cannot parse JSON body") from error
    if not isinstance(parsed, dict):
        raise errors.AdminError(400, 0, "bad request", "Cannot parse JSON body")
    return parsed


def _with_tags(entities: list[Entity], expression: str) -> list[Entity]:
    """``a,b`` means both, ``a/b`` means either (never mixed)."""
    if not expression:
        return entities
    if "," in expression:
        wanted = set(expression.split(","))
        return [e for e in entities if wanted <= set(e.get("tags") or [])]
    return [e for e in entities if set(expression.split("/")) & set(e.get("tags") or [])]


def page(request: Request, rows: list[Entity]) -> Entity:
    """One page of rows as ``size`` and ``offset`` ask for."""
    raw = request.args.get("size", "100")
    if not raw.isdigit() or not 1 <= int(raw) <= 1000:
        raise errors.invalid_size("size must be an integer between 1 and 1000")
    size, offset, start = int(raw), request.args.get("offset"), 0
    if offset:
        try:
            start = int(base64.b64decode(offset, validate=True).decode().removeprefix("kong-offset:"))
        except (binascii.Error, ValueError) as error:
            raise errors.invalid_offset(offset) from error
    found: Entity = {"data": rows[start : start + size], "next": None}
    if start + size < len(rows):
        token = base64.b64encode(f"kong-offset:{start + size}".encode()).decode()
        found |= {"offset": token, "next": f"{request.path}?offset={token}"}
    return found
