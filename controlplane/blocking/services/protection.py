"""The protected list."""

from __future__ import annotations

from django.db import transaction

from controlplane.blocking.drafts import parse_networks
from controlplane.blocking.models import ProtectedNetwork
from controlplane.blocking.services.planning import active_targets
from tenants.audit.services import record
from tenants.errors import Conflict, NotFound


def protect(cidr: str, label: str, kind: str) -> ProtectedNetwork:
    """Add a network to the protected list. Blocks that already hit it are taken away at once."""
    from controlplane.blocking.jobs import push  # jobs imports the services

    network = str(parse_networks([cidr], "cidr")[0])
    with transaction.atomic():
        row, created = ProtectedNetwork.objects.get_or_create(
            cidr=network, defaults={"label": label, "kind": kind}
        )
        if not created:
            raise Conflict(
                "already-protected", f"{network} is already protected ({row.label}). Nothing was changed."
            )
        record(
            "protected_network.add",
            target=row.id,
            before=None,
            after={"cidr": network, "label": label},
            reason="",
        )
        for target in active_targets():
            push.enqueue(target.connection_id, target.ref, unique_key=f"{target.connection_id}:{target.ref}")
    return row


def unprotect(network_id: str) -> None:
    """Take a network off the protected list."""
    with transaction.atomic():
        row = ProtectedNetwork.objects.filter(pk=network_id).first()
        if row is None:
            raise NotFound(
                "protected-network-not-found", "There is no such protected network. Nothing was changed."
            )
        record(
            "protected_network.remove",
            target=row.id,
            before={"cidr": row.cidr, "label": row.label},
            after=None,
            reason="",
        )
        row.delete()
