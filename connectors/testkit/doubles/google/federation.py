"""Workload identity federation: providers of pools, the token exchange, and taking a service account with what it gave.

Sources: iam v1, sts v1 and iamcredentials v1 discovery documents; "Troubleshoot Workload Identity Federation" and
google-github-actions/auth (the words of refusals); RFC 8693.
"""

from __future__ import annotations

import re
import secrets
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from werkzeug.wrappers import Request, Response

from connectors.testkit.doubles.google.accounts import Accounts
from connectors.testkit.doubles.google.discovery import api
from connectors.testkit.doubles.google.errors import GoogleError, invalid
from connectors.testkit.doubles.issuers import Issuers, Untrusted
from connectors.testkit.doubles.serving import json_response

_GRANT = "urn:ietf:params:oauth:grant-type:token-exchange"
_TYPE = "urn:ietf:params:oauth:token-type:"
_PROVIDER = re.compile(
    r"projects/\d+/locations/global/workloadIdentityPools/[a-z0-9-]{4,32}/providers/[a-z0-9-]{4,32}"
)
_SCOPE = "https://www.googleapis.com/auth/cloud-platform"
_TAKE = "iam.serviceAccounts.getAccessToken"
_LONGEST_SUBJECT = 127
#: The conditions that are understood: on the subject alone.
_CONDITION = re.compile(
    r"assertion\.sub (?:== '(?P<equal>[^']+)'|in \[(?P<among>'[^']+'(?:, '[^']+')*)\])"
    r"|assertion\.sub\.startsWith\('(?P<start>[^']+)'\)"
)


@dataclass(frozen=True)
class Provider:
    """A provider that maps ``google.subject`` to ``assertion.sub``; without ``condition`` it admits every subject."""

    issuer: str
    condition: str = ""
    audiences: tuple[str, ...] = ()
    disabled: bool = False

    def admits(self, subject: str) -> bool:
        """Whether the attribute condition is true for a subject."""
        if not self.condition:
            return True
        found = _CONDITION.fullmatch(self.condition)
        if found is None:
            raise invalid(f"Invalid attribute condition: {self.condition}")
        if found["among"]:
            return subject in found["among"].strip("'").split("', '")
        return subject == found["equal"] if found["equal"] else subject.startswith(found["start"])


