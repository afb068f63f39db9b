"""The only writers of connections, and the way other apps open a connector."""

from controlplane.connections.services.access import AccessReport, check
from controlplane.connections.services.changes import forget_changes, pull_changes
from controlplane.connections.services.manage import (
    KEEP,
    create,
    delete,
    disable,
    enable,
    mark_connected,
    rotate_token,
    set_counts,
    update,
)
from controlplane.connections.services.opening import (
    egress_policy,
    manifest_of,
    open_connector,
)
from controlplane.connections.services.pulling import pull
from controlplane.connections.services.recipient import Recipient, recipient
from controlplane.connections.services.recording import (
    Recorded,
    record_configuration,
    replay_configuration,
)
from controlplane.connections.services.rollout import ask_roll_out, is_organization, roll_out
from controlplane.connections.services.setup import Setup, ingest_url, setup
from controlplane.connections.services.sync import ask as ask_sync
from controlplane.connections.services.sync import request as request_sync
from controlplane.connections.services.sync import run as run_sync
from controlplane.connections.services.sync import store as store_snapshot

__all__ = [
    "KEEP",
    "AccessReport",
    "Recipient",
    "Recorded",
    "Setup",
    "ask_roll_out",
    "ask_sync",
    "check",
    "create",
    "delete",
    "disable",
    "egress_policy",
    "enable",
    "forget_changes",
    "ingest_url",
    "is_organization",
    "manifest_of",
    "mark_connected",
    "open_connector",
    "pull",
    "pull_changes",
    "recipient",
    "record_configuration",
    "replay_configuration",
    "request_sync",
    "roll_out",
    "rotate_token",
    "run_sync",
    "set_counts",
    "setup",
    "store_snapshot",
    "update",
]
