"""Request id, access log, and the health answers that must work for any host name."""

import re
import secrets
import time
from collections.abc import Callable

import structlog
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.http.response import HttpResponseBase

from controlplane.telemetry.health import readiness
from tenants.redaction import redacted_text

log = structlog.get_logger(__name__)
REQUEST_ID = re.compile(r"[A-Za-z0-9_.-]{8,64}\Z")
#: Parts of a path that are logged: words, versions, numbers and our own ids. Links with a key in their path are not.
SHOWN = re.compile(r"(?:[A-Za-z][a-z_.-]{0,31}|v\d|\d{1,6}|[a-z]{2,5}_[0-9a-z]{26}|)\Z")


class RequestLogMiddleware:
    """Outermost middleware: names the request, answers `/healthz` and `/readyz`, logs the outcome."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Answer one request."""
        if request.path == "/healthz":
            return HttpResponse("ok", content_type="text/plain")
        if request.path == "/readyz":
            problems = readiness()
            return JsonResponse(
                {"ready": not problems, "problems": problems}, status=503 if problems else 200
            )
        given = request.headers.get("X-Request-Id", "")
        # Who sends a secret as the name of a request does not get it into logs and the audit trail.
        usable = REQUEST_ID.match(given) and redacted_text(given) == given
        request_id = given if usable else secrets.token_hex(12)
        request.META["portcullis.request_id"] = request_id
        began = time.perf_counter()
        with structlog.contextvars.bound_contextvars(request_id=request_id):
            response = self.get_response(request)
            log.info(
                "request",
                method=request.method,
                path=shown_path(request.path),
                host=request.META.get("HTTP_HOST", ""),
                tenant=getattr(getattr(request, "org", None), "schema_name", None),
                status=response.status_code,
                milliseconds=round((time.perf_counter() - began) * 1000, 1),
            )
        response["X-Request-Id"] = request_id
        return response


def shown_path(path: str) -> str:
    """Return a path with every part blanked that is neither a word nor one of our ids."""
    return "/".join(part if SHOWN.match(part) else "…" for part in path.split("/"))
