"""What the wizard shows: the texts that grant us access, filled with the values we made."""

from __future__ import annotations

import os
from dataclasses import dataclass

from django.conf import settings as django_settings

from connectors.base import registry
from connectors.base.capabilities import Capability
from connectors.base.manifest import SetupText
from controlplane.connections.services import form
from controlplane.connections.services.opening import get, manifest_of
from controlplane.federation.services import identity_of
from tenants.isolation.context import require_tenant


@dataclass(frozen=True, slots=True)
class Setup:
    """Tabs of the wizard and the values made by us; the ingest token is shown until it is in use."""

    texts: tuple[SetupText, ...]
    generated: dict[str, str]


def setup(connection_id: str) -> Setup:
    """The set-up texts of a connection, whether or not its settings are complete."""
    connection = get(connection_id)
    manifest = manifest_of(connection.connector)
    generated = {name: str(value) for name, value in connection.generated.items()}
    if Capability.RECEIVE_CALLS in manifest.capabilities:
        generated["ingest_url"] = ingest_url(connection.id)
        token = form.ingest_token(connection)
        if token:
            generated["ingest_token"] = token
    if manifest.federates:
        identity = identity_of(connection.id)
        generated |= {"federation_issuer": identity.issuer, "federation_subject": identity.subject}
    context = {
        "connection_id": connection.id,
        "connection_name": connection.name,
        "tenant": require_tenant().slug,
        "principal": str(
            getattr(
                django_settings,
                "AWS_PRINCIPAL",
                os.environ.get("PORTCULLIS_AWS_PRINCIPAL", ""),
            )
        ),
        **generated,
    }
    settings = {**connection.settings, **generated}
    texts = registry.setup_module(connection.connector).texts(settings, context)
    return Setup(tuple(texts), generated)


def ingest_url(connection_id: str) -> str:
    """The address vendors push calls of this connection to."""
    base = str(
        getattr(django_settings, "PUBLIC_URL", "") or f"https://{{tenant}}.{django_settings.BASE_DOMAIN}"
    )
    return f"{base.replace('{tenant}', require_tenant().slug)}/api/v1/ingest/{connection_id}"
