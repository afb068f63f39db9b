"""One listener for everything that is managed: sign-in, Resource Manager, Log Analytics, and the double's own knobs."""

import re
from datetime import datetime

import orjson
from werkzeug.wrappers import Request, Response

from connectors.testkit.doubles.azure.errors import Refusal
from connectors.testkit.doubles.azure.identity import Directory
from connectors.testkit.doubles.azure.log_tables import QUERY_PATH, LogTables
from connectors.testkit.doubles.azure.management import Management
from connectors.testkit.doubles.azure.resource_types import TYPES
from connectors.testkit.doubles.azure.roles import Roles
from connectors.testkit.doubles.azure.store import Store
from connectors.testkit.doubles.faults import FaultBook
from connectors.testkit.doubles.serving import json_response

_SIGN_IN = re.compile(r"/([^/]+)/oauth2/v2\.0/token")


class Service:
    """The management listener. Knobs: ``/_double/roles``, ``/_double/logs``, ``/_double/tokens``, ``/_double/settle``."""

    def __init__(self, store: Store, directory: Directory, roles: Roles, logs: LogTables, page: int) -> None:
        self._store, self._directory, self._roles, self._logs = store, directory, roles, logs
        self._management = Management(store, directory, roles, page)
        self._faults = FaultBook()
        self.ready = False

    def answer(self, request: Request) -> Response:
        """Answer one request."""
        if (knob := self._faults.knob(request, self.ready)) is not None:
            return knob
        if request.path.startswith("/_double/"):
            return self._knob(request)
        service, operation = _operation(request)
        if fault := self._faults.take(service, operation):
            return fault.response()
        try:
            if sign_in := _SIGN_IN.fullmatch(request.path):
                return self._directory.token(request, sign_in.group(1))
            if request.path.startswith(QUERY_PATH):
                return self._logs.answer(request)
            return self._management.answer(request)
        except Refusal as refusal:
            return refusal.response()

    def _knob(self, request: Request) -> Response:
        """What is outside Azure's API.

        ``roles``: POST ``{principal: [role …]}``, GET the actions used. ``logs``: POST rows with their ingestion time.
        ``federation``: POST ``{client id: [{issuer, subject, audiences} …]}``. ``tokens``: POST ``{"lifetime"}`` and
        forget all, GET how many were issued. ``settle``: running writes end. ``activity``: POST entries of the activity
        log. ``writes``: GET what was written.
        """
        name = request.path.removeprefix("/_double/")
        body = orjson.loads(request.get_data() or b"null")
        if name == "roles":
            if request.method == "POST":
                self._roles.assigned.update(body)
                self._roles.used.clear()
            return json_response(sorted(self._roles.used))
        if name == "tokens":
            if request.method == "POST":
                self._directory.lifetime = body["lifetime"]
                self._directory.tokens.clear()
            return json_response({"issued": self._directory.issued})
        if name == "federation":
            for client, credentials in body.items():
                self._directory.trust.set(client, credentials)
            return json_response({})
        if name == "logs":
            if request.method == "DELETE":
                self._logs.rows.clear()
            for entry in body or ():
                self._logs.add(entry["table"], entry["row"], datetime.fromisoformat(entry["ingested"]))
            return json_response([{"table": table, "row": row} for table, _, row in self._logs.rows])
        if name == "activity":
            self._store.activity.extend(body or ())
            return json_response(self._store.activity)
        if name == "settle":
            with self._store.lock:
                for running in list(self._store.operations):
                    while self._store.poll(running) is not None:
                        pass
            return json_response({})
        if name == "writes":
            return json_response(self._store.writes)
        return json_response({"message": "no such knob"}, 404)


def _operation(request: Request) -> tuple[str, str]:
    """Service and operation, as faults name them: ``arm`` and ``GET Microsoft.Cdn/profiles`` …"""
    if _SIGN_IN.fullmatch(request.path):
        return "login", "POST token"
    if request.path.startswith(QUERY_PATH):
        return "logs", "POST query"
    _, _, rest = request.path.rpartition("/providers/")
    parts = rest.split("/")
    kind = "/".join([parts[0], *parts[1::2]])
    known = TYPES.get(kind.lower())
    return "arm", f"{request.method} {known.name if known else kind}"
