"""Security headers of every answer (ASVS 3.4), and no answer to who came without TLS (ASVS 12.2.1)."""

from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest
from django.http.response import HttpResponseBase

from controlplane.api.errors import respond

POLICY = (
    "default-src 'self'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; "
    "font-src 'self' data:; connect-src 'self'; object-src 'none'; base-uri 'none'; form-action 'self'; "
    "frame-ancestors 'none'"
)


class SecurityHeadersMiddleware:
    """No inline script, no framing, no sniffing; answers of the API are not kept by caches."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Add the headers."""
        response = self.get_response(request)
        response.headers.setdefault("Content-Security-Policy", POLICY)
        response.headers.setdefault("Permissions-Policy", "camera=(), geolocation=(), microphone=()")
        response.headers.setdefault("Cross-Origin-Resource-Policy", "same-origin")
        if request.path.startswith(("/api/", "/_allauth/", "/session/")):
            response.headers.setdefault("Cache-Control", "no-store")
        return response


class HttpsOnlyMiddleware:
    """Where people come by https, whoever came otherwise is answered with a refusal and reaches nothing."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Refuse a request that came in the clear; health answers stand before this and stay open."""
        if not settings.HTTPS_ONLY or request.is_secure():
            return self.get_response(request)
        return respond(
            403,
            "https-needed",
            "Only by https",
            "This request came without encryption. Nothing was read or changed. Send it to the https:// address, and "
            "replace a password or token that was in it. Operators: the proxy in front has to send "
            "X-Forwarded-Proto, with PORTCULLIS_BEHIND_PROXY=1 here.",
            request,
        )
