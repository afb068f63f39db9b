"""From a target's reference to the connector that enforces there, and compiled outcomes before anything is stored."""

from __future__ import annotations

from dataclasses import dataclass

from connectors.base.capabilities import Capability, Enforcer
from connectors.base.enforcement import Target
from connectors.base.errors import ConnectorError
from connectors.base.intent import BlockIntent, Compiled
from controlplane.blocking.types import TargetRef
from controlplane.connections import queries as connections
from controlplane.connections import services as connection_services


@dataclass(frozen=True, slots=True)
class OpenTarget:
    """A target with its connector; ``error`` says why it cannot be spoken to when ``enforcer`` is None."""

    ref: TargetRef
    target: Target | None
    enforcer: Enforcer | None
    error: str = ""


def open_target(ref: TargetRef) -> OpenTarget:
    """The target with its enforcer, or the sentence why it cannot be spoken to."""
    snapshot = connections.latest_snapshot(ref.connection_id)
    if snapshot is None:
        return OpenTarget(ref, None, None, "The configuration of this connection has not been read yet.")
    try:
        enforcer: Enforcer = connection_services.open_connector(ref.connection_id, Capability.ENFORCE)
        target = next((t for t in enforcer.targets(snapshot) if t.ref == ref.ref), None)
    except ConnectorError as error:
        return OpenTarget(ref, None, None, error.sentence())
    if target is None:
        return OpenTarget(ref, None, None, f"The connection no longer has the target {ref.ref}.")
    return OpenTarget(ref, target, enforcer)


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
