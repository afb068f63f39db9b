"""The Admin API of one node: who may ask, what the node tells of itself, and its entities.

Source: Kong Admin API 3.9 OpenAPI document.
"""

from urllib.parse import unquote

from werkzeug.wrappers import Request, Response

from connectors.testkit.doubles.faults import FaultBook
from connectors.testkit.doubles.kong import errors, information
from connectors.testkit.doubles.kong.audit import AuditLog
from connectors.testkit.doubles.kong.entity_api import COLLECTIONS, EntityApi, body, page
from connectors.testkit.doubles.kong.entity_schemas import ENTITIES
from connectors.testkit.doubles.kong.plugin_schemas import PLUGINS
from connectors.testkit.doubles.kong.schema import described
from connectors.testkit.doubles.kong.store import Store
from connectors.testkit.doubles.kong.workspaces import Workspaces
from connectors.testkit.doubles.serving import json_response


class AdminApi:
    """One Kong node's Admin API. ``tokens`` set means every request must carry one in ``Kong-Admin-Token``.

    ``audit`` set means that it keeps an audit log, as only an Enterprise node does.
    """

    def __init__(
        self,
        store: Store,
        ports: information.Ports,
        tokens: frozenset[str] = frozenset(),
        audit: AuditLog | None = None,
        release: information.Release = information.Release(),
        workspaces: Workspaces | None = None,
    ) -> None:
        self._store = store
        self._workspaces = workspaces or Workspaces({})
        self._entities = EntityApi(store)
        self._ports = ports
        self._tokens = tokens
        self._audit = audit
        self._release = release
        self._faults = FaultBook()
        self.ready = False

    def answer(self, request: Request) -> Response:
        """Answer one request."""
        if (knob := self._faults.knob(request, self.ready)) is not None:
            return knob
        parts = [unquote(part) for part in request.path.strip("/").split("/") if part]
        if fault := self._faults.take("kong", f"{request.method} /{'/'.join(parts[:1])}"):
            return fault.response()
        if self._tokens and request.headers.get("Kong-Admin-Token") not in self._tokens:
            return json_response({"message": "Invalid credentials. Token or User credentials required"}, 401)
        try:
            response = self._scoped(request, parts)
        except errors.AdminError as error:
            response = error.response()
        if self._audit:
            self._audit.record(request, response)
        return response

    def _scoped(self, request: Request, parts: list[str]) -> Response:
        """A path that begins with a workspace is about its entities; the default workspace needs no such beginning."""
        token = request.headers.get("Kong-Admin-Token", "")
        if parts == ["workspaces"] and self._workspaces.stores and request.method == "GET":
            return json_response(page(request, self._workspaces.rows()))
        if parts and parts[0] in self._workspaces.stores:
            if not self._workspaces.may(token, parts[0]):
                raise errors.forbidden()
            if len(parts) > 1 and parts[1] in COLLECTIONS:
                return EntityApi(self._workspaces.stores[parts[0]]).answer(request, parts[1:])
            return self._route(request, parts[1:])
        if parts and not self._workspaces.may(token, "default"):
            raise errors.forbidden()
        return self._route(request, parts)

    def _route(self, request: Request, parts: list[str]) -> Response:
        if not parts or parts[0] in ("status", "endpoints", "tags", "schemas"):
            return self._information(request, parts)
        if parts == ["audit", "requests"] and self._audit and request.method == "GET":
            return json_response(page(request, self._audit.entries()))
        if parts == ["clustering", "data-planes"] and self._release.data_planes and request.method == "GET":
            return json_response(page(request, information.data_planes(self._release)))
        return self._entities.answer(request, parts)

    def _information(self, request: Request, parts: list[str]) -> Response:
        if not parts:
            return json_response(
                information.node(self._store, self._ports, self._release, self._audit is not None)
            )
        if parts == ["status"]:
            return json_response(information.status())
        if parts == ["endpoints"]:
            return json_response({"data": sorted(f"/{name}" for name in COLLECTIONS)})
        if parts[0] == "tags":
            wanted = parts[1] if len(parts) > 1 else None
            rows = [
                {"tag": tag, "entity_name": kind, "entity_id": identifier}
                for tag, kind, identifier in self._store.tags()
                if wanted in (None, tag)
            ]
            return json_response(page(request, rows))
        return self._schemas(request, parts[1:])

    def _schemas(self, request: Request, parts: list[str]) -> Response:
        if parts == ["plugins", "validate"] and request.method == "POST":
            self._store.validated("plugins", body(request))
            return json_response({"message": "schema validation successful"})
        if len(parts) == 2 and parts[0] == "plugins" and parts[1] in PLUGINS:
            config = {"type": "record", "required": True, "fields": described(PLUGINS[parts[1]].fields)}
            return json_response({"fields": [{"config": config}]})
        if len(parts) == 2 and parts[1] == "validate" and parts[0] in ENTITIES:
            self._store.validated(parts[0], body(request))
            return json_response({"message": "schema validation successful"})
        if len(parts) == 1 and parts[0] in ENTITIES:
            return json_response({"fields": described(ENTITIES[parts[0]].fields)})
        raise errors.not_found()
