"""Start-up check of the root key's setting: run by `serve`, `worker`, `scheduler`."""

from collections.abc import Sequence
from typing import Any

from django.core.checks import CheckMessage, Error, Tags, register
from django.core.exceptions import ImproperlyConfigured

from tenants.vault.keys import ring


@register(Tags.database)
def check_root_key(databases: Sequence[str] | None = None, **kwargs: Any) -> list[CheckMessage]:
    """Refuse a setting that cannot be read; a key service that does not answer now may answer later."""
    try:
        ring()
    except ImproperlyConfigured as error:
        return [Error(str(error), id="vault.E001")]
    return []
