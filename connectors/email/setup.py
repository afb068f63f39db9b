"""What the tenant's mail server must allow."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from connectors.base.manifest import ConnectorSettings, SetupText


def texts(settings: ConnectorSettings | Mapping[str, Any], context: Mapping[str, str]) -> list[SetupText]:
    """One text: the account to make, and nothing more than sending."""
    body = (
        "Make an account on your mail server that may only send, and only as the From address you enter.\n"
        "Use port 587 with STARTTLS or port 465 with TLS; a password is never sent unencrypted.\n"
        "If the server checks senders, add its address to the SPF record of the From domain.\n"
    )
    return [SetupText("A mail account for alerts", body)]
