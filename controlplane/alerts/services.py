"""The only writers of alerts: destinations, routing of an event and delivery of one message."""

from __future__ import annotations

import json
import secrets as random
from base64 import b64encode
from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

from django.conf import settings as django_settings
from django.db import transaction
from pydantic import SecretStr, ValidationError

from connectors.base import registry
from connectors.base.capabilities import Capability, Message
from connectors.base.errors import ConnectorError, TransientError
from connectors.base.manifest import ConnectorSettings
from connectors.egress import Egress
from controlplane.alerts.models import Delivery, Destination
from controlplane.alerts.types import EVENTS, SEVERITIES, Subject, at_least
from controlplane.connections.schema import generated_fields, secret_fields
from controlplane.connections.services import egress_policy, manifest_of
from tenants.audit.services import record
from tenants.errors import Conflict, Invalid, NotFound
from tenants.ids import new_id
from tenants.isolation.context import require_tenant
from tenants.vault.services import seal, unseal

_TABLE, _FIELD = "alerts_destination", "sealed"


def create_destination(
    connector: str, name: str, settings: Mapping[str, Any], min_severity: str, events: Sequence[str]
) -> tuple[Destination, dict[str, str]]:
    """A new destination, and the secrets we generated for it, which are never shown again."""
    manifest = manifest_of(connector)
    if Capability.NOTIFY not in manifest.capabilities:
        raise Invalid("not-a-destination", f"{manifest.title} cannot deliver alerts. Nothing was created.")
    _check_routing(min_severity, events)
    row = Destination(
        id=new_id("dst"), connector=connector, name=name, min_severity=min_severity, events=list(events)
    )
    made = {field: _generated(field) for field in generated_fields(manifest.settings)}
    values = _validated(manifest.settings, {**settings, **made})
    _put(row, manifest.settings, values)
    with transaction.atomic():
        if Destination.objects.filter(name=name).exists():
            raise Conflict("name-taken", f"There already is a destination named {name}. Nothing was created.")
        row.save(force_insert=True)
        record("alert_destination.create", target=row.id, before=None, after=_audited(row), reason="")
    return row, made


def update_destination(destination_id: str, changes: Mapping[str, Any]) -> Destination:
    """Change a destination; secrets that are not given stay."""
    with transaction.atomic():
        row = _found(destination_id)
        before = _audited(row)
        manifest = manifest_of(row.connector)
        if "settings" in changes:
            values = _validated(manifest.settings, {**_opened(row), **changes["settings"]})
            _put(row, manifest.settings, values)
        for field in ("name", "min_severity", "events", "enabled"):
            if field in changes:
                setattr(row, field, changes[field])
        _check_routing(row.min_severity, row.events)
        if Destination.objects.filter(name=row.name).exclude(pk=row.pk).exists():
            raise Conflict(
                "name-taken", f"There already is a destination named {row.name}. Nothing was changed."
            )
        row.save()
        record("alert_destination.update", target=row.id, before=before, after=_audited(row), reason="")
    return row


def delete_destination(destination_id: str) -> None:
    """Remove a destination with its delivery log."""
    with transaction.atomic():
        row = _found(destination_id)
        record("alert_destination.delete", target=row.id, before=_audited(row), after=None, reason="")
        row.delete()


def route(subject: Subject) -> list[str]:
    """Queue one delivery per destination that asks for such a subject; a version already told is skipped."""
    queued = []
    for row in Destination.objects.filter(enabled=True):
        if subject.event not in row.events or not at_least(subject.severity, row.min_severity):
            continue
        delivery, created = Delivery.objects.get_or_create(
            destination=row,
            event=subject.event,
            subject_id=subject.id,
            version=subject.version,
            defaults={
                "severity": subject.severity,
                "subject": subject.subject,
                "text": subject.text,
                "path": subject.path,
                "payload": dict(subject.payload),
            },
        )
        if created:
            queued.append(delivery.id)
    return queued


def send_test(destination_id: str) -> Delivery:
    """Deliver a test message now and show what became of it."""
    with transaction.atomic():
        row = _found(destination_id)
        delivery = Delivery.objects.create(
            destination=row,
            event="test",
            subject_id=row.id,
            version=new_id("tst"),
            severity="info",
            subject="Test message from Portcullis",
            text="If you can read this, alerts arrive here.",
            payload={"test": True},
        )
        record("alert_destination.test", target=row.id, after={"delivery": delivery.id})
    with suppress(ConnectorError):  # the outcome stands on the delivery
        deliver(delivery.id)
    delivery.refresh_from_db()
    return delivery


