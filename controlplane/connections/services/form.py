"""A connector's settings between the form, the database and the connector: secrets apart and sealed."""

from __future__ import annotations

import json
import secrets
import uuid
from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError

from connectors.base.capabilities import Capability
from connectors.base.manifest import ConnectorSettings, Manifest
from controlplane.connections.models import Connection
from controlplane.connections.schema import generated_fields, secret_fields, unused_fields
from tenants.errors import Conflict, Invalid
from tenants.vault.services import keyed_hash, seal, unseal

_TABLE = "connections_connection"
#: What the API shows and accepts in place of a secret that is set.
MASK = {"set": True}
#: And in place of one that is not: it says nothing of a value.
_UNSET = {"set": False}


def token_hash(token: str) -> str:
    """The keyed hash an ingest token is recognised by."""
    return keyed_hash("ingest-token", token)


def new_token() -> str:
    """A new ingest token; the prefix lets secret scanners find it."""
    return f"pclin_{secrets.token_urlsafe(32)}"


def secret_values(connection: Connection) -> dict[str, str]:
    """The connection's secrets in clear; never log or return them."""
    if not connection.secrets:
        return {}
    opened: dict[str, str] = json.loads(
        unseal(connection.secrets, table=_TABLE, field="secrets", row=connection.id)
    )
    return opened


def ingest_token(connection: Connection) -> str:
    """The ingest token while it may still be shown, else an empty text."""
    if not connection.ingest_token_sealed:
        return ""
    return unseal(
        connection.ingest_token_sealed,
        table=_TABLE,
        field="ingest_token",
        row=connection.id,
    )


def generate(connection: Connection, manifest: Manifest) -> None:
    """Make what the manifest says we make: identifiers in clear, one ingest token where calls are pushed."""
    secret = secret_fields(manifest.settings)
    for name in generated_fields(manifest.settings):
        if name not in secret:
            connection.generated[name] = str(uuid.uuid4())
    if Capability.RECEIVE_CALLS in manifest.capabilities:
        set_token(connection, new_token())


def set_token(connection: Connection, token: str) -> None:
    """Give the connection an ingest token: its hash for ever, itself sealed until it is in use."""
    connection.ingest_token_hash = token_hash(token)
    connection.ingest_token_sealed = seal(token, table=_TABLE, field="ingest_token", row=connection.id)


def put(connection: Connection, manifest: Manifest, given: Mapping[str, Any]) -> None:
    """Merge ``given`` into the connection's settings.

    A secret given as ``{"set": …}``, as it is shown, stays as it is, null clears it. One that is only for a choice which
    is not made (a key where federation is chosen) is dropped: nobody needs it, and it would open what it opens.
    Fields we make cannot be given. While required
    fields are missing the connection is a draft; a field that is given and wrong raises ``Invalid``.
    """
    made = generated_fields(manifest.settings)
    touched = [name for name in given if name in made]
    if touched:
        raise Invalid(
            "generated-setting",
            "This value is made by us and cannot be given. Nothing was saved.",
            fields={f"settings.{name}": ["is made by us"] for name in touched},
        )
    secret = secret_fields(manifest.settings)
    plain, hidden = dict(connection.settings), secret_values(connection)
    for name, value in given.items():
        if name not in secret:
            plain[name] = value
        elif value is None or value == "":
            hidden.pop(name, None)
        elif value not in (MASK, _UNSET):
            hidden[name] = value if isinstance(value, str) else json.dumps(value)
    for name in unused_fields(manifest.settings, plain):
        hidden.pop(name, None)
    _validate(manifest, {**plain, **hidden, **connection.generated}, complete=False)
    connection.settings = plain
    connection.secrets = (
        seal(json.dumps(hidden), table=_TABLE, field="secrets", row=connection.id) if hidden else ""
    )


def opened(connection: Connection, manifest: Manifest) -> ConnectorSettings:
    """The settings as the connector takes them; ``Conflict`` when required ones are missing."""
    values = {
        **connection.settings,
        **secret_values(connection),
        **connection.generated,
    }
    token_field = "ingest_token"  # noqa: S105 - a field name
    if token_field in manifest.settings.model_fields and connection.ingest_token_sealed:
        values[token_field] = ingest_token(connection)
    return _validate(manifest, values, complete=True)


def masked(connection: Connection, manifest: Manifest) -> dict[str, Any]:
    """The settings as the API shows them: secrets only as set or not set."""
    hidden = secret_values(connection)
    shown: dict[str, Any] = {**connection.settings, **connection.generated}
    for name in secret_fields(manifest.settings):
        is_set = bool(hidden.get(name)) or (name == "ingest_token" and bool(connection.ingest_token_hash))
        shown[name] = {"set": is_set}
    return shown


def has_fields(manifest: Manifest) -> bool:
    """Whether there is anything to enter."""
    return bool(manifest.settings.model_fields.keys() - generated_fields(manifest.settings))


def is_complete(connection: Connection, manifest: Manifest) -> bool:
    """Whether every required setting is there."""
    try:
        opened(connection, manifest)
    except (Conflict, Invalid):
        return False
    return True


def _validate(manifest: Manifest, values: Mapping[str, Any], *, complete: bool) -> ConnectorSettings:
    try:
        return manifest.settings.model_validate(dict(values))
    except ValidationError as error:
        found: dict[str, list[str]] = {}
        missing = []
        for problem in error.errors(include_url=False, include_input=False, include_context=False):
            place = ".".join(str(part) for part in problem["loc"]) or "settings"
            if problem["type"] == "missing":
                missing.append(place)
            else:
                found.setdefault(f"settings.{place}", []).append(problem["msg"])
        if found:
            raise Invalid(
                "settings-invalid",
                "Some settings cannot be used as they are. Nothing was saved.",
                fields=found,
            ) from None
        if complete:
            raise Conflict(
                "settings-incomplete",
                f"Required settings are missing: {', '.join(missing)}. Nothing was read. Fill them in first.",
            ) from None
        return manifest.settings.model_construct(**dict(values))
