"""The envelope every answer of API v4 comes in, and its errors with their codes."""

from typing import Any

from werkzeug.wrappers import Response

from connectors.testkit.doubles.serving import json_response


class ApiError(Exception):
    """A refusal: HTTP status, Cloudflare's code and its words."""

    def __init__(self, status: int, code: int, message: str, headers: dict[str, str] | None = None) -> None:
        super().__init__(message)
        self.status, self.code, self.message, self.headers = status, code, message, headers

    def response(self) -> Response:
        """The refusal in the envelope."""
        body = {
            "success": False,
            "errors": [{"code": self.code, "message": self.message}],
            "messages": [],
            "result": None,
        }
        return json_response(body, self.status, self.headers)


def answer(result: Any, info: dict[str, Any] | None = None) -> Response:
    """A success in the envelope, with paging facts when it is a list."""
    body: dict[str, Any] = {"success": True, "errors": [], "messages": [], "result": result}
    if info is not None:
        body["result_info"] = info
    return json_response(body)


def missing(what: str) -> ApiError:
    """Something is not there."""
    return ApiError(404, 10007, f"could not find {what}")


def invalid(message: str, code: int = 20127) -> ApiError:
    """A body Cloudflare does not accept."""
    return ApiError(400, code, message)


def known_only(body: dict[str, Any], allowed: set[str], required: frozenset[str] = frozenset()) -> None:
    """Refuse unknown fields and missing ones."""
    unknown = sorted(set(body) - allowed)
    if unknown:
        raise invalid(f'unknown field "{unknown[0]}"', 20012)
    absent = sorted(required - set(body))
    if absent:
        raise invalid(f"{absent[0]} is required", 20013)
