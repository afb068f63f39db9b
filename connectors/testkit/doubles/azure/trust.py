"""Federated identity credentials of applications: tokens of issuers outside that stand for a client secret.

Sources: "Workload identity federation" with its considerations (issuer, subject and audience match exactly, letters with
case; at most 20 per application), Microsoft Graph ``federatedIdentityCredential``; error codes AADSTS700211 (issuer), 700212
(audience), 700213 (subject), 7000272 (key), 50013 (signature), 50166 (issuer cannot be reached), 700024 (time).
``matches`` stands for ``claimsMatchingExpression``, which Entra offers for a few issuers.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import Any

from connectors.testkit.doubles.issuers import Issuers, Untrusted

ASSERTION = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
_MOST = 20
_LONGEST_SUBJECT = 600
_UNTRUSTED = {
    "unreachable": ("invalid_request", "AADSTS50166: Request to External OIDC endpoint failed."),
    "key": (
        "invalid_client",
        "AADSTS7000272: The key of the federated credential could not be found in the issuer's metadata.",
    ),
    "time": ("invalid_client", "AADSTS700024: Client assertion is not within its valid time range."),
}


class Distrust(Exception):
    """An assertion is not taken; ``code`` is OAuth's word, the text Entra's."""

    def __init__(self, code: str, text: str) -> None:
        super().__init__(text)
        self.code = code


@dataclass(frozen=True)
class Credential:
    """One federated credential: a ``subject``, or with ``matches`` a pattern of subjects."""

    issuer: str
    subject: str = ""
    matches: str = ""
    audiences: tuple[str, ...] = ("api://AzureADTokenExchange",)

    def admits(self, subject: str) -> bool:
        """Whether it is a credential of this subject."""
        return fnmatchcase(subject, self.matches) if self.matches else subject == self.subject


@dataclass
class Trust:
    """The credentials by application, and the issuers' keys."""

    credentials: dict[str, list[Credential]] = field(default_factory=dict)
    issuers: Issuers = field(default_factory=Issuers)

    def set(self, client: str, given: Iterable[Mapping[str, Any]]) -> None:
        """Replace an application's credentials; key sets are fetched anew."""
        made = [Credential(**{**entry, "audiences": tuple(entry["audiences"])}) for entry in given]
        assert len(made) <= _MOST, "an application has 20 federated credentials at most"
        assert all(len(entry.subject) <= _LONGEST_SUBJECT and len(entry.audiences) == 1 for entry in made)
        self.credentials[client] = made
        self.issuers.forget()

    def check(self, client: str, assertion: str) -> None:
        """Raise ``Distrust`` unless one credential of the application fits a token its issuer signed."""
        try:
            claims = self.issuers.claims(assertion)
        except Untrusted as error:
            other = ("invalid_client", f"AADSTS50013: Assertion failed signature validation ({error.why}).")
            raise Distrust(*_UNTRUSTED.get(error.why, other)) from None
        known = self.credentials.get(client, [])
        issuer, subject, audience = (str(claims.get(name)) for name in ("iss", "sub", "aud"))
        words = "No matching federated identity record found for presented assertion"
        of_issuer = [entry for entry in known if entry.issuer == issuer]
        if not of_issuer:
            raise Distrust("invalid_client", f"AADSTS700211: {words} issuer '{issuer}'.")
        fitting = [entry for entry in of_issuer if entry.admits(subject)]
        if not fitting:
            raise Distrust("invalid_client", f"AADSTS700213: {words} subject '{subject}'.")
        if not any(audience in entry.audiences for entry in fitting):
            raise Distrust("invalid_client", f"AADSTS700212: {words} audience '{audience}'.")
