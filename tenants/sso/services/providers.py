"""Add, change, test, switch and remove identity providers."""

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from django.db import transaction
from django.utils import timezone
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from tenants.audit.services import record
from tenants.errors import Conflict, Invalid, NotFound
from tenants.sso.models import GroupClaim, Provider
from tenants.sso.oidc import discovery
from tenants.sso.oidc.exchange import SCOPES
from tenants.sso.outbound import Unreachable, check_address, fetch_ok
from tenants.sso.saml import metadata as saml_metadata
from tenants.sso.saml.documents import BadDocument
from tenants.sso.services.policy import keep_one_way_in
from tenants.sso.strength import DEFAULT_CONTEXTS, DEFAULT_METHODS
from tenants.sso.types import Protocol
from tenants.vault.services import seal, unseal

MOST_PROVIDERS = 20
_NOT_SAVED = "Nothing was saved."


#: Providers that serve every organisation and every private person under one issuer: the claim `hd` tells them apart.
#: An address alone does not: whoever once had it may keep a private account under it.
SHARED = frozenset({"https://accounts.google.com"})
PERSONAL = frozenset({"https://login.microsoftonline.com/9188040d-6c67-4c5b-b112-36a304b66dad/v2.0"})


Word = Annotated[str, Field(min_length=1, max_length=300)]
#: What decides how much a sign-in counts for, not who is believed: a change needs no new test.
JUDGING = frozenset({"second_factor", "factor_contexts", "factor_methods"})


class _Judging(BaseModel):
    """When a sign-in counts as two factors: always, or when the provider says one of these words."""

    second_factor: Literal["said", "always"] = "said"
    factor_contexts: list[Word] = Field(default=list(DEFAULT_CONTEXTS), max_length=20)
    factor_methods: list[Word] = Field(default=list(DEFAULT_METHODS), max_length=20)


class OidcSettings(_Judging):
    """What the owner enters for OpenID Connect."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)
    issuer: str = Field(min_length=8, max_length=300)
    client_id: str = Field(min_length=1, max_length=255)
    scopes: str = Field(default=SCOPES, max_length=500, pattern=r"^[!#-\[\]-~ ]+$")
    groups_claim: str = Field(default="groups", max_length=200)
    organisation: str = Field(default="", max_length=253)  # what the claim `hd` must say

    @model_validator(mode="after")
    def _not_everybodys(self) -> "OidcSettings":
        if self.issuer.rstrip("/") in PERSONAL:
            raise ValueError("Personal accounts sign in there. Enter the issuer of your own organisation.")
        if self.issuer.rstrip("/") in SHARED and not self.organisation:
            raise ValueError(
                "Everybody can have an account there. Enter your organisation's domain (organisation)."
            )
        return self

    @field_validator("scopes")
    @classmethod
    def _asks_for_an_id_token(cls, scopes: str) -> str:
        if "openid" not in scopes.split():
            raise ValueError("openid must be one of the scopes.")
        return scopes


class SamlSettings(_Judging):
    """What the owner enters for SAML; empty attribute names mean the usual ones."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)
    metadata_url: str = Field(default="", max_length=500)
    email_attribute: str = Field(default="", max_length=300)
    name_attribute: str = Field(default="", max_length=300)
    groups_attribute: str = Field(default="", max_length=300)


SETTINGS: dict[str, type[OidcSettings | SamlSettings]] = {
    Protocol.OIDC: OidcSettings,
    Protocol.SAML: SamlSettings,
}


