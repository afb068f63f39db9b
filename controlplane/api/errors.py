"""Every error as `application/problem+json` (RFC 9457): type, title, status, detail, code, request_id."""

import sys
from typing import Any

import structlog
from django.core.exceptions import ObjectDoesNotExist, PermissionDenied
from django.db import DataError, InterfaceError, OperationalError
from django.http import Http404, HttpRequest, JsonResponse
from rest_framework import exceptions
from rest_framework.response import Response
from rest_framework.views import set_rollback

from tenants.errors import DomainError, NotFound, Unavailable
from tenants.orgs.queries import UPGRADING, of_another_version

log = structlog.get_logger(__name__)
CONTENT_TYPE = "application/problem+json"
#: What Django raises when the server is away, full or too busy.
GONE = (OperationalError, InterfaceError)
NO_DATABASE = Unavailable(
    "database-unavailable", "The database did not take the request. Try again in a moment.", retry_after=10
)


def problem(
    status: int, code: str, title: str, detail: str = "", request: Any = None, **more: Any
) -> dict[str, Any]:
    """Return the body of a problem; `code` is stable for programs, the texts are for people."""
    body = {"type": f"urn:portcullis:problem:{code}", "title": title, "status": status, "code": code}
    if detail:
        body["detail"] = detail
    if request is not None:
        body["request_id"] = request.META.get("portcullis.request_id", "")
    return body | more


def handle(error: Exception, context: dict[str, Any]) -> Response | None:
    """Turn an exception of a view into a problem; None lets an unknown one become a plain 500 problem."""
    request = context.get("request")
    headers: dict[str, str] = {}
    if isinstance(error, (Http404, ObjectDoesNotExist)):
        error = NotFound("not-found", "There is nothing with this id here.")
    elif isinstance(error, PermissionDenied):
        error = exceptions.PermissionDenied()
    elif isinstance(error, DataError):
        error = exceptions.ParseError("A value cannot be stored as it is. Nothing was changed.")
    elif of_another_version(error):
        error = UPGRADING
    elif isinstance(error, GONE):
        log.exception("the database did not answer", view=type(context.get("view")).__name__)
        error = NO_DATABASE
    if isinstance(error, DomainError):
        more: dict[str, Any] = {"errors": pointers(error.fields)} if error.fields else {}
        if error.action:
            more["action"] = error.action
        body = problem(error.status, error.code, error.title, error.detail, request, **more)
        if error.retry_after is not None:
            headers["Retry-After"] = str(error.retry_after)
    elif isinstance(error, exceptions.APIException):
        body = _from_rest_framework(error, request)
        challenge, wait = getattr(error, "auth_header", None), getattr(error, "wait", None)
        if challenge:
            headers["WWW-Authenticate"] = challenge
        if wait:
            headers["Retry-After"] = str(int(wait))
    else:
        log.exception("unexpected error", view=type(context.get("view")).__name__)
        body = problem(500, "unexpected", "Something failed", "It was logged; try again later.", request)
    set_rollback()
    return Response(body, status=body["status"], headers=headers, content_type=CONTENT_TYPE)


def _from_rest_framework(error: Any, request: Any) -> dict[str, Any]:
    """Describe one of DRF's own errors."""
    if isinstance(error, exceptions.ValidationError):
        errors = pointers(error.detail)
        return problem(
            400, "invalid-request", "Invalid request", "Nothing was changed.", request, errors=errors
        )
    code = str(getattr(error, "default_code", "error")).replace("_", "-")
    title = str(getattr(error, "default_detail", "Error")).rstrip(".")
    return problem(error.status_code, code, title, str(error.detail), request)


def pointers(detail: Any, pointer: str = "") -> list[dict[str, str]]:
    """Flatten nested messages into `[{pointer, detail}]` with JSON pointers (RFC 6901) into the body."""
    if isinstance(detail, dict):
        return [
            entry
            for name, inner in detail.items()
            for entry in pointers(inner, pointer if name == "non_field_errors" else f"{pointer}/{name}")
        ]
    if isinstance(detail, list) and any(isinstance(inner, (dict, list)) for inner in detail):
        return [entry for at, inner in enumerate(detail) for entry in pointers(inner, f"{pointer}/{at}")]
    texts = detail if isinstance(detail, list) else [detail]
    return [{"pointer": pointer, "detail": str(text)} for text in texts]


def respond(status: int, code: str, title: str, detail: str = "", request: Any = None) -> JsonResponse:
    """Return a problem from outside a DRF view."""
    return JsonResponse(
        problem(status, code, title, detail, request), status=status, content_type=CONTENT_TYPE
    )


def csrf_failure(request: HttpRequest, reason: str = "") -> JsonResponse:
    """Answer a request whose CSRF token is missing or wrong."""
    return respond(403, "csrf-failed", "Not allowed", "The CSRF token is missing or wrong.", request)


def not_found(request: HttpRequest, *args: Any, **kwargs: Any) -> JsonResponse:
    """Answer an address under /api/ that does not exist."""
    return respond(404, "not-found", "Not found", "There is nothing at this address.", request)


def server_error(request: HttpRequest) -> JsonResponse:
    """Answer when something failed outside the views; a database that is away is told apart from a fault of ours."""
    if isinstance(sys.exception(), GONE):
        answer = respond(503, NO_DATABASE.code, NO_DATABASE.title, NO_DATABASE.detail, request)
        answer["Retry-After"] = str(NO_DATABASE.retry_after)
        return answer
    return respond(500, "unexpected", "Something failed", "It was logged; try again later.", request)
