"""How Konnect's services refuse: problem documents, and the older answers of the core entities.

Source: the error examples in Konnect's OpenAPI descriptions of control planes, their configuration and API requests.
"""

from typing import Any

from werkzeug.wrappers import Response

from connectors.testkit.doubles.kong.errors import AdminError
from connectors.testkit.doubles.serving import json_response

TRACE = "kong:trace:8347343766220159418"


class Problem(Exception):
    """A refusal as ``application/problem+json``."""

    def __init__(self, status: int, title: str, detail: str, **more: Any) -> None:
        super().__init__(detail)
        self.status = status
        self.document = {"status": status, "title": title, "instance": TRACE, "detail": detail, **more}

    def response(self) -> Response:
        """The HTTP answer."""
        answer = json_response(self.document, self.status)
        answer.content_type = "application/problem+json"
        return answer


def bad_request(field: str, reason: str) -> Problem:
    """400 with the one parameter that is wrong."""
    invalid = [{"field": field, "reason": reason}]
    return Problem(400, "Bad Request", "Invalid Parameters", invalid_parameters=invalid)


def not_found() -> Problem:
    """404 of the control planes."""
    return Problem(404, "Not Found", "The requested control plane was not found.")


def forbidden() -> Problem:
    """403: the token's roles do not reach as far."""
    return Problem(403, "Forbidden", "You do not have permission to perform this action")


def core_entity(error: AdminError) -> Response:
    """A refusal by the core entities: code, message, and the fields that are wrong."""
    if error.status == 404:
        return json_response({"code": 5, "message": "Not Found"}, 404)
    fields = error.body.get("fields") or {}
    details = [
        {"type": "ERROR_TYPE_FIELD", "field": name, "messages": [str(found)]}
        for name, found in sorted(fields.items())
    ]
    return json_response({"code": 3, "message": error.body["message"], "details": details}, error.status)
