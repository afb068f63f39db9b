"""Start-up checks of the settings of sign-in: run by `serve`, `worker`, `scheduler`."""

import ipaddress
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, Warning, register

from tenants.accounts.outgoing import server_of


@register(Tags.database)
def check_sign_in(databases: Sequence[str] | None = None, **kwargs: Any) -> list[CheckMessage]:
    """Refuse what cannot be read; warn of a proxy whose word on the client's address is not taken."""
    found: list[CheckMessage] = []
    for text in settings.TRUSTED_PROXIES:
        try:
            ipaddress.ip_network(text, strict=False)
        except ValueError:
            found.append(
                Error(f"PORTCULLIS_TRUSTED_PROXIES: {text!r} is no address or network.", id="accounts.E001")
            )
    if settings.EMAIL_URL:
        try:
            server_of(settings.EMAIL_URL)
        except ValueError as error:
            found.append(Error(str(error), id="accounts.E002"))
    if settings.LEAKED_PASSWORDS and not Path(settings.LEAKED_PASSWORDS).is_file():
        found.append(Error("PORTCULLIS_LEAKED_PASSWORDS names no file.", id="accounts.E003"))
    if getattr(settings, "SECURE_PROXY_SSL_HEADER", None) and not settings.TRUSTED_PROXIES:
        found.append(
            Warning(
                "PORTCULLIS_BEHIND_PROXY is set and PORTCULLIS_TRUSTED_PROXIES is not: everybody has the proxy's "
                "address, so one person's failed sign-ins slow everybody down.",
                id="accounts.W001",
            )
        )
    return found
