"""Who a connection is to a vendor, and the tokens that say it. The only signer."""

from __future__ import annotations

import secrets
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final
from uuid import uuid4

from django.conf import settings
from joserfc import jwt

from controlplane.federation import keys
from tenants.ids import new_id
from tenants.isolation.context import require_tenant

#: Seconds a token holds. It is dated back by as much as our clock may be ahead of the vendor's.
LIFETIME: Final = 600
_AHEAD: Final = 60


@dataclass(frozen=True, slots=True)
class ConnectionIdentity:
    """One connection of one workspace (``connectors.base.identity.Identity``)."""

    issuer: str
    subject: str

    def token(self, audience: str) -> str:
        """A token for this connection."""
        return _signed(self.issuer, self.subject, audience)

    def stranger_token(self, audience: str) -> str:
        """A token for a random connection of a random workspace, in the form of real ones; there is none such."""
        return _signed(self.issuer, _subject(f"t_{secrets.token_hex(8)}", new_id("con")), audience)


def identity_of(connection_id: str) -> ConnectionIdentity:
    """The identity of a connection of the entered tenant; whether there is such a connection is the caller's to know."""
    return ConnectionIdentity(issuer(), _subject(require_tenant().schema_name, connection_id))


def issuer() -> str:
    """The address that stands in every token: a trust that names it breaks when it changes."""
    return str(settings.ISSUER)


def _subject(schema: str, connection_id: str) -> str:
    return f"workspace:{schema}:connection:{connection_id}"


def _signed(issuer: str, subject: str, audience: str) -> str:
    now = int(time.time())
    key, private = keys.signing(datetime.fromtimestamp(now, UTC))
    claims = {
        "iss": issuer,
        "sub": subject,
        "aud": audience,
        "iat": now - _AHEAD,
        "nbf": now - _AHEAD,
        "exp": now - _AHEAD + LIFETIME,
        "jti": str(uuid4()),
    }
    return jwt.encode({"typ": "JWT", "alg": "RS256", "kid": key.kid}, claims, private)
