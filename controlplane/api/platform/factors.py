"""Second factors: django-allauth's own addresses, as many as we need, in our rules.

Answers that went well are allauth's. What went wrong is a problem like everywhere else, tries are limited across processes,
each change is one transaction with its audit entry, and secrets are opened for the person concerned only.
"""

import json
from collections.abc import Callable
from functools import wraps
from typing import Any

from allauth.core.exceptions import ImmediateHttpResponse
from allauth.headless.constants import Client
from allauth.headless.mfa import views
from django.http import HttpRequest, HttpResponseBase, JsonResponse
from django.urls import path

from controlplane.api.errors import CONTENT_TYPE, problem
from controlplane.api.permissions import STEP_UP_NEEDED
from tenants.accounts import services
from tenants.accounts.types import By, Outcome
from tenants.audit.actors import Actor, name_actor
from tenants.client_address import client_address
from tenants.errors import DomainError

View = Callable[[HttpRequest], HttpResponseBase]
TOO_MANY = "Too many codes were tried; nothing was unlocked."
#: Title, code and sentence of what allauth answers without saying more.
SAID = {
    400: ("Invalid request", "invalid-request", "The request cannot be read; nothing was changed."),
    401: ("Not signed in", "not-signed-in", "Nobody is signed in here, or it took too long. Start again."),
    404: ("Not found", "not-found", "There is none. Nothing was changed."),
    405: ("Method not allowed", "method-not-allowed", "Nothing was changed."),
    409: ("Conflict with the current state", "conflict", "This cannot be done now; nothing was changed."),
}


def _ruled(view: View, *, code: bool = False, passkey: bool = False, opens: bool = False) -> View:
    """Put a view of allauth into our rules.

    `code`: what is sent can be guessed. `passkey`: it signs in without a password. `opens`: it is an answer that signs in or
    proves who sits there, so that a wrong one stands in the sign-in log.
    """

    @wraps(view)
    def answer(request: HttpRequest) -> HttpResponseBase:
        person = _person(request)
        had_one = person is None or services.has_factor(person.pk)
        try:
            if request.method == "POST":
                _limit(request, person, code=code, opens=opens)
                if passkey:
                    services.shown_so_far(request, By.PASSKEY)
            response = _within(view, request, person)
        except DomainError as error:
            return _refused(error, request)
        good = response.status_code < 400
        if not had_one and services.has_factor(person.pk):
            services.factor_shown(request)  # the first one was shown by setting it up
        if request.method == "POST":
            _settle(request, person, good, code=code, opens=opens, passkey=passkey)
        return response if good else _problem(response, request)

    return answer


def _within(view: View, request: HttpRequest, person: Any) -> HttpResponseBase:
    user_id = person.pk if person is not None else ""
    with services.secrets_of(user_id), services.change_recorded(user_id):
        try:
            return view(request)
        except ImmediateHttpResponse as early:
            response: HttpResponseBase = early.response
            return response


def _person(request: HttpRequest) -> Any:
    """Who is signed in, or is half-way there; the audit record names them."""
    person: Any = request.user if request.user.is_authenticated else services.half_signed_in(request)
    if person is not None:
        name_actor(Actor("user", str(person.pk), str(person)))
    return person


def _limit(request: HttpRequest, person: Any, *, code: bool, opens: bool) -> None:
    if opens:
        services.allow(services.FACTOR_ADDRESS, client_address(request), TOO_MANY)
    if code and person is not None:
        services.allow(services.FACTOR, person.pk, TOO_MANY)


def _settle(request: HttpRequest, person: Any, good: bool, *, code: bool, opens: bool, passkey: bool) -> None:
    """A right answer is not counted; a wrong one that was to open something stands in the log."""
    if good:
        if code and person is not None:
            services.forget(services.FACTOR, person.pk)
        if opens:
            services.give_back(services.FACTOR_ADDRESS, client_address(request))
    elif opens:
        email, user_id = (person.email, person.pk) if person is not None else ("", None)
        by = By.PASSKEY if passkey else By.PASSWORD_AND_FACTOR
        services.note_try(request, email=email, user_id=user_id, by=by, outcome=Outcome.WRONG_FACTOR)


def _problem(response: HttpResponseBase, request: HttpRequest) -> HttpResponseBase:
    """Say what went wrong as the rest of the API does.

    One 404 of allauth's is none: it brings the secret of an authenticator app to be set up.
    """
    said = _document(response)
    meta = said.get("meta") or {}
    if response.status_code == 404 and "secret" in meta:
        return response
    if response.status_code == 401 and meta.get("is_authenticated"):
        return _refused(STEP_UP_NEEDED, request)
    title, code, detail = SAID.get(response.status_code, SAID[400])
    errors = [(f"/{e['param']}" if "param" in e else "", e) for e in said.get("errors") or []]
    more: dict[str, Any] = {}
    if errors:
        code = str(errors[0][1]["code"]).replace("_", "-")
        detail = " ".join([*(str(e["message"]) for _, e in errors), "Nothing was changed."])
        more["errors"] = [{"pointer": pointer, "detail": str(e["message"])} for pointer, e in errors]
    body = problem(response.status_code, code, title, detail, request, **more)
    return JsonResponse(body, status=response.status_code, content_type=CONTENT_TYPE)


def _document(response: HttpResponseBase) -> dict[str, Any]:
    try:
        said = json.loads(getattr(response, "content", b"") or b"{}")
    except ValueError:
        return {}
    return said if isinstance(said, dict) else {}


def _refused(error: DomainError, request: HttpRequest) -> JsonResponse:
    more = {"action": error.action} if error.action else {}
    body = problem(error.status, error.code, error.title, error.detail, request, **more)
    answer = JsonResponse(body, status=error.status, content_type=CONTENT_TYPE)
    if error.retry_after is not None:
        answer["Retry-After"] = str(error.retry_after)
    return answer


def _view(kind: Any) -> View:
    made: View = kind.as_api_view(client=Client.BROWSER)
    return made


factor_urls = [
    path("auth/2fa/authenticate", _ruled(_view(views.AuthenticateView), code=True, opens=True)),
    path("auth/2fa/reauthenticate", _ruled(_view(views.ReauthenticateView), code=True, opens=True)),
    path("auth/webauthn/authenticate", _ruled(_view(views.AuthenticateWebAuthnView), opens=True)),
    path("auth/webauthn/reauthenticate", _ruled(_view(views.ReauthenticateWebAuthnView), opens=True)),
    path("auth/webauthn/login", _ruled(_view(views.LoginWebAuthnView), passkey=True, opens=True)),
    path("account/authenticators", _ruled(_view(views.AuthenticatorsView))),
    path("account/authenticators/totp", _ruled(_view(views.ManageTOTPView), code=True)),
    path("account/authenticators/webauthn", _ruled(_view(views.ManageWebAuthnView))),
    path("account/authenticators/recovery-codes", _ruled(_view(views.ManageRecoveryCodesView))),
]
