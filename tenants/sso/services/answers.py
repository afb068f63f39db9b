"""From a provider's answer to the person it vouches for, by either protocol."""

import hashlib
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from django.db import IntegrityError, transaction

from tenants.sso import strength
from tenants.sso.models import Flow, Provider, SpentAssertion
from tenants.sso.oidc import discovery, exchange, tokens
from tenants.sso.outbound import Unreachable
from tenants.sso.saml import responses
from tenants.sso.services import providers
from tenants.sso.types import Claims, Protocol, SignInRefused, Strength
from tenants.vault.services import unseal

KEYS_EVERY = timedelta(seconds=30)
TRANSIENT = "urn:oasis:names:tc:SAML:2.0:nameid-format:transient"
EMAIL_FORMAT = "urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress"
_CLAIMS = "http://schemas.xmlsoap.org/ws/2005/05/identity/claims"
EMAIL_NAMES = (
    "email",
    "mail",
    "emailAddress",
    f"{_CLAIMS}/emailaddress",
    "urn:oid:0.9.2342.19200300.100.1.3",
)
NAME_NAMES = (
    "displayName",
    "http://schemas.microsoft.com/identity/claims/displayname",
    "urn:oid:2.16.840.1.113730.3.1.241",
)
GROUP_NAMES = ("groups", "memberOf", "http://schemas.microsoft.com/ws/2008/06/identity/claims/groups")
MOST_GROUPS = 500
LONGEST_SUBJECT = 512


def claims_of(row: Provider, flow: Flow, given: Mapping[str, str], now: datetime) -> Claims:
    """Return whom the answer vouches for; raises SignInRefused with the reason for the administrator."""
    try:
        if row.protocol == Protocol.OIDC:
            return _oidc(row, flow, given, now)
        return _saml(row, flow, now)
    except (tokens.NotBelieved, responses.NotBelieved) as error:
        raise SignInRefused("sso-not-believed", str(error)) from None
    except responses.Declined as error:
        raise SignInRefused("sso-provider-refused", str(error)) from None
    except Unreachable as error:
        raise SignInRefused("sso-unreachable", str(error)) from None


def _oidc(row: Provider, flow: Flow, given: Mapping[str, str], now: datetime) -> Claims:
    metadata = row.discovered["metadata"]
    # RFC 9207: an answer that names another issuer was made for another sign-in (mix-up).
    if given.get("iss", metadata["issuer"]) != metadata["issuer"] or (
        metadata["sends_iss"] and "iss" not in given
    ):
        raise tokens.NotBelieved("The answer does not come from the provider that was asked (iss).")
    if given.get("error"):
        word = "".join(mark for mark in given["error"] if mark.isalnum() or mark == "_")[:60]
        raise SignInRefused("sso-provider-refused", f"The provider answered {word}.")
    if not given.get("code"):
        raise tokens.NotBelieved("The answer holds no code.")
    verifier = unseal(flow.verifier, table="sso_flow", field="verifier", row=flow.id)
    client_id = row.settings["client_id"]
    id_token, access_token = exchange.exchange(
        metadata, client_id, providers.secret_of(row), flow.callback, given["code"], verifier
    )
    expected = tokens.Expected(
        issuer=metadata["issuer"],
        client_id=client_id,
        nonce=flow.nonce,
        access_token=access_token,
        algorithms=metadata["algorithms"],
        now=int(now.timestamp()),
    )
    claims = _believed(row, id_token, expected, now)
    said = strength.of_token(claims, now)
    organisation = row.settings.get("organisation", "")
    if organisation and str(claims.get("hd", "")).lower() != organisation.lower():
        raise tokens.NotBelieved("The account is not one of your organisation (hd).")
    if not claims.get("email") or row.settings["groups_claim"] not in claims:
        claims = exchange.userinfo(metadata, access_token, claims["sub"]) | claims
    verified = claims.get("email_verified")
    return Claims(
        subject=claims["sub"],
        email=_text(claims.get("email")),
        name=_text(claims.get("name")),
        groups=_groups(claims.get(row.settings["groups_claim"])),
        # Some providers send the word instead of the value.
        email_verified=None if verified is None else str(verified).lower() == "true",
        strength=said,
    )


