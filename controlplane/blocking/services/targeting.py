"""From a target's reference to the connector that enforces there, and compiled outcomes before anything is stored."""

from __future__ import annotations

from dataclasses import dataclass

from connectors.base.capabilities import Capability, Enforcer
from connectors.base.enforcement import Target
from connectors.base.errors import ConnectorError
from connectors.base.intent import BlockIntent, Compiled
from connectors.base.model import Completeness, ConfigSnapshot
from controlplane.blocking.types import TargetRef
from controlplane.connections import queries as connections
from controlplane.connections import services as connection_services
from controlplane.connections.types import ConnectionStatus
from tenants.errors import DomainError
from tenants.vault.services import VaultError


@dataclass(frozen=True, slots=True)
class OpenTarget:
    """A target with its connector; ``error`` says why it cannot be spoken to when ``enforcer`` is None.

    ``gone`` is true when it will never be reachable again; ``disabled`` when a member switched the connection off.
    """

    ref: TargetRef
    target: Target | None
    enforcer: Enforcer | None
    error: str = ""
    gone: bool = False
    disabled: bool = False


def open_target(ref: TargetRef) -> OpenTarget:
    """The target with its enforcer, or the sentence why it cannot be spoken to."""
    connection = connections.ref(ref.connection_id)
    if connection is None:
        sentence = (
            "The connection was deleted, so we can neither read nor change what stands there. "
            "Remove what is left by hand: docs/blocking.md, section Offline undo."
        )
        return OpenTarget(ref, None, None, sentence, gone=True)
    disabled = connection.status == ConnectionStatus.DISABLED
    snapshot = connections.latest_snapshot(ref.connection_id)
    if snapshot is None:
        sentence = "The configuration of this connection has not been read yet."
        return OpenTarget(ref, None, None, sentence, disabled=disabled)
    try:
        enforcer: Enforcer = connection_services.open_connector(ref.connection_id, Capability.ENFORCE)
        target = next((t for t in enforcer.targets(snapshot) if t.ref == ref.ref), None)
    except ConnectorError as error:
        return OpenTarget(ref, None, None, error.sentence(), disabled=disabled)
    except (DomainError, VaultError) as error:
        return OpenTarget(ref, None, None, str(error), disabled=disabled)
    if target is None:
        return _missing(ref, snapshot, disabled=disabled)
    return OpenTarget(ref, target, enforcer, disabled=disabled)


def _missing(ref: TargetRef, snapshot: ConfigSnapshot, *, disabled: bool) -> OpenTarget:
    """A target that a complete reading no longer shows is gone; after an incomplete one that is not known."""
    complete = all(section.completeness is Completeness.COMPLETE for section in snapshot.sections)
    if not complete:
        sentence = f"The target {ref.ref} was not seen when the configuration was last read, incompletely."
        return OpenTarget(ref, None, None, sentence, disabled=disabled)
    sentence = (
        f"The target {ref.ref} no longer exists at the vendor. Objects of ours that it used may be left: "
        "docs/blocking.md, section Offline undo."
    )
    return OpenTarget(ref, None, None, sentence, gone=True, disabled=disabled)


def compile_on(opened: OpenTarget, intent: BlockIntent) -> tuple[Compiled | None, str]:
    """What the target would make of one intent, or the sentence why that is unknown. Reads, never writes."""
    if opened.enforcer is None or opened.target is None:
        return None, opened.error
    try:
        state = opened.enforcer.read_state(opened.target)
        program = opened.enforcer.compile([intent], opened.target, state)
    except ConnectorError as error:
        return None, error.sentence()
    return program.outcomes[0], ""
