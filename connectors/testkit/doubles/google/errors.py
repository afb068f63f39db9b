"""Google's error document (AIP-193 with the older ``errors`` list beside it)."""

from typing import Any

from werkzeug.wrappers import Response

from connectors.testkit.doubles.serving import json_response

CODES = {
    400: "INVALID_ARGUMENT",
    401: "UNAUTHENTICATED",
    403: "PERMISSION_DENIED",
    404: "NOT_FOUND",
    409: "ALREADY_EXISTS",
    412: "FAILED_PRECONDITION",
    429: "RESOURCE_EXHAUSTED",
    501: "UNIMPLEMENTED",
}


class GoogleError(Exception):
    """An error as Google answers it; ``reason`` is the older API's word for it."""

    def __init__(self, status: int, reason: str, message: str, details: list[dict[str, Any]] | None = None):
        super().__init__(message)
        self.status = status
        self.reason = reason
        self.details = details or []

    def response(self) -> Response:
        """The error as an HTTP answer."""
        message = str(self)
        error: dict[str, Any] = {
            "code": self.status,
            "message": message,
            "errors": [{"message": message, "domain": "global", "reason": self.reason}],
            "status": CODES.get(self.status, "INTERNAL"),
        }
        if self.details:
            error["details"] = self.details
        return json_response({"error": error}, self.status)


def invalid(message: str, reason: str = "invalid") -> GoogleError:
    """400: the request is not what the method takes."""
    return GoogleError(400, reason, message)


def forbidden(permission: str, resource: str) -> GoogleError:
    """403 with the missing permission, in words and in the details."""
    info = {
        "@type": "type.googleapis.com/google.rpc.ErrorInfo",
        "reason": "IAM_PERMISSION_DENIED",
        "domain": "iam.googleapis.com",
        "metadata": {"permission": permission, "resource": resource},
    }
    return GoogleError(403, "forbidden", f"Required '{permission}' permission for '{resource}'", [info])


def not_found(resource: str) -> GoogleError:
    """404: there is no such resource."""
    return GoogleError(404, "notFound", f"The resource '{resource}' was not found")