def deliver(delivery_id: str) -> None:
    """Send one message. Raises ``TransientError`` when a later try may succeed; other failures are final."""
    delivery = Delivery.objects.select_related("destination").filter(pk=delivery_id).first()
    if delivery is None or delivery.state == Delivery.State.DELIVERED:
        return
    delivery.attempts += 1
    row = delivery.destination
    try:
        manifest = manifest_of(row.connector)
        notifier = registry.implementation(row.connector, Capability.NOTIFY)(
            manifest.settings(**_opened(row)), Egress(egress_policy(row.id), account=row.id)
        )
        outcome = notifier.send(_message(delivery))
        if not outcome.accepted:
            raise ConnectorError(outcome.detail)
    except ConnectorError as error:
        transient = isinstance(error, TransientError)
        delivery.state = Delivery.State.RETRYING if transient else Delivery.State.FAILED
        delivery.last_error = error.sentence()
        delivery.save()
        if transient:
            raise
        return
    delivery.state, delivery.last_error, delivery.remote_id = Delivery.State.DELIVERED, "", outcome.remote_id
    delivery.delivered_at = datetime.now(UTC)
    delivery.save()


def give_up(delivery_id: str) -> None:
    """Mark a delivery as failed after its last try."""
    Delivery.objects.filter(pk=delivery_id, state=Delivery.State.RETRYING).update(state=Delivery.State.FAILED)


def resend(delivery_id: str) -> Delivery:
    """Put a delivery back into the queue."""
    with transaction.atomic():
        delivery = Delivery.objects.filter(pk=delivery_id).first()
        if delivery is None:
            raise NotFound("delivery-not-found", "There is no such delivery. Nothing was sent.")
        before, delivery.state = delivery.state, Delivery.State.QUEUED
        delivery.save(update_fields=["state"])
        record(
            "alert_delivery.resend", delivery.id, before={"state": before}, after={"state": delivery.state}
        )
    return delivery


def _message(delivery: Delivery) -> Message:
    tenant = require_tenant()
    url = f"{django_settings.PUBLIC_URL.format(tenant=tenant.slug)}{delivery.path}"
    payload = {"event": delivery.event, "tenant": tenant.slug, "url": url, "data": delivery.payload}
    return Message(delivery.id, delivery.subject, delivery.text, url, delivery.severity, payload)


def _generated(field: str) -> str:
    return f"whsec_{b64encode(random.token_bytes(24)).decode()}" if "secret" in field else new_id("gen")


def _validated(model: type[ConnectorSettings], values: Mapping[str, Any]) -> ConnectorSettings:
    try:
        return model(**values)
    except ValidationError as error:
        fields = {".".join(["settings", *map(str, e["loc"])]): [e["msg"]] for e in error.errors()}
        raise Invalid(
            "invalid-settings", "Some settings are not valid. Nothing was saved.", fields=fields
        ) from error


def _put(row: Destination, model: type[ConnectorSettings], values: ConnectorSettings) -> None:
    hidden = secret_fields(model)
    plain = values.model_dump(mode="json", exclude=set(hidden))
    secret = {
        name: value.get_secret_value()
        for name in hidden
        if isinstance(value := getattr(values, name), SecretStr)
    }
    row.settings = plain
    row.sealed = seal(json.dumps(secret), table=_TABLE, field=_FIELD, row=row.id) if secret else ""


def _opened(row: Destination) -> dict[str, Any]:
    hidden = json.loads(unseal(row.sealed, table=_TABLE, field=_FIELD, row=row.id)) if row.sealed else {}
    return {**row.settings, **hidden}


def _check_routing(min_severity: str, events: Sequence[str]) -> None:
    if min_severity not in SEVERITIES:
        raise Invalid(
            "invalid-severity", f"min_severity is one of {', '.join(SEVERITIES)}. Nothing was saved."
        )
    unknown = set(events) - set(EVENTS)
    if unknown:
        raise Invalid("unknown-event", f"There is no event {sorted(unknown)[0]}. Nothing was saved.")


def _found(destination_id: str) -> Destination:
    row = Destination.objects.filter(pk=destination_id).first()
    if row is None:
        raise NotFound("destination-not-found", "There is no such destination. Nothing was changed.")
    return row


def _audited(row: Destination) -> dict[str, Any]:
    return {
        "name": row.name,
        "connector": row.connector,
        "min_severity": row.min_severity,
        "events": row.events,
    }
