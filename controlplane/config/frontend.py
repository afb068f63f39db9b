"""Serves the single-page application's page for every address that is not the API's."""

import re

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed

from controlplane.api.errors import not_found

#: Files, also hidden ones, and the folder of built files: what is there is served before this, the rest is nothing.
FILE = re.compile(r"^/assets(/|$)|\.[^/]*$|/\.")
MISSING = "The web interface has not been built. Run `make setup`; the API answers under /api/v1/."


def page(request: HttpRequest) -> HttpResponse:
    """Return index.html (never cached, so that a new build is seen at once); a missing file is a 404, not the page."""
    if FILE.search(request.path):
        return not_found(request)
    if request.method not in ("GET", "HEAD"):
        return HttpResponseNotAllowed(["GET", "HEAD"])
    try:
        body = settings.FRONTEND_INDEX.read_bytes()
    except FileNotFoundError:
        return HttpResponse(MISSING, status=503, content_type="text/plain; charset=utf-8")
    return HttpResponse(body, headers={"Cache-Control": "no-cache"})
