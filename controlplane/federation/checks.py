"""Start-up check of the issuer's address: run by `serve`, `worker`, `scheduler`."""

from collections.abc import Sequence
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, register
from django.http.request import validate_host


@register(Tags.database)
def check_issuer(databases: Sequence[str] | None = None, **kwargs: Any) -> list[CheckMessage]:
    """Refuse an address no vendor can fetch the keys from; plain http only where nobody reaches us by https anyway."""
    if not _fits(settings.ISSUER):
        wanted = "PORTCULLIS_ISSUER must be https:// (in small letters) and a host's name, without a path, user or query."
        return [Error(f"{wanted} No connection could sign in by federation.", id="federation.E001")]
    host = urlsplit(settings.ISSUER).hostname or ""
    if validate_host(host, settings.ALLOWED_HOSTS):
        return []
    wanted = f"PORTCULLIS_ISSUER names {host}, which is not answered: add it to PORTCULLIS_HOSTS."
    return [Error(f"{wanted} No connection could sign in by federation.", id="federation.E002")]


def _fits(issuer: str) -> bool:
    try:
        parts = urlsplit(issuer)
        host = parts.hostname and parts.port != 0  # a port that is none raises
    except ValueError:
        return False
    schemes = ("https",) if settings.HTTPS_ONLY else ("https", "http")
    whole = f"{parts.scheme}://{parts.netloc}" == issuer
    return bool(parts.scheme in schemes and host and not parts.username and whole)
