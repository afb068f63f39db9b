"""Access tokens by the JWT bearer grant: the key signs who we are, Google gives a token for at most an hour.

Source: "Using OAuth 2.0 for server to server applications"; RFC 7523.
"""

from __future__ import annotations

import time
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


class Tokens:
    """The current access token of one service account; made at first use, renewed when it ends."""

    def __init__(
        self,
        key: ServiceAccountKey,
        egress: Egress,
        *,
        url: str = TOKEN_URL,
        scope: str = CLOUD_PLATFORM,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._key, self._egress, self._url, self._scope, self._clock = key, egress, url, scope, clock
        self._token = ""
        self._expires = 0.0

    @property
    def email(self) -> str:
        """The service account's name."""
        return self._key.email

    def current(self) -> str:
        """A token that holds for a while; ``SettingsError`` when Google does not accept the key."""
        if not self._token or self._clock() >= self._expires - _MARGIN:
            self._renew()
        return self._token

    def forget(self) -> None:
        """Make the next request ask for a new token: Google did not accept this one."""
        self._token = ""

    def _renew(self) -> None:
        now = int(self._clock())
        claims = {
            "iss": self._key.email,
            "aud": self._url,
            "iat": now,
            "exp": now + _LIFETIME,
            "scope": self._scope,
        }
        signed = jwt.encode({"alg": "RS256", "kid": self._key.key_id}, claims, self._key.private_key)
        body = urlencode({"grant_type": _GRANT, "assertion": signed}).encode()
        headers = {"content-type": "application/x-www-form-urlencoded", "accept": "application/json"}
        answer = self._egress.request("POST", self._url, headers=headers, content=body)
        said: Any = answer.json()
        if not isinstance(said, dict):
            raise VendorAnswerError("The token endpoint's answer is no JSON object.")
        if answer.status != 200:
            raise SettingsError(
                f"Google gave no access token for {self._key.email}: {_reason(said)}",
                action="Check that the service account and this key exist and are not disabled, and the clock's time.",
            )
        token, lasts = said.get("access_token"), said.get("expires_in")
        if not isinstance(token, str) or not token or not isinstance(lasts, int):
            raise VendorAnswerError("The token endpoint answered without a token.")
        self._token, self._expires = token, self._clock() + lasts


def _reason(said: dict[str, Any]) -> str:
    """Google's own words: an error code and its description; neither repeats the assertion."""
    words = [str(said.get(name))[:200] for name in ("error", "error_description") if said.get(name)]
    return ": ".join(words) or "it did not say why."
