"""One request on its way through the proxy, as plugins see and change it."""

import secrets
from dataclasses import dataclass, field
from typing import Any

import orjson
from werkzeug.wrappers import Response


@dataclass
class Exchange:
    """The request, what matched, who was authenticated, and headers plugins add to the answer."""

    method: str
    scheme: str
    host: str
    path: str
    query: str
    headers: list[tuple[str, str]]
    body: bytes
    client_ip: str
    time_ms: int
    request_id: str = field(default_factory=lambda: secrets.token_hex(16))
    route: dict[str, Any] | None = None
    service: dict[str, Any] | None = None
    consumer: dict[str, Any] | None = None
    credential_id: str = ""
    auth_type: str = ""
    workspace: str = "default"
    response_headers: dict[str, str] = field(default_factory=dict)

    def header(self, name: str) -> str | None:
        """The first header of that name, any case."""
        wanted = name.lower()
        return next((value for key, value in self.headers if key.lower() == wanted), None)

    def refuse(self, status: int, message: str, headers: dict[str, str] | None = None) -> Response:
        """The node's own answer: ``{"message", "request_id"}`` (kong.response.error in 3.9)."""
        body = orjson.dumps({"message": message, "request_id": self.request_id})
        return Response(body, status, headers, content_type="application/json; charset=utf-8")
