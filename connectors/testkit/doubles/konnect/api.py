"""The Konnect API of one region: tokens with roles, control planes, core entities, API requests.

Source: Konnect's OpenAPI descriptions. Core entities take PUT and POST in JSON; none takes PATCH here.
"""

import threading
import time
import uuid
from datetime import UTC, datetime
from urllib.parse import unquote

import orjson
from werkzeug.wrappers import Request, Response

from connectors.testkit.doubles.faults import FaultBook
from connectors.testkit.doubles.kong.entity_api import COLLECTIONS, EntityApi
from connectors.testkit.doubles.kong.errors import AdminError
from connectors.testkit.doubles.konnect import problems
from connectors.testkit.doubles.konnect.analytics import Requests
from connectors.testkit.doubles.konnect.control_planes import ControlPlane, listed, nodes_page
from connectors.testkit.doubles.serving import json_response

#: Roles of a token on every control plane, and the predefined team that sees requests.
ROLES = frozenset({"Viewer", "Plugin Admin", "Route Admin", "Analytics Viewer", "Admin"})
_WRITER = {"plugins": "Plugin Admin", "routes": "Route Admin"}
_WRITES = ("POST", "PUT", "PATCH", "DELETE")


class Quota:
    """Requests a minute for each token; 0 is no quota. Safe for threads."""

    def __init__(self, per_minute: int) -> None:
        self._per_minute = per_minute
        self._taken: dict[str, list[float]] = {}
        self._lock = threading.Lock()

    def wait(self, token: str) -> int:
        """Seconds until the token may ask again; 0 when it may now, which is then counted."""
        if not self._per_minute:
            return 0
        with self._lock:
            now = time.monotonic()
            recent = [at for at in self._taken.get(token, []) if now - at < 60]
            self._taken[token] = recent
            if len(recent) >= self._per_minute:
                return max(1, round(60 - (now - recent[0])))
            recent.append(now)
            return 0


class KonnectApi:
    """One organization. ``tokens`` gives the roles of each token."""

    def __init__(
        self,
        planes: list[ControlPlane],
        tokens: dict[str, frozenset[str]],
        requests: Requests,
        per_minute: int,
    ) -> None:
        self._planes = planes
        self._tokens = tokens
        self._requests = requests
        self._quota = Quota(per_minute)
        self._faults = FaultBook()
        self.ready = False

    def answer(self, request: Request) -> Response:
        """Answer one request."""
        if (knob := self._faults.knob(request, self.ready)) is not None:
            return knob
        parts = [unquote(part) for part in request.path.strip("/").split("/") if part]
        if fault := self._faults.take("konnect", f"{request.method} /{_named(parts)}"):
            return fault.response()
        scheme, _, token = request.headers.get("Authorization", "").partition(" ")
        roles = self._tokens.get(token) if scheme == "Bearer" else None
        if roles is None:
            return json_response({"message": "Unauthorized", "status": 401}, 401)
        if seconds := self._quota.wait(token):
            limited = {"message": "API rate limit exceeded"}
            return json_response(limited, 429, {"Retry-After": str(seconds)})
        try:
            return self._route(request, parts, roles)
        except problems.Problem as problem:
            return problem.response()
        except AdminError as error:
            return problems.core_entity(error)

    def _route(self, request: Request, parts: list[str], roles: frozenset[str]) -> Response:
        if parts == ["v2", "api-requests"] and request.method == "POST":
            if not roles & {"Analytics Viewer", "Admin"}:
                raise problems.forbidden()
            return json_response(self._requests.answer(_json(request), datetime.now(UTC)))
        if parts[:2] != ["v2", "control-planes"]:
            raise problems.not_found()
        if not roles & {"Viewer", "Admin"}:
            raise problems.forbidden()
        if len(parts) == 2 and request.method == "GET":
            return json_response(listed(request, self._planes))
        plane = self._plane(parts[2])
        rest = parts[3:]
        if rest[:1] == ["core-entities"] and len(rest) > 1:
            return self._core(request, plane, rest[1:], roles)
        if request.method != "GET":
            raise problems.forbidden()
        if not rest:
            return json_response(plane.document())
        if rest == ["nodes"]:
            return json_response(nodes_page(request, plane.nodes()))
        if rest == ["group-member-status"]:
            return json_response({"is_member": plane.member})
        raise problems.not_found()

    def _plane(self, identifier: str) -> ControlPlane:
        try:
            uuid.UUID(identifier)
        except ValueError:
            raise problems.bad_request("id", "invalid ID format") from None
        found = next((plane for plane in self._planes if plane.id == identifier), None)
        if found is None:
            raise problems.not_found()
        return found

    @staticmethod
    def _core(request: Request, plane: ControlPlane, parts: list[str], roles: frozenset[str]) -> Response:
        if parts[0] not in COLLECTIONS:
            raise problems.not_found()
        if request.method in _WRITES:
            if not roles & {_WRITER.get(parts[-2] if len(parts) > 1 else parts[0], "Admin"), "Admin"}:
                return json_response({"message": "Forbidden"}, 403)
            if plane.kind == "CLUSTER_TYPE_CONTROL_PLANE_GROUP" or request.method == "PATCH":
                return json_response({"message": "Method Not Allowed"}, 405)
            if request.method != "DELETE":
                _json(request)
        answer = EntityApi(plane.store).answer(request, parts)
        return _without_nulls(answer)


def _named(parts: list[str]) -> str:
    """The collection a path is about, as faults name it: ``control-planes``, ``nodes``, ``routes``, ``api-requests``."""
    within = parts[4:5] if parts[3:4] == ["core-entities"] else parts[3:4]
    return (within or parts[1:2] or [""])[0]


def _json(request: Request) -> object:
    """The body, which has to be JSON and to say so."""
    if request.mimetype != "application/json":
        detail = "This API only supports requests with `Content-Type: application/json`"
        raise problems.Problem(415, "Unsupported Media Type", detail)
    try:
        found: object = orjson.loads(request.get_data())
    except orjson.JSONDecodeError:
        raise problems.bad_request("body", "request format is invalid") from None
    return found


def _without_nulls(answer: Response) -> Response:
    """Konnect leaves out what is not set, where a self-hosted Kong writes null."""
    content = answer.get_data()
    if not content:
        return answer
    document = orjson.loads(content)
    if isinstance(document.get("data"), list):
        document["data"] = [_bare(entity) for entity in document["data"]]
    else:
        document = _bare(document)
    answer.set_data(orjson.dumps(document))
    return answer


def _bare(entity: dict[str, object]) -> dict[str, object]:
    return {name: value for name, value in entity.items() if value is not None}
