"""Values of single sign-on that other parts may hold."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from tenants.errors import Refused


class Protocol(StrEnum):
    """How a provider is spoken to."""

    OIDC = "oidc"
    SAML = "saml"


class Purpose(StrEnum):
    """Why a flow was begun: to sign in, or to see whether signing in would work."""

    SIGN_IN = "sign-in"
    TEST = "test"


@dataclass(frozen=True, slots=True)
class Claims:
    """Whom a provider says it authenticated; `subject` is stable and unique at the provider.

    `email_verified` is None when the provider does not say. `groups` is None when it sent none at all.
    """

    subject: str
    email: str
    name: str = ""
    groups: tuple[str, ...] | None = None
    email_verified: bool | None = None


@dataclass(frozen=True, slots=True)
class Begun:
    """A flow just begun: where to send the browser, and the cookie that ties the flow to it."""

    url: str
    browser: str


@dataclass(frozen=True, slots=True)
class Finished:
    """A flow that came back well: whom to sign in (sign-in only) and where to go."""

    provider: str
    purpose: Purpose
    user: str
    next: str


@dataclass(frozen=True, slots=True)
class Address:
    """Addresses of one provider at one host name, to be copied into the provider's own settings."""

    start: str
    callback: str
    metadata: str


@dataclass(frozen=True, slots=True)
class ProviderView:
    """A provider as its administrator sees it; the secret is only said to be set."""

    id: str
    protocol: str
    name: str
    creates_members: bool
    settings: dict[str, Any]
    secret_set: bool
    discovered: dict[str, Any]
    discovered_at: datetime | None
    enabled: bool
    tested: dict[str, Any] | None
    problem: dict[str, Any] | None
    people: int
    created_at: datetime


@dataclass(frozen=True, slots=True)
class PolicyView:
    """The tenant's policy; `rules` are (group, role) pairs in the order they are tried."""

    required: bool = False
    break_glass: str = ""
    default_role: str = "viewer"
    rules: tuple[tuple[str, str], ...] = field(default=())


class SignInRefused(Refused):
    """The answer of a provider was not believed, or its person may not come in.

    `code` is one of `SENTENCES`, which is all a stranger is told; `detail` is for the administrator.
    """

    def __init__(self, code: str, detail: str) -> None:
        super().__init__(code, detail, action=SENTENCES[code])


#: What the sign-in page says for each code. Nothing of the tenant or the person is in them.
SENTENCES = {
    "sso-expired": "The sign-in took too long, was used already or began in another browser. Start again.",
    "sso-off": "This way to sign in is switched off. Choose another one or ask your administrator.",
    "sso-provider-refused": "The identity provider did not sign you in. Try again or ask your administrator.",
    "sso-not-believed": "The identity provider's answer could not be verified, so nobody was signed in. "
    "Your administrator sees the reason in Settings.",
    "sso-unreachable": "The identity provider did not answer; nobody was signed in. Try again in a minute.",
    "sso-no-email": "The identity provider sent no e-mail address. Ask your administrator to release it.",
    "sso-domain": "Your e-mail address is not in a domain this workspace has verified. Ask your administrator.",
    "sso-no-account": "You have no account in this workspace. Ask your administrator to add you.",
    "sso-required": "This workspace requires single sign-on. Use the button of your identity provider.",
}