def _believed(row: Provider, id_token: str, expected: tokens.Expected, now: datetime) -> dict[str, Any]:
    """Believe the token with the keys we know; with fresh ones when it names a key we do not know."""
    try:
        return tokens.believe(id_token, row.discovered["keys"], expected)
    except tokens.UnknownKey:
        if row.discovered_at is not None and now - row.discovered_at < KEYS_EVERY:
            raise
    keys = discovery.fetch_keys(row.discovered["metadata"]["jwks_uri"])
    row.discovered = {**row.discovered, "keys": keys}
    Provider.objects.filter(id=row.id).update(discovered=row.discovered, discovered_at=now)
    return tokens.believe(id_token, keys, expected)


def _saml(row: Provider, flow: Flow, now: datetime) -> Claims:
    if not flow.response:
        raise responses.NotBelieved("The identity provider posted no response.")
    found = responses.believe(
        flow.response,
        responses.Expected(
            entity_id=row.discovered["entity_id"],
            certificates=row.discovered["certificates"],
            audience=flow.callback.removesuffix("/callback") + "/metadata",
            recipient=flow.callback,
            request_id=flow.nonce,
            now=now,
        ),
    )
    if found.subject_format == TRANSIENT:
        raise responses.NotBelieved(
            "NameID is transient; let the provider send a persistent one or the address."
        )
    if len(found.subject) > LONGEST_SUBJECT or not found.subject.isprintable():
        raise responses.NotBelieved("NameID is longer than is kept, or no text.")
    _spend(row.discovered["entity_id"], found.id, found.expires_at, now)
    chosen = row.settings
    address = _first(found.attributes, chosen["email_attribute"], EMAIL_NAMES)
    return Claims(
        subject=found.subject,
        email=_text(address or (found.subject if found.subject_format == EMAIL_FORMAT else "")),
        name=_text(_first(found.attributes, chosen["name_attribute"], NAME_NAMES)),
        groups=_groups(_values(found.attributes, chosen["groups_attribute"], GROUP_NAMES)),
        strength=Strength(
            at=strength.when(found.authenticated_at, now),
            context=found.context,
            methods=found.attributes.get(strength.METHODS, ())[: strength.MOST],
        ),
    )


def _spend(issuer: str, assertion_id: str, expires_at: datetime, now: datetime) -> None:
    """Use an assertion up; raises NotBelieved the second time."""
    SpentAssertion.objects.filter(expires_at__lt=now).delete()
    key = hashlib.sha256(f"{issuer}\n{assertion_id}".encode()).hexdigest()
    try:
        with transaction.atomic():
            SpentAssertion.objects.create(key=key, expires_at=expires_at)
    except IntegrityError:
        raise responses.NotBelieved("The assertion was used before (replay).") from None


def _values(attributes: Mapping[str, tuple[str, ...]], chosen: str, usual: Sequence[str]) -> list[str] | None:
    for name in (chosen,) if chosen else usual:
        if name in attributes:
            return list(attributes[name])
    return None


def _first(attributes: Mapping[str, tuple[str, ...]], chosen: str, usual: Sequence[str]) -> str:
    return next(iter(_values(attributes, chosen, usual) or ()), "")


def _groups(value: object) -> tuple[str, ...] | None:
    """Names of groups; None when the provider sent none at all (then roles are left alone)."""
    if isinstance(value, str):
        value = [value]
    if not isinstance(value, list):
        return None
    return tuple(name for name in map(_text, value[:MOST_GROUPS]) if name)


def _text(value: object) -> str:
    """The text, or nothing: what cannot be seen is not cut out, it would make one name or address of another."""
    return value if isinstance(value, str) and value.isprintable() else ""
