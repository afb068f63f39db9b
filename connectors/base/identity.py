"""Who a connection is to a vendor that trusts this deployment's issuer (OpenID Connect) instead of a secret we hold.

The connector sees this port alone: who signs, and with which key, is not its matter. Whoever holds a token is the
connection for some minutes: it goes to the vendor's sign-in and nowhere else, and is neither logged nor kept.
"""

from __future__ import annotations

from typing import Protocol

from connectors.base.errors import SettingsError


class Identity(Protocol):
    """One connection's name at one issuer, and tokens that say it."""

    @property
    def issuer(self) -> str:
        """The address tokens come from (``iss``), under which their public keys are published."""
        ...

    @property
    def subject(self) -> str:
        """The connection's own name (``sub``): no other connection of any workspace has it, nobody can choose it."""
        ...

    def token(self, audience: str) -> str:
        """A signed token (JWT, RS256) for this connection, good for ten minutes at most."""
        ...

    def stranger_token(self, audience: str) -> str:
        """The same of a connection that does not exist: a vendor that takes it trusts more than this connection."""
        ...


def caution(issuer: str) -> str:
    """The first line of a set-up text when no vendor can trust the issuer as it is; "" when one can."""
    if not issuer or issuer.startswith("https://"):
        return ""
    return "# This Portcullis has no https address a vendor can reach: ask its operator first (PORTCULLIS_ISSUER).\n"


def known(identity: Identity | None) -> Identity:
    """The identity; ``SettingsError`` when the connector was opened without one, as the offline tools do."""
    if identity is None:
        raise SettingsError(
            "Signing in by federation works only in a running Portcullis: here nothing can be signed.",
            action="Use a connection of a workspace, or a credential of its own for this tool.",
        )
    return identity
