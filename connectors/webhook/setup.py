"""How the receiver checks a webhook's signature."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from connectors.base.manifest import ConnectorSettings, SetupText

_VERIFY = '''import base64, hashlib, hmac, time

SECRET = "{secret}"

def is_genuine(headers: dict[str, str], body: bytes) -> bool:
    """Standard Webhooks: check age and signature before you trust the body."""
    sent_id, sent_at = headers["webhook-id"], headers["webhook-timestamp"]
    if abs(time.time() - int(sent_at)) > 300:
        return False
    content = f"{{sent_id}}.{{sent_at}}.".encode() + body
    key = base64.b64decode(SECRET.removeprefix("whsec_")) if SECRET.startswith("whsec_") else SECRET.encode()
    expected = "v1," + base64.b64encode(hmac.new(key, content, hashlib.sha256).digest()).decode()
    return any(hmac.compare_digest(expected, given) for given in headers["webhook-signature"].split())
'''


def texts(settings: ConnectorSettings | Mapping[str, Any], context: Mapping[str, str]) -> list[SetupText]:
    """The receiver's check in Python; ``context`` may carry the ``secret`` while it is shown once."""
    body = _VERIFY.format(secret=context.get("secret", "whsec_…"))
    return [
        SetupText("Check the signature (Python)", body, "python", link="https://www.standardwebhooks.com/")
    ]
