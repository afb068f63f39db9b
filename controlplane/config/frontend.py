"""Serves the single-page application's page for every address that is not the API's."""

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed

MISSING = "The web interface has not been built. Run `make setup`; the API answers under /api/v1/."


def page(request: HttpRequest) -> HttpResponse:
    """Return index.html (never cached, so that a new build is seen at once)."""
    if request.method not in ("GET", "HEAD"):
        return HttpResponseNotAllowed(["GET", "HEAD"])
    try:
        body = settings.FRONTEND_INDEX.read_bytes()
    except FileNotFoundError:
        return HttpResponse(MISSING, status=503, content_type="text/plain; charset=utf-8")
    return HttpResponse(body, headers={"Cache-Control": "no-cache"})
