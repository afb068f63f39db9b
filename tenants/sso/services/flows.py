"""A sign-in from the button to the answer: begun once, tied to one browser, taken once."""

import hashlib
import hmac
import secrets
from collections.abc import Mapping
from datetime import datetime, timedelta

from authlib.common.security import generate_token
from django.db import transaction
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme

from tenants.accounts.services import allow
from tenants.audit.actors import Actor, name_actor
from tenants.limits import Limit
from tenants.sso import strength
from tenants.sso.models import Flow, Provider
from tenants.sso.oidc import exchange
from tenants.sso.saml import documents, requests
from tenants.sso.services import answers, people, providers
from tenants.sso.services.leavers import was_suspended_since
from tenants.sso.types import Address, Begun, Claims, Finished, Protocol, Purpose, SignInRefused
from tenants.vault.services import seal

LIFETIME = timedelta(minutes=10)
MOST_FLOWS = 20_000  # under way at once in one tenant; the oldest make room
ROOM = 1000
#: Sign-ins begun, and answers posted, from one address: an office behind one address starts its day, a flood does not.
FROM_ADDRESS = Limit("sso-address", most=300, seconds=60)
LONGEST_NEXT = 400
COOKIE_BYTES = 32


def addresses(base: str, provider_id: str) -> Address:
    """Addresses of a provider under `base` (scheme and host): also its SAML entity ID (the metadata's)."""
    root = f"{base}/sso/{provider_id}"
    return Address(start=f"{root}/start", callback=f"{root}/callback", metadata=f"{root}/metadata")


def begin(
    provider_id: str,
    base: str,
    *,
    browser: str,
    purpose: Purpose,
    next_path: str = "/",
    user: str = "",
    address: str = "",
) -> Begun:
    """Begin a flow for this browser (its cookie, may be empty); raises NotFound, SignInRefused, TooMany.

    `address` is where the browser is.
    """
    allow(FROM_ADDRESS, address, "Too many sign-ins were begun from your network; this one was not.")
    row = providers.provider(provider_id)
    if purpose is not Purpose.TEST and not row.enabled:
        raise SignInRefused("sso-off", f"{row.name} is switched off.")
    now, anew = timezone.now(), purpose is Purpose.PROOF
    Flow.objects.filter(created_at__lt=now - LIFETIME).delete()
    if Flow.objects.count() >= MOST_FLOWS:
        oldest = Flow.objects.order_by("created_at").values("id")[:ROOM]
        Flow.objects.filter(id__in=oldest).delete()
    browser = browser if len(browser) >= COOKIE_BYTES else secrets.token_urlsafe(COOKIE_BYTES)
    state, verifier = secrets.token_urlsafe(32), generate_token(64)
    nonce = f"_{secrets.token_hex(20)}"
    here = addresses(base, row.id)
    flow = Flow(
        id=_hash(state),
        provider=row,
        purpose=purpose,
        browser=_hash(browser),
        user_id=user,
        callback=here.callback,
        nonce=nonce,
        next=_inside(next_path),
        created_at=now,
    )
    if row.protocol == Protocol.OIDC:
        flow.verifier = seal(verifier, table="sso_flow", field="verifier", row=flow.id)
        client, scopes = row.settings["client_id"], row.settings["scopes"]
        url = exchange.authorization_url(
            row.discovered["metadata"], client, scopes, here.callback, state, nonce, verifier, anew=anew
        )
    else:
        url = requests.redirect(
            row.discovered["sign_in_url"], here.metadata, here.callback, nonce, state, now, anew=anew
        )
    flow.save(force_insert=True)
    return Begun(url, browser)


def keep_response(provider_id: str, state: str, response: str, *, address: str = "") -> None:
    """Keep a posted SAML response until the browser comes for it with its cookie; raises SignInRefused, TooMany.

    The identity provider's form is posted across sites, so the browser sends no cookie with it. What is kept is
    believed only in `finish`.
    """
    allow(FROM_ADDRESS, address, "Too many sign-ins came from your network; this one was not taken.")
    if len(response) > documents.LARGEST * 3 // 2 or "\0" in response or "\0" in provider_id:
        raise SignInRefused("sso-not-believed", "The response is too large, or no text.")
    waiting = Flow.objects.filter(id=_hash(state), provider_id=provider_id, provider__protocol=Protocol.SAML)
    if not waiting.filter(response="", created_at__gt=timezone.now() - LIFETIME).update(response=response):
        raise _expired()