def create_provider(
    protocol: str,
    name: str,
    settings: Mapping[str, Any],
    *,
    client_secret: str = "",
    metadata: str = "",
    creates_members: bool = True,
) -> str:
    """Read the provider's own description and store it, switched off; returns its id.

    `metadata` is pasted SAML metadata, used when there is no address of it. Raises Invalid, Unavailable, Conflict.
    """
    chosen = _settings(protocol, settings)
    if Provider.objects.count() >= MOST_PROVIDERS:
        raise Conflict(
            "too-many-providers", f"There are {MOST_PROVIDERS} providers already; nothing was added."
        )
    row = Provider(protocol=protocol, name=_name(name), creates_members=creates_members, settings=chosen)
    row.discovered, row.discovered_at = _discover(protocol, chosen, metadata), timezone.now()
    row.client_secret = _sealed(row.id, client_secret)
    with transaction.atomic():
        row.save(force_insert=True)
        record("sso.provider.add", row.id, after=_plain(row))
    return row.id


def change_provider(
    provider_id: str,
    *,
    name: str | None = None,
    settings: Mapping[str, Any] | None = None,
    client_secret: str | None = None,
    metadata: str = "",
    creates_members: bool | None = None,
) -> None:
    """Change what is given. Other settings switch it off until a test has worked; a new secret or certificate does not.

    The issuer (entity ID) cannot change: people are known by their subject at it.
    """
    row = provider(provider_id)
    before, secret_before = _plain(row), row.client_secret
    if name is not None:
        row.name = _name(name)
    if creates_members is not None:
        row.creates_members = creates_members
    if client_secret is not None:
        row.client_secret = _sealed(row.id, client_secret)
    if settings is not None or metadata:
        row.settings = _settings(row.protocol, {**row.settings, **(settings or {})})
        _describe(row, metadata)
    after = _plain(row)
    if row.enabled and _believing(after["settings"]) != _believing(before["settings"]):
        keep_one_way_in(row.id)
        row.enabled = False
    if after | {"settings": None} != before | {"settings": None} or row.client_secret != secret_before:
        row.tested = None
    if _believing(after["settings"]) != _believing(before["settings"]):
        row.tested = None
    with transaction.atomic():
        row.save()
        record("sso.provider.change", row.id, before=before, after=_plain(row))


def refresh_provider(provider_id: str) -> None:
    """Read the provider's own description again: new keys and addresses count at once."""
    row = provider(provider_id)
    before = row.discovered
    _describe(row, "")
    with transaction.atomic():
        Provider.objects.filter(id=row.id).update(discovered=row.discovered, discovered_at=row.discovered_at)
        if row.discovered != before:
            record("sso.provider.refresh", row.id, before=_trust(before), after=_trust(row.discovered))


def switch_provider(provider_id: str, on: bool) -> None:
    """Offer a provider on the sign-in page, or stop; on only after a test sign-in that worked.

    Switching off ends the sessions it began at their next request.
    """
    row = provider(provider_id)
    if on and not (row.tested or {}).get("ok"):
        raise Conflict(
            "not-tested",
            "No test sign-in has worked since the last change; it stays off. Test the sign-in first.",
        )
    if not on:
        keep_one_way_in(row.id)
    if row.enabled == on:
        return
    with transaction.atomic():
        Provider.objects.filter(id=row.id).update(enabled=on)
        record("sso.provider.on" if on else "sso.provider.off", row.id, after={"enabled": on})


def remove_provider(provider_id: str) -> None:
    """Remove a provider with its links; its sessions end at their next request, its members stay."""
    row = provider(provider_id)
    if row.enabled:
        keep_one_way_in(row.id)
    with transaction.atomic():
        GroupClaim.objects.filter(source=row.id).delete()
        row.delete()
        record("sso.provider.remove", provider_id, before=_plain(row))


def provider(provider_id: str) -> Provider:
    """Return the row; raises NotFound."""
    row = Provider.objects.filter(id=provider_id).first() if "\0" not in provider_id else None
    if row is None:
        raise NotFound("no-such-provider", "There is no identity provider with this id.")
    return row


def full_settings(row: Provider) -> dict[str, Any]:
    """The settings with the defaults of those that came after the row was stored."""
    return SETTINGS[row.protocol].model_construct(**row.settings).model_dump()


