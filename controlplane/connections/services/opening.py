"""Open a connector for a connection: its class, its settings with opened secrets, its guarded egress."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from django.conf import settings as django_settings

from connectors.base import registry
from connectors.base.capabilities import Capability
from connectors.base.manifest import Manifest
from connectors.egress import Egress, EgressPolicy
from controlplane.connections.models import Connection
from controlplane.connections.services import form
from controlplane.federation.services import identity_of
from controlplane.runners.services import relay_through
from tenants.errors import Conflict, Invalid, NotFound
from tenants.isolation.context import require_tenant


def get(connection_id: str) -> Connection:
    """The connection; ``NotFound`` when this tenant has none with this id."""
    return _given(Connection.objects.filter(pk=connection_id).first())


def _given(found: Connection | None) -> Connection:
    if found is None:
        raise NotFound("no-such-connection", "There is no connection with this id.")
    return found


def manifest_of(key: str) -> Manifest:
    """The connector's manifest; ``Invalid`` for an unknown key."""
    found = registry.offered().get(key)
    if found is None:
        known = ", ".join(registry.offered())
        raise Invalid(
            "unknown-connector",
            f"There is no connector {key}. Nothing was created. Known ones: {known}.",
            fields={"connector": [f"must be one of {known}"]},
        )
    return found


def egress_policy(user_id: str) -> EgressPolicy:
    """What this deployment lets one connection or alert destination (``user_id``) of this tenant reach.

    The allow-list is the operator's, never a tenant's; its entries may name a workspace or one such id.
    """
    return EgressPolicy.from_text(django_settings.EGRESS_ALLOW, require_tenant().slug, user_id)


def open_connector(connection_id: str, capability: Capability) -> Any:
    """The connector's implementation of ``capability``, ready to use.

    Raises ``NotFound`` for an unknown connection and ``Conflict`` when the connector lacks the capability or
    required settings are missing.
    """
    return connector_of(get(connection_id), capability)


def connector_of(row: Connection | None, capability: Capability) -> Any:
    """The same of a row that was read before, if there was one."""
    connection = _given(row)
    manifest = manifest_of(connection.connector)
    if capability not in manifest.capabilities:
        raise Conflict(
            "capability-missing",
            f"{manifest.title} cannot do this ({capability.value}). Nothing was changed.",
        )
    settings = form.opened(connection, manifest)
    return registry.opened(manifest.key, capability, settings, door(connection), identity_of(connection.id))


def door(connection: Connection) -> Egress:
    """The way out of a connection: ours, or a runner's, whose own list says what it may reach and how."""
    policy = egress_policy(connection.id)
    account = f"{require_tenant().schema_name}:{connection.id}"
    if connection.runner_id is None:
        return Egress(policy, account=account)
    return Egress(
        replace(policy, require_tls=False), account=account, relay=relay_through(connection.runner_id)
    )