def finish(
    provider_id: str, given: Mapping[str, str], *, browser: str, callback: str, user: str = ""
) -> Finished:
    """Take the flow and decide about the provider's answer; raises SignInRefused.

    `given` are the parameters of the callback, `callback` the address they came to, `user` who is signed in here.
    A test changes nothing but the provider's test result.
    """
    flow = _take(provider_id, given.get("state", ""), browser, callback)
    row, purpose = flow.provider, Purpose(flow.purpose)
    name_actor(Actor("sso", row.id, row.name))
    try:
        if purpose is not Purpose.TEST and not row.enabled:
            raise SignInRefused("sso-off", f"{row.name} is switched off.")
        if purpose is Purpose.TEST and flow.user_id != user:
            raise SignInRefused("sso-expired", "The test was begun by somebody else.")
        claims = answers.claims_of(row, flow, given, timezone.now())
        if purpose is Purpose.TEST:
            _note_test(row, {"ok": True, **_shown(row, claims), **people.foresee(row, claims)})
            return Finished(row.id, purpose, user, flow.next)
        at = claims.strength.at
        if purpose is Purpose.PROOF and (at is None or at < flow.created_at - strength.SKEW):
            raise SignInRefused(
                "sso-not-fresh", "It did not say that it asked anew (auth_time, AuthnInstant)."
            )
        user_id = people.admit(row, claims)
        if was_suspended_since(user_id, flow.created_at):
            raise SignInRefused("sso-expired", "The person was suspended while this sign-in was under way.")
        two_factors = strength.two_factors(claims.strength, row.settings)
        return Finished(row.id, purpose, user_id, flow.next, two_factors, at)
    except SignInRefused as refused:
        providers.note_problem(row.id, refused.code, refused.detail)
        if purpose is Purpose.TEST:
            _note_test(row, {"ok": False, "code": refused.code, "detail": refused.detail[:500]})
            return Finished(row.id, purpose, user, flow.next)
        raise


def end_flows_of(user_id: str) -> None:
    """End the flows a person began while signed in."""
    Flow.objects.filter(user_id=user_id).delete()


def _take(provider_id: str, state: str, browser: str, callback: str) -> Flow:
    """Return the flow and remove it: a second answer with the same state finds nothing."""
    with transaction.atomic():
        rows = Flow.objects.select_for_update(of=("self",)).select_related("provider")
        flow = rows.filter(id=_hash(state)).first() if state else None
        if flow is None:
            raise _expired()
        fits = flow.provider_id == provider_id and flow.callback == callback
        fits = fits and hmac.compare_digest(flow.browser, _hash(browser)) and _young(flow, timezone.now())
        if not fits and not hmac.compare_digest(flow.browser, _hash(browser)):
            raise _expired()  # somebody else's browser does not get to end the flow
        Flow.objects.filter(id=flow.id).delete()
    if not fits:
        raise _expired()
    return flow


def _inside(path: str) -> str:
    """The path when it leads to a page of this workspace, else the first page."""
    good = len(path) <= LONGEST_NEXT and path.isascii() and path.isprintable()
    return path if good and url_has_allowed_host_and_scheme(path, allowed_hosts=None) else "/"


def _young(flow: Flow, now: datetime) -> bool:
    return flow.created_at > now - LIFETIME


def _note_test(row: Provider, outcome: dict[str, object]) -> None:
    Provider.objects.filter(id=row.id).update(tested={**outcome, "at": timezone.now().isoformat()})


def _shown(row: Provider, claims: Claims) -> dict[str, object]:
    said = claims.strength
    return {
        "email": claims.email,
        "name": claims.name,
        "groups": list(claims.groups or ())[:50],
        "strength": {
            "two_factors": strength.two_factors(said, row.settings),
            "context": said.context[:300],
            "methods": [name[:300] for name in said.methods],
            "at": said.at.isoformat() if said.at else None,
        },
    }


def _expired() -> SignInRefused:
    return SignInRefused("sso-expired", "No sign-in of this browser is under way with this state.")


def _hash(value: str) -> str:
    return hashlib.sha256(value.encode("utf-8", "surrogatepass")).hexdigest()
