"""Files of a tenant: one folder per tenant under the data directory."""

from pathlib import Path

from django.conf import settings

from tenants.isolation.context import require_tenant


def tenant_folder(kind: str) -> Path:
    """Return (and create, mode 0700) the entered tenant's folder for files of this kind, e.g. `events`."""
    if not kind.isidentifier():
        raise ValueError(f"{kind!r} is not a folder name")
    folder = Path(settings.DATA_DIR) / "tenants" / require_tenant().schema_name / kind
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    return folder
