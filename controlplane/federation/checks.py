"""Start-up check of the issuer's address: run by `serve`, `worker`, `scheduler`."""

from collections.abc import Sequence
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, register


@register(Tags.database)
def check_issuer(databases: Sequence[str] | None = None, **kwargs: Any) -> list[CheckMessage]:
    """Refuse an address no vendor can fetch the keys from; plain http only where nobody reaches us by https anyway."""
    parts = urlsplit(settings.ISSUER)
    schemes = ("https",) if settings.HTTPS_ONLY else ("https", "http")
    if (
        parts.scheme in schemes
        and parts.hostname
        and not parts.username
        and f"{parts.scheme}://{parts.netloc}" == settings.ISSUER
    ):
        return []
    wanted = "PORTCULLIS_ISSUER must be https:// and the base domain's name, without a path, user or query."
    return [Error(f"{wanted} No connection could sign in by federation.", id="federation.E001")]
