"""Ends sessions that may not go on: required single sign-on, a provider switched off, a link removed.

It stands behind every way in (password, second factor, handoff, anything added later): what decides is the session
as it is, before the request and again when the request signed somebody in.
"""

from collections.abc import Callable
from datetime import UTC, datetime

from allauth.account.internal.stagekit import LOGIN_SESSION_KEY
from django.contrib.auth import SESSION_KEY
from django.contrib.auth.models import AnonymousUser
from django.http import HttpRequest, JsonResponse
from django.http.response import HttpResponseBase

from tenants.isolation.context import current_tenant
from tenants.sso.services import refusal, was_put_out_since
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
        before, began = _user(request), _began(request)
        if before and _refused(request, before):
            before = ""
        response = self.get_response(request)
        after = _user(request)
        code = _refused(request, after, began) if after and after != before else ""
        return _problem(code) if code else response


def _user(request: HttpRequest) -> str:
    return str(request.session.get(SESSION_KEY, ""))


def _refused(request: HttpRequest, user_id: str, began: datetime | None = None) -> str:
    """Return why the session may not go on, and end it then. `began`: when its sign-in did, if that took two steps."""
    code = refusal(user_id, str(request.session.get(MARK, "")))
    if began is not None and not code and was_put_out_since(user_id, began):
        code = "sso-expired"
    if code:
        request.session.flush()
        request.user = AnonymousUser()
    return code


def _began(request: HttpRequest) -> datetime | None:
    """When the sign-in this browser is half-way through began: the password before the second factor."""
    waiting = request.session.get(LOGIN_SESSION_KEY)
    at = waiting.get("initiated_at") if isinstance(waiting, dict) else None
    return datetime.fromtimestamp(at, tz=UTC) if isinstance(at, int | float) else None


def _problem(code: str) -> JsonResponse:
    body = {
        "type": f"urn:portcullis:problem:{code}",
        "title": "Not allowed",
        "status": 403,
        "detail": SENTENCES[code],
        "code": code,
    }
    return JsonResponse(body, status=403, content_type="application/problem+json")
