"""Record what a vendor answers while a connection's configuration is read, for those who have to find out why."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, replace
from typing import Any, BinaryIO

from django.db import transaction
from django.utils import timezone
from pydantic import SecretStr, ValidationError

from connectors.base import registry
from connectors.base.capabilities import Capability, ConfigReader
from connectors.base.errors import ConnectorError
from connectors.base.identity import Identity
from connectors.base.manifest import ConnectorSettings, Manifest
from connectors.base.model import ConfigSnapshot
from connectors.egress import Egress, EgressPolicy, address_pair
from connectors.recording import (
    Exchange,
    Heading,
    RecordedIdentity,
    Recorder,
    Replay,
    Scrubber,
    read_recording,
    write_exchange,
    write_heading,
)
from connectors.runner.identity import VERSION
from controlplane.connections.services import form
from controlplane.connections.services.opening import door, get, manifest_of
from controlplane.federation.services import identity_of
from tenants.audit.services import record
from tenants.errors import Conflict, Invalid
from tenants.redaction import redacted


@dataclass(slots=True)
class Recorded:
    """What became of a reading: the snapshot or the error, and how many exchanges ended with which status (0: none)."""

    snapshot: ConfigSnapshot | None = None
    error: ConnectorError | None = None
    statuses: Counter[int] = field(default_factory=Counter)
    missing: list[str] = field(default_factory=list)


def record_configuration(connection_id: str, file: BinaryIO) -> Recorded:
    """Read a connection's configuration and write down, without secrets, what was asked and answered.

    Nothing of the connection changes; the audit trail tells that it was recorded. Raises ``NotFound`` and ``Conflict``.
    """
    connection = get(connection_id)
    manifest = _readable(connection.connector)
    settings = form.opened(connection, manifest)
    with transaction.atomic():
        record("connection.record", target=connection.id)
    scrubber = Scrubber(redacted, known_secrets(settings))
    shown = scrubber.value({**connection.settings, **connection.generated})
    write_heading(file, Heading(manifest.key, shown, timezone.now().isoformat(), VERSION))
    done = Recorded()

    def keep(exchange: Exchange) -> None:
        done.statuses[exchange.status] += 1
        write_exchange(file, exchange)

    inner = door(connection)
    recorder = Recorder(inner, scrubber, keep)
    outer = Egress(
        replace(inner.policy, require_tls=False), account=f"recording:{connection.id}", relay=recorder
    )
    return _read(manifest, settings, outer, done, identity_of(connection.id))


def replay_configuration(file: BinaryIO, given: dict[str, Any]) -> Recorded:
    """Read a recording's configuration again; ``given`` are settings that a recording cannot hold, such as any key.

    Raises ``SettingsError`` for a file that is no recording, ``Invalid`` for settings that the connector does not take.
    """
    heading, exchanges = read_recording(file)
    manifest = _readable(heading.connector)
    try:
        settings = manifest.settings.model_validate({**heading.settings, **given})
    except ValidationError as error:
        wrong = "; ".join(f"{'.'.join(map(str, one['loc']))}: {one['msg']}" for one in error.errors())
        raise Invalid(
            "settings-missing",
            f"{manifest.title} needs settings that the recording does not hold. Nothing was read. {wrong}.",
        ) from None
    replay = Replay(exchanges, Scrubber(redacted))
    # Nothing is sent: an operator had opened what was asked then.
    asked = frozenset(address_pair(one.url) for one in exchanges)
    policy = EgressPolicy(allow=asked, require_tls=False, max_attempts=1)
    outer = Egress(policy, account="replay", relay=replay)
    done = _read(manifest, settings, outer, Recorded(), RecordedIdentity())
    done.missing = replay.missing
    return done


def known_secrets(settings: ConnectorSettings) -> list[str]:
    """The values of the settings that are secret and filled in."""
    values = [getattr(settings, name) for name in type(settings).model_fields]
    return [value.get_secret_value() for value in values if isinstance(value, SecretStr) and value]


def _readable(key: str) -> Manifest:
    manifest = manifest_of(key)
    if Capability.CONFIG not in manifest.capabilities:
        raise Conflict(
            "capability-missing", f"{manifest.title} has no configuration to read. Nothing was done."
        )
    return manifest


def _read(
    manifest: Manifest, settings: ConnectorSettings, egress: Egress, done: Recorded, identity: Identity
) -> Recorded:
    try:
        reader: ConfigReader = registry.opened(manifest.key, Capability.CONFIG, settings, egress, identity)
        done.snapshot = reader.read_config()
    except ConnectorError as error:
        done.error = error
    finally:
        egress.close()
    return done
