"""Entra's token endpoint for client credentials, and the check of what it gave out.

Sources: "Microsoft identity platform and the OAuth 2.0 client credentials flow", error codes AADSTS7000215,
AADSTS700016, AADSTS90002, AADSTS1002012; of federated credentials those in ``trust``.
"""

import secrets
import time
from collections.abc import Mapping
from dataclasses import dataclass, field

from werkzeug.wrappers import Request, Response

from connectors.testkit.doubles.azure.errors import Refusal
from connectors.testkit.doubles.azure.trust import ASSERTION, Distrust, Trust
from connectors.testkit.doubles.serving import json_response

#: Resources tokens are given for; a token for one is refused by the other.
MANAGEMENT, LOGS = "management", "logs"


@dataclass(frozen=True)
class Token:
    """What was given out: for which principal and resource, until when (epoch seconds)."""

    principal: str
    resource: str
    expires: float


@dataclass
class Directory:
    """One Entra tenant with its applications (client id -> secret). ``lifetime`` of tokens in seconds."""

    tenant: str
    applications: dict[str, str]
    lifetime: int = 3599
    tokens: dict[str, Token] = field(default_factory=dict)
    issued: int = 0
    trust: Trust = field(default_factory=Trust)

    def token(self, request: Request, tenant: str) -> Response:
        """Answer ``POST /{tenant}/oauth2/v2.0/token``."""
        form = request.form
        if request.method != "POST":
            return _refused("invalid_request", "AADSTS900561: The endpoint only accepts POST requests.")
        if tenant != self.tenant:
            return _refused("invalid_request", f"AADSTS90002: Tenant '{tenant}' not found.")
        if form.get("grant_type") != "client_credentials":
            return _refused("unsupported_grant_type", "AADSTS70003: The grant type is not supported.")
        client = form.get("client_id", "")
        if client not in self.applications:
            return _refused("unauthorized_client", f"AADSTS700016: Application '{client}' was not found.")
        if refusal := self._unproven(client, form):
            return refusal
        scope = form.get("scope", "")
        if not scope.endswith("/.default"):
            return _refused("invalid_scope", f"AADSTS1002012: The scope '{scope}' is not valid.")
        resource = LOGS if "loganalytics" in scope else MANAGEMENT
        made = secrets.token_urlsafe(24)
        self.tokens[made] = Token(client, resource, time.time() + self.lifetime)
        self.issued += 1
        answer = {"token_type": "Bearer", "expires_in": self.lifetime, "access_token": made}
        return json_response({**answer, "ext_expires_in": self.lifetime})

    def _unproven(self, client: str, form: Mapping[str, str]) -> Response | None:
        """What is wrong with the secret or the assertion of an application; None when it is proven."""
        if form.get("client_assertion_type") == ASSERTION and "client_secret" not in form:
            try:
                self.trust.check(client, form.get("client_assertion", ""))
            except Distrust as error:
                return _refused(error.code, str(error), 401 if error.code == "invalid_client" else 400)
            return None
        if not form.get("client_secret"):
            words = "AADSTS7000218: The request body must contain 'client_assertion' or 'client_secret'."
            return _refused("invalid_client", words, 401)
        if not secrets.compare_digest(self.applications[client], form["client_secret"]):
            return _refused("invalid_client", "AADSTS7000215: Invalid client secret provided.", 401)
        return None

    def principal(self, request: Request, resource: str) -> str:
        """Who asks, by the bearer token; raises ``Refusal``."""
        scheme, _, presented = request.headers.get("Authorization", "").partition(" ")
        if scheme != "Bearer" or not presented:
            raise Refusal(401, "AuthenticationFailed", "Authentication failed. The header is missing.")
        token = self.tokens.get(presented)
        if token is None or token.resource != resource:
            raise Refusal(401, "InvalidAuthenticationToken", "The access token is invalid.")
        if token.expires <= time.time():
            raise Refusal(401, "ExpiredAuthenticationToken", "The access token expiry UTC time has passed.")
        return token.principal


def _refused(error: str, description: str, status: int = 400) -> Response:
    return json_response({"error": error, "error_description": description}, status)
