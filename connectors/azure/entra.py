"""Tokens of the customer's Entra tenant by client credentials, kept until shortly before they expire.

Source: "Microsoft identity platform and the OAuth 2.0 client credentials flow".
"""

from __future__ import annotations

import hashlib
import threading
import time
from typing import Any, Final
from urllib.parse import urlencode

from connectors.azure.manifest import AzureSettings
from connectors.base.errors import SettingsError, VendorAnswerError
from connectors.egress import Egress, EgressResponse

#: Seconds before its end at which a token is not used any more.
_MARGIN: Final = 300.0
_CHECK: Final = "Check tenant id, client id and client secret; secrets expire, and the portal shows when."

_tokens: dict[tuple[str, ...], tuple[str, float]] = {}
_lock = threading.Lock()


class SignIn:
    """The application's tokens for one resource (``https://management.azure.com``)."""

    def __init__(self, settings: AzureSettings, egress: Egress, resource: str) -> None:
        self._settings, self._egress, self._resource = settings, egress, resource
        secret = settings.client_secret.get_secret_value() if settings.client_secret else ""
        self._secret = secret
        digest = hashlib.sha256(secret.encode()).hexdigest()
        self._key = (settings.login_url, settings.tenant_id, settings.client_id, digest, resource)

    def token(self) -> str:
        """A token that is good for some minutes; raises ``SettingsError`` when Entra gives none."""
        with _lock:
            held = _tokens.get(self._key)
        if held is not None and held[1] - time.time() > _MARGIN:
            return held[0]
        made, lifetime = self._asked()
        with _lock:
            _tokens[self._key] = (made, time.time() + lifetime)
        return made

    def forget(self) -> None:
        """The token was refused: the next one is asked for anew."""
        with _lock:
            _tokens.pop(self._key, None)

    def _asked(self) -> tuple[str, float]:
        settings = self._settings
        if not settings.connected:
            raise SettingsError(
                "This connection has no Entra application: it only receives records.",
                action="Enter tenant id, client id, client secret and subscriptions.",
            )
        form = {
            "grant_type": "client_credentials",
            "client_id": settings.client_id,
            "client_secret": self._secret,
            "scope": f"{self._resource}/.default",
        }
        answer = self._egress.request(
            "POST",
            f"{settings.login_url}/{settings.tenant_id}/oauth2/v2.0/token",
            headers={"content-type": "application/x-www-form-urlencoded"},
            content=urlencode(form).encode(),
        )
        if answer.status != 200:
            raise SettingsError(f"Entra refused to sign in: {_reason(answer)}", action=_CHECK)
        document = answer.json()
        token = document.get("access_token") if isinstance(document, dict) else None
        if not isinstance(token, str) or not token:
            raise VendorAnswerError("Entra's answer holds no access token.")
        try:
            return token, float(document.get("expires_in", 0))
        except (TypeError, ValueError):
            return token, 0.0


def _reason(answer: EgressResponse) -> str:
    """Entra's code of the refusal (``AADSTS7000215``): its sentences repeat ids and times nobody needs."""
    try:
        document: Any = answer.json()
    except VendorAnswerError:
        return f"status {answer.status}."
    said = str(document.get("error_description") or "") if isinstance(document, dict) else ""
    first = said.partition("Trace ID")[0].strip()[:300]
    return first or f"status {answer.status}."
