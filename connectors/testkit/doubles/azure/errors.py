"""Refusals as Azure Resource Manager words them: ``{"error": {"code", "message"}}``."""

from werkzeug.wrappers import Response

from connectors.testkit.doubles.serving import json_response


class Refusal(Exception):
    """A request that is not served: status, code and message of the answer."""

    def __init__(self, status: int, code: str, message: str, headers: dict[str, str] | None = None) -> None:
        super().__init__(message)
        self.status, self.code, self.message, self.headers = status, code, message, headers

    def response(self) -> Response:
        """The answer."""
        error = {"error": {"code": self.code, "message": self.message}}
        return json_response(error, self.status, self.headers)


def invalid(message: str, code: str = "InvalidRequestContent") -> Refusal:
    """A document that is not accepted."""
    return Refusal(400, code, message)
