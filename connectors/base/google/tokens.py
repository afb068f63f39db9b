"""Access tokens of one service account: made at first use, renewed before they end; by the JWT bearer grant of its key.

Source: "Using OAuth 2.0 for server to server applications"; RFC 7523.
"""

from __future__ import annotations

import time
from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlencode

from joserfc import jwt

from connectors.base.errors import SettingsError, VendorAnswerError
from connectors.base.google.keys import ServiceAccountKey

if TYPE_CHECKING:
    from connectors.egress import Egress

TOKEN_URL: Final = "https://oauth2.googleapis.com/token"  # noqa: S105 - an address
CLOUD_PLATFORM: Final = "https://www.googleapis.com/auth/cloud-platform"
_GRANT: Final = "urn:ietf:params:oauth:grant-type:jwt-bearer"
_LIFETIME: Final = 3600
#: A token is renewed this long before it ends, so that no request leaves with one that ends on the way.
_MARGIN: Final = 120.0


class Tokens(ABC):
    """The current access token of one service account."""

    def __init__(self, email: str, clock: Callable[[], float]) -> None:
        self.email, self._clock = email, clock
        self._token = ""
        self._expires = 0.0

    def current(self) -> str:
        """A token that holds for a while; ``SettingsError`` when Google gives none."""
        if not self._token or self._clock() >= self._expires - _MARGIN:
            self._token, self._expires = self._made()
        return self._token

    def forget(self) -> None:
        """Make the next request ask for a new token: Google did not accept this one."""
        self._token = ""

    @abstractmethod
    def _made(self) -> tuple[str, float]:
        """A new token and when it ends, Unix time in seconds."""


class KeyTokens(Tokens):
    """Tokens for whoever holds a key of the service account: the key signs who we are."""

    def __init__(
        self,
        key: ServiceAccountKey,
        egress: Egress,
        *,
        url: str = TOKEN_URL,
        scope: str = CLOUD_PLATFORM,
        clock: Callable[[], float] = time.time,
    ) -> None:
        super().__init__(key.email, clock)
        self._key, self._egress, self._url, self._scope = key, egress, url, scope

    def _made(self) -> tuple[str, float]:
        now = int(self._clock())
        claims = {
            "iss": self._key.email,
            "aud": self._url,
            "iat": now,
            "exp": now + _LIFETIME,
            "scope": self._scope,
        }
        signed = jwt.encode({"alg": "RS256", "kid": self._key.key_id}, claims, self._key.private_key)
        status, said = asked(self._egress, self._url, {"grant_type": _GRANT, "assertion": signed})
        if status != 200:
            raise SettingsError(
                f"Google gave no access token for {self._key.email}: {reason(said)}",
                action="Check that the service account and this key exist and are not disabled, and the clock's time.",
            )
        token, lasts = said.get("access_token"), said.get("expires_in")
        if not isinstance(token, str) or not token or not isinstance(lasts, int):
            raise VendorAnswerError("The token endpoint answered without a token.")
        return token, self._clock() + lasts


def asked(egress: Egress, url: str, form: dict[str, str]) -> tuple[int, dict[str, Any]]:
    """Status and document of what a token endpoint answers to a form."""
    headers = {"content-type": "application/x-www-form-urlencoded", "accept": "application/json"}
    answer = egress.request("POST", url, headers=headers, content=urlencode(form).encode())
    said: Any = answer.json()
    if not isinstance(said, dict):
        raise VendorAnswerError("The token endpoint's answer is no JSON object.")
    return answer.status, said


def reason(said: dict[str, Any]) -> str:
    """Google's own words: an error code and its description; neither repeats the assertion."""
    words = [str(said.get(name))[:200] for name in ("error", "error_description") if said.get(name)]
    return ": ".join(words) or "it did not say why."