def secret_of(row: Provider) -> str:
    """Open the client secret; empty for a public client."""
    if not row.client_secret:
        return ""
    return unseal(row.client_secret, table="sso_provider", field="client_secret", row=row.id)


def note_problem(provider_id: str, code: str, detail: str) -> None:
    """Keep the last refusal for the administrator."""
    problem = {"code": code, "detail": detail[:500], "at": timezone.now().isoformat()}
    Provider.objects.filter(id=provider_id).update(problem=problem)


def _describe(row: Provider, metadata: str) -> None:
    """Read the description again; the issuer must be the one people are known at."""
    known = _who(row.protocol, row.discovered)
    if row.protocol == Protocol.SAML and not metadata and not row.settings["metadata_url"]:
        return
    found = _discover(row.protocol, row.settings, metadata)
    if _who(row.protocol, found) != known:
        raise Invalid(
            "other-provider",
            f"{_NOT_SAVED} Add another provider instead: people are known by their subject at this one.",
            fields={"settings": [f"This is not {known}."]},
        )
    row.discovered, row.discovered_at = found, timezone.now()


def _discover(protocol: str, chosen: Mapping[str, Any], metadata: str) -> dict[str, Any]:
    field = (
        "issuer" if protocol == Protocol.OIDC else "metadata_url" if chosen["metadata_url"] else "metadata"
    )
    try:
        if protocol == Protocol.OIDC:
            check_address(chosen["issuer"])
            return discovery.discover(chosen["issuer"])
        if chosen["metadata_url"]:
            check_address(chosen["metadata_url"])
            data = fetch_ok(chosen["metadata_url"]).content
        else:
            data = metadata.strip().encode()
        found = saml_metadata.read(data)
        check_address(found.sign_in_url)
        return found.as_dict()
    except (Unreachable, BadDocument, ValueError) as error:
        raise Invalid("provider-not-read", _NOT_SAVED, fields={field: [str(error)]}) from error


def _who(protocol: str, discovered: Mapping[str, Any]) -> str:
    name = discovered["metadata"]["issuer"] if protocol == Protocol.OIDC else discovered["entity_id"]
    return str(name)


def _settings(protocol: str, given: Mapping[str, Any]) -> dict[str, Any]:
    if protocol not in SETTINGS:
        raise Invalid("unknown-protocol", _NOT_SAVED, fields={"protocol": ["One of: oidc, saml."]})
    try:
        return SETTINGS[protocol].model_validate(dict(given)).model_dump()
    except ValidationError as error:
        fields = {
            str(part["loc"][0]) if part["loc"] else "settings": [part["msg"]] for part in error.errors()
        }
        raise Invalid("bad-settings", _NOT_SAVED, fields=fields) from None


def _believing(settings: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in settings.items() if name not in JUDGING}


def _name(name: str) -> str:
    if not name.strip():
        raise Invalid("no-name", _NOT_SAVED, fields={"name": ["May not be empty."]})
    return name.strip()[:80]


def _sealed(row_id: str, secret: str) -> str:
    return seal(secret, table="sso_provider", field="client_secret", row=row_id) if secret else ""


def _plain(row: Provider) -> dict[str, Any]:
    """What the audit record may hold: everything but the secret, keys by their ids only."""
    return {
        "name": row.name,
        "protocol": row.protocol,
        "creates_members": row.creates_members,
        "settings": full_settings(row),
        "discovered": _trust(row.discovered),
        "enabled": row.enabled,
        "secret_set": bool(row.client_secret),
    }


def _trust(discovered: Mapping[str, Any]) -> dict[str, Any]:
    if "keys" in discovered:
        return {
            "issuer": discovered["metadata"]["issuer"],
            "keys": [key.get("kid", "") for key in discovered["keys"]],
        }
    shown = ("entity_id", "sign_in_url", "expires_at")
    return {name: discovered[name] for name in shown} | {"certificates": len(discovered["certificates"])}
