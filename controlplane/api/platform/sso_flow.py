"""The addresses a browser walks through during single sign-on; errors lead back to a page, never to a stack trace."""

from collections.abc import Callable
from functools import wraps
from urllib.parse import urlencode

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import path
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_GET, require_http_methods

from controlplane.api.errors import respond
from tenants.accounts.queries import user
from tenants.accounts.services import factor_shown, open_session, prove
from tenants.accounts.types import By
from tenants.client_address import client_address
from tenants.errors import DomainError
from tenants.members.queries import permissions_of_user
from tenants.sso import queries, services
from tenants.sso.middleware import MARK
from tenants.sso.types import Finished, Protocol, Purpose, SignInRefused

COOKIE_SECONDS = 3600
SETTINGS_PAGE = "/settings/sso"

View = Callable[[HttpRequest, str], HttpResponse]


def _to_pages(view: View) -> View:
    """Turn a refusal into the sign-in page with its code, anything else that is wrong into a problem."""

    @wraps(view)
    def answered(request: HttpRequest, provider_id: str) -> HttpResponse:
        try:
            response = view(request, provider_id)
        except SignInRefused as refused:
            response = _seen_other(f"/?{urlencode({'sign-in-problem': refused.code})}")
        except DomainError as error:
            response = respond(error.status, error.code, error.title, error.detail, request)
            if error.retry_after is not None:
                response.headers["Retry-After"] = str(error.retry_after)
        response.headers["Cache-Control"] = "no-store"
        response.headers["Referrer-Policy"] = "no-referrer"
        return response

    return answered


@require_GET
@_to_pages
def start(request: HttpRequest, provider_id: str) -> HttpResponse:
    """Send the browser to the identity provider; `?next=` is where to go afterwards, `?test=1` only tries.

    `?fresh=1` has the provider ask the person anew; nothing is unlocked unless it says that it did.
    """
    purpose, tester = Purpose.PROOF if request.GET.get("fresh") else Purpose.SIGN_IN, ""
    if request.GET.get("test"):
        purpose, tester = Purpose.TEST, _manager(request)
        if not tester:
            return respond(403, "not-allowed", "Not allowed", "Only an owner tests a provider.", request)
    begun = services.begin(
        provider_id,
        _base(request),
        browser=request.COOKIES.get(settings.SSO_COOKIE_NAME, ""),
        purpose=purpose,
        next_path=SETTINGS_PAGE if purpose is Purpose.TEST else request.GET.get("next", "/"),
        user=tester,
        address=client_address(request),
    )
    response = HttpResponseRedirect(begun.url)
    response.set_cookie(
        settings.SSO_COOKIE_NAME,
        begun.browser,
        max_age=COOKIE_SECONDS,
        secure=settings.SESSION_COOKIE_SECURE,
        httponly=True,
        samesite="Lax",
    )
    return response


@csrf_exempt
@require_http_methods(["GET", "POST"])
@_to_pages
def callback(request: HttpRequest, provider_id: str) -> HttpResponse:
    """Take the provider's answer: OpenID Connect by GET, SAML by a form posted across sites.

    The posted form comes without cookies (SameSite); it is kept unread, and the browser is sent on to `finish`
    with a GET of its own, which carries them. So no answer is believed in a browser that did not ask.
    """
    if request.method == "POST":
        state = request.POST.get("RelayState", "")
        response = request.POST.get("SAMLResponse", "")
        services.keep_response(provider_id, state, response, address=client_address(request))
        return _seen_other(f"/sso/{provider_id}/finish?{urlencode({'state': state})}")
    if queries.provider(provider_id).protocol != Protocol.OIDC:
        return respond(405, "method-not-allowed", "Not allowed", "SAML responses are posted.", request)
    return _finish(request, provider_id)


@require_GET
@_to_pages
def finish(request: HttpRequest, provider_id: str) -> HttpResponse:
    """Believe or refuse the SAML response kept for this browser."""
    if queries.provider(provider_id).protocol != Protocol.SAML:
        return respond(404, "not-found", "Not found", "There is nothing at this address.", request)
    return _finish(request, provider_id)


@require_GET
@_to_pages
def metadata(request: HttpRequest, provider_id: str) -> HttpResponse:
    """Our SAML metadata for one provider, for its administrator to load."""
    here = services.addresses(_base(request), provider_id)
    text = queries.our_metadata(provider_id, here.metadata, here.callback)
    return HttpResponse(text, content_type="application/samlmetadata+xml")


def _finish(request: HttpRequest, provider_id: str) -> HttpResponse:
    finished = services.finish(
        provider_id,
        {name: value for name, value in request.GET.items() if isinstance(value, str)},
        browser=request.COOKIES.get(settings.SSO_COOKIE_NAME, ""),
        callback=services.addresses(_base(request), provider_id).callback,
        user=_manager(request),
    )
    if finished.purpose is Purpose.TEST:
        return _seen_other(f"{SETTINGS_PAGE}?{urlencode({'tested': finished.provider})}")
    _sign_in(request, finished)
    return _seen_other(finished.next)


def _sign_in(request: HttpRequest, finished: Finished) -> None:
    person = user(finished.user)
    if person is None:
        raise SignInRefused("sso-no-account", "The account was ended a moment ago.")
    open_session(request, person, By.SSO)
    request.session[MARK] = finished.provider
    # Opening a session is proof of this moment; here it is proof of when the provider asked, if it says so.
    prove(request, finished.at)
    if finished.two_factors:
        factor_shown(request)


def _manager(request: HttpRequest) -> str:
    """Id of whoever is signed in and may manage providers, else empty."""
    user_id = str(request.user.pk) if request.user.is_authenticated else ""
    return user_id if user_id and "sso.manage" in permissions_of_user(user_id) else ""


def _base(request: HttpRequest) -> str:
    return f"{request.scheme}://{request.get_host()}"


def _seen_other(address: str) -> HttpResponse:
    return HttpResponse(status=303, headers={"Location": address})


flow_urls = [
    path("start", start, name="sso-start"),
    path("callback", callback, name="sso-callback"),
    path("finish", finish, name="sso-finish"),
    path("metadata", metadata, name="sso-metadata"),
]
