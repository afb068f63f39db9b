"""Operations that must answer callers without a credential: sign-in, sign-up, password reset, health, pre-flight. Pure."""

from __future__ import annotations

import re
from typing import Final

_KINDS: Final = (
    (
        "signing in or up",
        r"(?i)/(log-?in|sign-?in|sign-?up|register|registration|authenticate|oauth2?/(token|authorize)|token|sessions?)/?$",
    ),
    (
        "resetting a password",
        r"(?i)/(forgot-?password|password-?reset|reset-?password|password/(reset|forgot))/?$",
    ),
    ("health checks", r"(?i)/(health|healthz|healthcheck|ready|readyz|live|livez|ping)/?$"),
)


def open_by_nature(method: str, path: str) -> str:
    """What an operation is for when that needs no credential ("signing in or up"); empty when it should need one."""
    if method.upper() == "OPTIONS":
        return "pre-flight requests of browsers"
    return next((kind for kind, pattern in _KINDS if re.search(pattern, path)), "")
