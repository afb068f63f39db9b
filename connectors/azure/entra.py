"""Tokens of the customer's Entra tenant by client credentials, kept until shortly before they expire.

What proves who we are is a client secret, or a token of our own issuer that the application trusts by name.
Sources: "Microsoft identity platform and the OAuth 2.0 client credentials flow" (first and third case), "Workload identity
federation".
"""

from __future__ import annotations

import hashlib
import threading
import time
from collections.abc import Callable
from typing import Any, Final
from urllib.parse import urlencode

from connectors.azure.manifest import AzureSettings
from connectors.base.errors import SettingsError, VendorAnswerError
from connectors.base.identity import Identity, known, refuse_elsewhere
from connectors.egress import Egress, EgressResponse

#: Seconds before its end at which a token is not used any more.
_MARGIN: Final = 300.0
_CHECK: Final = "Check tenant id, client id and client secret; secrets expire, and the portal shows when."
_CHECK_TRUST: Final = (
    "Compare the application's federated credential with the set-up text: issuer, subject and audience."
)
_ASSERTION: Final = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
_WORLDWIDE: Final = "api://AzureADTokenExchange"
#: Entra's own addresses, and who our tokens are for in the cloud of each.
_AUDIENCES: Final = {
    "https://login.microsoftonline.com": _WORLDWIDE,
    "https://login.microsoftonline.us": f"{_WORLDWIDE}USGov",
    "https://login.partner.microsoftonline.cn": f"{_WORLDWIDE}China",
    "https://login.chinacloudapi.cn": f"{_WORLDWIDE}China",
}
#: Entra's refusals that say: no federated credential of the application names this subject. AADSTS70021 is not among them:
#: it says that nothing matches, be it for the issuer or the audience, and proves nothing of subjects.
_NO_SUCH_SUBJECT: Final = ("AADSTS700213:", "AADSTS7002138:")

_tokens: dict[tuple[str, ...], tuple[str, float]] = {}
_lock = threading.Lock()


class SignInRefused(SettingsError):
    """Entra did not let us sign in; ``of_subject`` when it trusts the issuer, but not this subject."""

    def __init__(self, said: str, *, federated: bool) -> None:
        super().__init__(f"Entra refused to sign in: {said}", action=_CHECK_TRUST if federated else _CHECK)
        self.of_subject = said.startswith(_NO_SUCH_SUBJECT)


class SignIn:
    """The application's tokens for one resource (``https://management.azure.com``)."""

    def __init__(
        self, settings: AzureSettings, egress: Egress, resource: str, identity: Identity | None = None
    ) -> None:
        self._settings, self._egress, self._resource = settings, egress, resource
        self._identity = identity
        self._secret = settings.client_secret.get_secret_value() if settings.client_secret else ""
        # Without a secret the subject is what tells connections apart: another one that names the same application must
        # not be given what this one was.
        named = settings.federated and identity is not None
        proof = ("federation", identity.issuer, identity.subject) if named and identity else (self._secret,)
        digest = hashlib.sha256("\n".join(proof).encode()).hexdigest()
        self._key = (settings.login_url, settings.tenant_id, settings.client_id, digest, resource)

    def token(self) -> str:
        """A token that is good for some minutes; raises ``SettingsError`` when Entra gives none."""
        with _lock:
            held = _tokens.get(self._key)
        if held is not None and held[1] - time.time() > _MARGIN:
            return held[0]
        made, lifetime = self._asked(self._proof)
        with _lock:
            _tokens[self._key] = (made, time.time() + lifetime)
        return made

    def forget(self) -> None:
        """The token was refused: the next one is asked for anew."""
        with _lock:
            _tokens.pop(self._key, None)

    def as_stranger(self) -> None:
        """Try to sign in as a connection that does not exist; ``SignInRefused`` is what a good trust answers."""
        self._asked(lambda: _asserted(known(self._identity).stranger_token(self._audience)))

    @property
    def _audience(self) -> str:
        return audience(self._settings.login_url)

    def _proof(self) -> dict[str, str]:
        if self._settings.federated:
            return _asserted(known(self._identity).token(self._audience))
        return {"client_secret": self._secret}

    def _asked(self, proof: Callable[[], dict[str, str]]) -> tuple[str, float]:
        settings = self._settings
        if not settings.connected:
            raise SettingsError(
                "This connection has no Entra application: it only receives records.",
                action="Enter tenant id, client id, subscriptions, and a client secret unless federation is used.",
            )
        if settings.federated:
            refuse_elsewhere([settings.login_url], _AUDIENCES, self._egress.policy)
        form = {
            "grant_type": "client_credentials",
            "client_id": settings.client_id,
            "scope": f"{self._resource}/.default",
            **proof(),
        }
        answer = self._egress.request(
            "POST",
            f"{settings.login_url}/{settings.tenant_id}/oauth2/v2.0/token",
            headers={"content-type": "application/x-www-form-urlencoded"},
            content=urlencode(form).encode(),
        )
        if answer.status != 200:
            raise SignInRefused(_reason(answer), federated=settings.federated)
        document = answer.json()
        token = document.get("access_token") if isinstance(document, dict) else None
        if not isinstance(token, str) or not token:
            raise VendorAnswerError("Entra's answer holds no access token.")
        try:
            return token, float(document.get("expires_in", 0))
        except (TypeError, ValueError):
            return token, 0.0


def audience(login_url: str) -> str:
    """Who a token of ours is for: Entra's token exchange, which has a name of its own in each national cloud."""
    return _AUDIENCES.get(login_url, _WORLDWIDE)


def _asserted(token: str) -> dict[str, str]:
    return {"client_assertion_type": _ASSERTION, "client_assertion": token}


def _reason(answer: EgressResponse) -> str:
    """Entra's code of the refusal (``AADSTS7000215``): its sentences repeat ids and times nobody needs."""
    try:
        document: Any = answer.json()
    except VendorAnswerError:
        return f"status {answer.status}."
    said = str(document.get("error_description") or "") if isinstance(document, dict) else ""
    first = said.partition("Trace ID")[0].strip()[:300]
    return first or f"status {answer.status}."
