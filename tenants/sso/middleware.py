"""Ends sessions that may not go on: required single sign-on, a provider switched off, a link removed.

It stands behind every way in (password, second factor, handoff, anything added later): what decides is the session
as it is, before the request and again when the request signed somebody in.
"""

from collections.abc import Callable

from django.contrib.auth import SESSION_KEY
from django.contrib.auth.models import AnonymousUser
from django.http import HttpRequest, JsonResponse
from django.http.response import HttpResponseBase

from tenants.isolation.context import current_tenant
from tenants.sso.services import refusal
from tenants.sso.types import SENTENCES

MARK = "sso_provider"  # in a session: the provider that began it
PREFIXES = ("/api/", "/_allauth/", "/session/", "/sso/")


class SessionPolicyMiddleware:
    """After authentication: a session the policy refuses is no session."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Answer one request; a sign-in that the policy refuses becomes a 403 problem."""
        if current_tenant() is None or not request.path.startswith(PREFIXES):
            return self.get_response(request)
        before = _user(request)
        if before and _refused(request, before):
            before = ""
        response = self.get_response(request)
        after = _user(request)
        code = _refused(request, after) if after and after != before else ""
        return _problem(code) if code else response


def _user(request: HttpRequest) -> str:
    return str(request.session.get(SESSION_KEY, ""))


def _refused(request: HttpRequest, user_id: str) -> str:
    """Return why the session may not go on, and end it then."""
    code = refusal(user_id, str(request.session.get(MARK, "")))
    if code:
        request.session.flush()
        request.user = AnonymousUser()
    return code


def _problem(code: str) -> JsonResponse:
    body = {
        "type": f"urn:portcullis:problem:{code}",
        "title": "Not allowed",
        "status": 403,
        "detail": SENTENCES[code],
        "code": code,
    }
    return JsonResponse(body, status=403, content_type="application/problem+json")
