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
    """Why a flow was begun: to sign in, to see whether signing in would work, or to be asked anew by the provider."""

    SIGN_IN = "sign-in"
    TEST = "test"
    PROOF = "proof"


@dataclass(frozen=True, slots=True)
class Strength:
    """What a provider says of how and when it authenticated; whatever it does not say is the least.

    `context` is OpenID Connect's `acr` or SAML's AuthnContextClassRef, `methods` is `amr` or Microsoft's attribute.
    """

    at: datetime | None = None
    context: str = ""
    methods: tuple[str, ...] = ()


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
    strength: Strength = field(default_factory=Strength)


@dataclass(frozen=True, slots=True)
class Begun:
    """A flow just begun: where to send the browser, and the cookie that ties the flow to it."""

    url: str
    browser: str


@dataclass(frozen=True, slots=True)
class Finished:
    """A flow that came back well: whom to sign in (but for a test) and where to go.

    `two_factors`: the provider showed more than one factor, as far as its administrator lets that count.
    `at`: when the person showed it, None when that is not known.
    """

    provider: str
    purpose: Purpose
    user: str
    next: str
    two_factors: bool = False
    at: datetime | None = None


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
    "sso-not-fresh": "The identity provider did not say that it asked you anew, so nothing was unlocked. "
    "Use a password, code or passkey of this workspace instead.",
    "sso-required": "This workspace requires single sign-on. Use the button of your identity provider.",
}
