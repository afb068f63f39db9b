"""Deliver an alert by one signed POST."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Final

import orjson

from connectors.base.capabilities import Delivery, Message
from connectors.base.errors import SettingsError, TransientError
from connectors.egress import Egress
from connectors.webhook.manifest import WebhookSettings
from connectors.webhook.signing import signed_headers

TIMEOUT_SECONDS: Final = 10.0

_RETRIED: Final = {408, 409, 425, 429}
_UNSENT: Final = "The alert was not delivered."


class Notify:
    """The notify capability. ``clock`` gives seconds since the epoch."""

    def __init__(
        self, settings: WebhookSettings, egress: Egress, clock: Callable[[], float] = time.time
    ) -> None:
        self._url = settings.url
        self._secret = settings.secret.get_secret_value() if settings.secret else ""
        self._egress = egress
        self._clock = clock

    def send(self, message: Message) -> Delivery:
        """Post once. ``TransientError`` for time-outs, 408/409/425/429 and 5xx; ``SettingsError`` for the rest.

        A signature is always sent: without a secret the settings are wrong.
        """
        if not self._secret:
            raise SettingsError(
                "The webhook has no signing secret.", unchanged=_UNSENT, action="Save it again."
            )
        now = int(self._clock())
        body = body_of(message, datetime.fromtimestamp(now, UTC))
        headers = {
            "content-type": "application/json",
            "user-agent": "Portcullis-Webhook/1",
            **signed_headers(self._secret, message.id, now, body),
        }
        answer = self._egress.request(
            "POST", self._url, headers=headers, content=body, timeout=TIMEOUT_SECONDS, raise_transient=True
        )
        if 200 <= answer.status < 300:
            return Delivery(
                True, f"The address answered {answer.status}.", answer.headers.get("x-request-id", "")
            )
        raise _failure(answer.status)


def body_of(message: Message, at: datetime) -> bytes:
    """The JSON body: ``type``, ``timestamp`` and ``data``, as the specification recommends."""
    data = {
        **message.payload,
        "id": message.id,
        "subject": message.subject,
        "text": message.text,
        "url": message.url,
        "severity": message.severity,
    }
    kind = message.payload.get("event")
    document = {"type": kind if isinstance(kind, str) else "alert", "timestamp": at.isoformat(), "data": data}
    return orjson.dumps(document, default=str)


def _failure(status: int) -> SettingsError | TransientError:
    """What an answer that is no success means for trying again."""
    if status >= 500 or status in _RETRIED:
        return TransientError(f"The webhook answered {status}.", unchanged=_UNSENT)
    if 300 <= status < 400:
        what = f"The webhook answered with a redirect ({status}), which is not followed."
        return SettingsError(what, unchanged=_UNSENT, action="Enter the final address.")
    if status == 410:
        return SettingsError(
            "The webhook answered 410: it wants no more messages.",
            unchanged=_UNSENT,
            action="Remove the destination or enter a new address.",
        )
    action = "Check the address and what its owner expects; the signature is in webhook-signature."
    return SettingsError(f"The webhook refused the message with {status}.", unchanged=_UNSENT, action=action)
