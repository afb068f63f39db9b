"""Who a connection is to a vendor that trusts this deployment's issuer (OpenID Connect) instead of a secret we hold.

The connector sees this port alone: who signs, and with which key, is not its matter. Whoever holds a token is the
connection for some minutes: it goes to the vendor's sign-in and nowhere else, and is neither logged nor kept.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING, Protocol

from connectors.base.errors import SettingsError

if TYPE_CHECKING:
    from connectors.egress import EgressPolicy


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


def refuse_elsewhere(urls: Collection[str], own: Collection[str], policy: EgressPolicy) -> None:
    """Raise ``SettingsError`` for an address that is neither the vendor's ``own`` nor opened by the operator.

    Whoever is sent our token, or the one it was exchanged for, could use it at the real vendor: a member who may write
    settings must not choose who that is.
    """
    for url in urls:
        if url not in own and not policy.opens(url):
            raise SettingsError(
                f"With federation, tokens go to the vendor's own addresses alone, and {url} is none of them.",
                unchanged="Nothing was signed or sent.",
                action="Remove that address from the settings, sign in with a credential of its own, or have the operator "
                "allow its host and port (PORTCULLIS_EGRESS_ALLOW).",
            )


def known(identity: Identity | None) -> Identity:
    """The identity; ``SettingsError`` when the connector was opened without one, as the offline tools do."""
    if identity is None:
        raise SettingsError(
            "Signing in by federation works only in a running Portcullis: here nothing can be signed.",
            action="Use a connection of a workspace, or a credential of its own for this tool.",
        )
    return identity
