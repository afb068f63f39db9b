"""Who we are at AWS: the deployment's own principal, which customers' roles trust.

Read from ``PORTCULLIS_AWS_*`` environment variables, the standard AWS names under our prefix, so that the
process never picks up credentials that were meant for something else.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field

from connectors.base.errors import SettingsError

PREFIX = "PORTCULLIS_AWS_"


@dataclass(frozen=True, slots=True)
class AwsPlatformIdentity:
    """Base credentials of the deployment; ``principal_arn`` is what customers name in their trust policies."""

    access_key_id: str
    principal_arn: str
    secret_access_key: str = field(repr=False)
    session_token: str = field(default="", repr=False)

    @property
    def account(self) -> str:
        """The account that pays for what we ask in our own name; the key when no principal is given."""
        return self.principal_arn.split(":")[4] if self.principal_arn.count(":") >= 5 else self.access_key_id

    @classmethod
    def from_environment(cls, environ: Mapping[str, str] | None = None) -> AwsPlatformIdentity:
        """The identity in ``environ`` (default: the process's). Raises ``SettingsError`` naming what is missing."""
        source = os.environ if environ is None else environ
        values = {
            name: source.get(f"{PREFIX}{name}", "").strip()
            for name in ("ACCESS_KEY_ID", "SECRET_ACCESS_KEY", "PRINCIPAL_ARN", "SESSION_TOKEN")
        }
        missing = [f"{PREFIX}{name}" for name in ("ACCESS_KEY_ID", "SECRET_ACCESS_KEY") if not values[name]]
        if missing:
            raise SettingsError(
                f"This deployment has no AWS identity of its own: {', '.join(missing)} not set.",
                action="The operator sets them; customers' settings are not the cause.",
            )
        return cls(
            access_key_id=values["ACCESS_KEY_ID"],
            principal_arn=values["PRINCIPAL_ARN"],
            secret_access_key=values["SECRET_ACCESS_KEY"],
            session_token=values["SESSION_TOKEN"],
        )


def trusted_principal(environ: Mapping[str, str] | None = None) -> str:
    """The ARN customers must trust, or "" when the operator has not set one."""
    source = os.environ if environ is None else environ
    return source.get(f"{PREFIX}PRINCIPAL_ARN", "").strip()
