"""Service accounts: their keys, what they may do, and the token endpoint that turns a signed JWT into a token.

Sources: "Using OAuth 2.0 for server to server applications" (claims, one hour at most, errors); RFC 7523.
"""

import secrets
import threading
import time
from dataclasses import dataclass, field
from typing import Any

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import RSAKey
from werkzeug.wrappers import Request, Response

from connectors.testkit.doubles.google.errors import GoogleError
from connectors.testkit.doubles.serving import json_response

GRANT = "urn:ietf:params:oauth:grant-type:jwt-bearer"
HOUR = 3600
_SKEW = 60


@dataclass
class Account:
    """A service account with one key; ``permissions`` None means all (an owner)."""

    email: str
    key: RSAKey
    permissions: set[str] | None = None

    def may(self, permission: str) -> bool:
        """Whether IAM grants it."""
        return self.permissions is None or permission in self.permissions


@dataclass
class Accounts:
    """All accounts of one project, and the tokens they hold. Safe for threads."""

    project: str
    lifetime: int = HOUR - 1
    _accounts: dict[str, Account] = field(default_factory=dict)
    _tokens: dict[str, tuple[Account, float]] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def make(self, name: str, permissions: set[str] | None) -> tuple[Account, dict[str, Any]]:
        """A new account (or a new key of one) and its key file."""
        email = f"{name}@{self.project}.iam.gserviceaccount.com"
        identity = secrets.token_hex(20)
        key = RSAKey.generate_key(2048, {"kid": identity, "use": "sig", "alg": "RS256"})
        account = Account(email, key, permissions)
        with self._lock:
            self._accounts[email] = account
        document = {
            "type": "service_account",
            "project_id": self.project,
            "private_key_id": identity,
            "private_key": key.as_pem(private=True).decode(),
            "client_email": email,
            "client_id": str(int(identity[:12], 16)),
            "token_uri": "https://oauth2.googleapis.com/token",
            "universe_domain": "googleapis.com",
        }
        return account, document

    def named(self, email: str) -> Account | None:
        """The account with this e-mail address; None when there is none."""
        with self._lock:
            return self._accounts.get(email)

    def token_for(self, account: Account) -> str:
        """An access token without the exchange, for seeding."""
        token = "ya29." + secrets.token_urlsafe(24)
        with self._lock:
            self._tokens[token] = (account, time.time() + self.lifetime)
        return token

    def revoke_all(self) -> None:
        """Forget every token, as when a key was disabled."""
        with self._lock:
            self._tokens.clear()

    def exchange(self, request: Request) -> Response:
        """``POST /token``."""
        try:
            account = self._believed(request)
        except ValueError as error:
            code, _, description = str(error).partition(": ")
            return json_response({"error": code, "error_description": description}, 400)
        return json_response(
            {
                "access_token": self.token_for(account),
                "expires_in": self.lifetime,
                "token_type": "Bearer",
            }
        )

    def caller(self, request: Request) -> Account:
        """Whose token a request carries; ``GoogleError`` 401 when it is nobody's or old."""
        scheme, _, token = request.headers.get("Authorization", "").partition(" ")
        with self._lock:
            account, expires = self._tokens.get(token, (None, 0.0))
        if scheme != "Bearer" or account is None or expires <= time.time():
            message = (
                "Request had invalid authentication credentials. Expected OAuth 2 access token, login cookie or "
                "other valid authentication credential."
            )
            raise GoogleError(401, "authError", message)
        return account

    def _believed(self, request: Request) -> Account:
        if request.form.get("grant_type") != GRANT:
            raise ValueError("unsupported_grant_type: Invalid grant_type")
        assertion = request.form.get("assertion", "")
        account, claims = self._verified(assertion)
        now = time.time()
        issued, expires = claims.get("iat"), claims.get("exp")
        if not isinstance(issued, int) or not isinstance(expires, int):
            raise ValueError("invalid_grant: Invalid JWT: iat and exp must be whole numbers.")
        if expires - issued > HOUR or issued > now + _SKEW or expires <= now:
            raise ValueError(
                "invalid_grant: Invalid JWT: Token must be a short-lived token (60 minutes) and in a reasonable "
                "timeframe. Check your iat and exp values in the JWT claim."
            )
        if claims.get("aud") != request.base_url:
            raise ValueError("invalid_grant: Invalid JWT: the audience is not this token endpoint.")
        if not claims.get("scope"):
            raise ValueError("invalid_scope: Invalid OAuth scope or ID token audience provided.")
        return account

    def _verified(self, assertion: str) -> tuple[Account, dict[str, Any]]:
        for account in list(self._accounts.values()):
            try:
                found = jwt.decode(assertion, account.key, algorithms=["RS256"])
            except (JoseError, ValueError):
                continue
            if found.header.get("kid") == account.key.kid and found.claims.get("iss") == account.email:
                return account, dict(found.claims)
        raise ValueError("invalid_grant: Invalid JWT Signature.")