@dataclass
class Federation:
    """The project's providers, who may take which account (``roles/iam.workloadIdentityUser``), and federated tokens."""

    accounts: Accounts
    issuers: Issuers = field(default_factory=lambda: Issuers(longest=48 * 3600))
    providers: dict[str, Provider] = field(default_factory=dict)
    members: dict[str, list[str]] = field(default_factory=dict)
    _tokens: dict[str, tuple[str, str, float]] = field(default_factory=dict)

    def answer(self, request: Request) -> Response | None:
        """The answer to a request for one of the two APIs; None for any other."""
        if request.path == "/v1/token" and request.method == "POST":
            return self._exchange(request)
        if request.path.startswith("/v1/projects/-/serviceAccounts/"):
            return json_response(self._taken(request))
        return None

    def control(self, body: Mapping[str, Any]) -> Response:
        """``/_double/federation``: set ``providers`` (by full name) and ``members`` (by account); key sets are forgotten."""
        providers = {name: Provider(**given) for name, given in body.get("providers", {}).items()}
        try:
            for name, provider in providers.items():
                if not _PROVIDER.fullmatch(name):
                    raise invalid(f"{name} is no name of a provider")
                provider.admits("")
        except GoogleError as error:
            return error.response()
        self.providers, self.members = providers, dict(body.get("members", {}))
        self.issuers.forget()
        return json_response({})

    def _exchange(self, request: Request) -> Response:
        try:
            subject, pool = self._believed(request.form)
        except ValueError as error:
            code, _, description = str(error).partition(": ")
            return json_response({"error": code, "error_description": description}, 400)
        token = "ya29.d." + secrets.token_urlsafe(24)
        self._tokens[token] = (pool, subject, time.time() + 3600)
        return json_response(
            {
                "access_token": token,
                "issued_token_type": f"{_TYPE}access_token",
                "token_type": "Bearer",
                "expires_in": 3600,
            }
        )

    def _believed(self, form: Mapping[str, str]) -> tuple[str, str]:
        """The subject and the pool of whoever presents a token; ``ValueError("code: words")`` refuses."""
        if form.get("grant_type") != _GRANT:
            raise ValueError("unsupported_grant_type: Invalid grant_type")
        if form.get("subject_token_type") not in (f"{_TYPE}jwt", f"{_TYPE}id_token"):
            raise ValueError('invalid_request: Invalid value for "subject_token_type".')
        if form.get("requested_token_type") != f"{_TYPE}access_token" or form.get("scope") != _SCOPE:
            raise ValueError("invalid_scope: Invalid OAuth scope or requested_token_type.")
        name = form.get("audience", "").removeprefix("//iam.googleapis.com/")
        if not _PROVIDER.fullmatch(name) or name == form.get("audience"):
            raise ValueError(
                'invalid_request: Invalid value for "audience". This value should be the full resource name of the '
                "Identity Provider."
            )
        provider = self.providers.get(name)
        if provider is None or provider.disabled:
            raise ValueError(
                'invalid_target: The target service indicated by the "audience" parameters is invalid. This might either '
                "be because the pool or provider is disabled or deleted or because it doesn't exist."
            )
        return self._subject(form.get("subject_token", ""), name, provider), name.partition("/providers/")[0]

    def _subject(self, token: str, name: str, provider: Provider) -> str:
        try:
            claims = self.issuers.claims(token)
        except Untrusted as error:
            words = {
                "unreachable": "Error connecting to the given credential's issuer.",
                "time": f"ID Token is stale to sign-in: {error}.",
            }.get(error.why, f"The credential's signature or form is invalid ({error.why}).")
            raise ValueError(f"invalid_grant: {words}") from None
        if claims["iss"] != provider.issuer:
            raise ValueError(
                f"invalid_grant: The issuer in ID Token {claims['iss']} does not match the expected ones."
            )
        expected = provider.audiences or (
            f"https://iam.googleapis.com/{name}",
            f"//iam.googleapis.com/{name}",
        )
        if claims.get("aud") not in expected:
            raise ValueError(
                f"invalid_grant: The audience in ID Token [{claims.get('aud')}] does not match the expected audience."
            )
        subject = str(claims["sub"])
        if len(subject.encode()) > _LONGEST_SUBJECT:
            raise ValueError(
                f"invalid_request: The size of mapped attribute google.subject exceeds the {_LONGEST_SUBJECT} bytes limit."
            )
        if not provider.admits(subject):
            raise ValueError(
                "unauthorized_client: The given credential is rejected by the attribute condition."
            )
        return subject

    def _taken(self, request: Request) -> dict[str, str]:
        """``generateAccessToken``: Google does not tell an account that is not there from one that may not be taken."""
        call = api("iamcredentials.v1").call(
            request.method, request.path, request.args.to_dict(), request.get_data()
        )
        if call is None or not call.method.endswith(".generateAccessToken"):
            raise GoogleError(
                404, "notFound", f"The requested URL {request.path} was not found on this server."
            )
        scheme, _, token = request.headers.get("Authorization", "").partition(" ")
        pool, subject, expires = self._tokens.get(token, ("", "", 0.0))
        if scheme != "Bearer" or expires <= time.time():
            raise GoogleError(401, "authError", "Request had invalid authentication credentials.")
        if not call.body.get("scope") or call.body.get("lifetime", "3600s") != "3600s":
            raise invalid(
                "Request contains an invalid argument: scope is needed, and lifetime is 3600s at most."
            )
        email = str(call.path["serviceAccountsId"])
        root = f"iam.googleapis.com/{pool}"
        admitted = {f"principal://{root}/subject/{subject}", f"principalSet://{root}/*"}
        account = self.accounts.named(email)
        if account is None or not admitted & set(self.members.get(email, ())):
            info = {
                "@type": "type.googleapis.com/google.rpc.ErrorInfo",
                "reason": "IAM_PERMISSION_DENIED",
                "domain": "iam.googleapis.com",
                "metadata": {"permission": _TAKE},
            }
            words = f"Permission '{_TAKE}' denied on resource (or it may not exist)."
            raise GoogleError(403, "forbidden", words, [info])
        ends = datetime.fromtimestamp(time.time() + 3600, UTC)
        return {
            "accessToken": self.accounts.token_for(account),
            "expireTime": ends.strftime("%Y-%m-%dT%H:%M:%SZ"),
        }
