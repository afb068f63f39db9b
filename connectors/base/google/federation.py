"""Access tokens without a key: our issuer's token is exchanged at Google, and the service account is taken with it.

Sources: sts v1 and iamcredentials v1 discovery documents; RFC 8693; "Configure Workload Identity Federation with other
identity providers" and its page on troubleshooting (error codes).
"""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING, Final

import orjson

from connectors.base.errors import ConnectorError, PermissionMissing, SettingsError, VendorAnswerError
from connectors.base.google.refusals import refusal
from connectors.base.google.tokens import CLOUD_PLATFORM, Tokens, asked, reason
from connectors.base.identity import refuse_elsewhere

if TYPE_CHECKING:
    from connectors.base.identity import Identity
    from connectors.egress import Egress, EgressResponse

STS: Final = "https://sts.googleapis.com"
CREDENTIALS: Final = "https://iamcredentials.googleapis.com"
_LIFETIME: Final = "3600s"
_TAKE: Final = "iam.serviceAccounts.getAccessToken"
#: Google's error codes of a token exchange: what is wrong, and what mends it.
_REFUSED: Final = {
    "invalid_target": (
        "Google knows no such workload identity provider, or it is disabled",
        "Check the provider's full name in the settings, with the project's number, and that pool and provider are not "
        "disabled or deleted.",
    ),
    "unauthorized_client": (
        "The attribute condition of the workload identity provider refuses this connection",
        "Make the condition name exactly the subject of the set-up texts.",
    ),
    "invalid_grant": (
        "Google did not believe our token",
        "Check the provider's issuer and audiences against the set-up texts. If they are right, Google cannot reach the "
        "issuer's address: tell the operator of this Portcullis.",
    ),
}


class ExchangeRefused(SettingsError):
    """Google's token exchange said no; ``reason`` is its error code (``unauthorized_client``)."""

    def __init__(self, reason: str, said: str) -> None:
        what, action = _REFUSED.get(reason, ("Google refused the token exchange", "Check the set-up texts."))
        super().__init__(f"{what}: {said}", action=action)
        self.reason = reason


class FederatedTokens(Tokens):
    """Tokens for whoever our issuer says the connection is. ``provider`` is its full name from ``projects/`` on."""

    def __init__(
        self,
        identity: Identity,
        provider: str,
        email: str,
        egress: Egress,
        *,
        root: str = "",  # in place of all of Google's addresses; the operator must have opened it
        clock: Callable[[], float] = time.time,
    ) -> None:
        super().__init__(email, clock)
        self._identity, self._egress = identity, egress
        self._audience = f"//iam.googleapis.com/{provider}"
        self._root = root
        self._sts, self._credentials = root or STS, root or CREDENTIALS

    def stranger(self) -> str:
        """What Google makes of a token of another workspace: a federated token, or ``ExchangeRefused``."""
        return self._exchanged(self._identity.stranger_token)

    def taken(self, federated: str) -> tuple[str, float]:
        """The service account's token for a federated one; ``PermissionMissing`` when its policy does not let us."""
        url = f"{self._credentials}/v1/projects/-/serviceAccounts/{self.email}:generateAccessToken"
        headers = {"authorization": f"Bearer {federated}", "content-type": "application/json"}
        body = orjson.dumps({"scope": [CLOUD_PLATFORM], "lifetime": _LIFETIME})
        # It changes nothing, so it may be sent again.
        answer = self._egress.request("POST", url, headers=headers, content=body, attempts=3)
        if answer.status != 200:
            raise self._not_taken(answer)
        said = answer.json()
        token, ends = (
            said.get(name) if isinstance(said, dict) else None for name in ("accessToken", "expireTime")
        )
        if not isinstance(token, str) or not token or not isinstance(ends, str):
            raise VendorAnswerError(f"Google answered without a token of {self.email}.")
        try:
            return token, datetime.fromisoformat(ends).timestamp()
        except ValueError as error:
            raise VendorAnswerError(f"Google did not say when the token of {self.email} ends.") from error

    def _made(self) -> tuple[str, float]:
        return self.taken(self._exchanged(self._identity.token))

    def _exchanged(self, signed: Callable[[str], str]) -> str:
        refuse_elsewhere([self._root] if self._root else [], (), self._egress.policy)
        form = {
            "grant_type": "urn:ietf:params:oauth:grant-type:token-exchange",
            "audience": self._audience,
            "scope": CLOUD_PLATFORM,
            "requested_token_type": "urn:ietf:params:oauth:token-type:access_token",
            "subject_token_type": "urn:ietf:params:oauth:token-type:jwt",
            "subject_token": signed(f"https:{self._audience}"),
        }
        status, said = asked(self._egress, f"{self._sts}/v1/token", form)
        if status != 200:
            raise ExchangeRefused(str(said.get("error", "")), reason(said))
        token = said.get("access_token")
        if not isinstance(token, str) or not token:
            raise VendorAnswerError("Google's token exchange answered without a token.")
        return token

    def _not_taken(self, answer: EgressResponse) -> ConnectorError:
        error = refusal(answer, f"take the service account {self.email}", _TAKE)
        if isinstance(error, PermissionMissing):
            return PermissionMissing(
                f"The service account {self.email} does not let this connection take it: {error.missing} is missing.",
                missing=error.missing,
                action="Bind roles/iam.workloadIdentityUser on the service account to the subject of the set-up texts, "
                "and check its e-mail address.",
            )
        return error
