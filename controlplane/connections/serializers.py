"""Shapes of the connections API (docs/contracts.md §3)."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from rest_framework import serializers

from connectors.base.capabilities import Capability
from connectors.base.manifest import Manifest
from controlplane.connections import queries
from controlplane.connections.models import Change, Connection, OrganizationAccount, SyncRun
from controlplane.connections.schema import form_schema
from controlplane.connections.services import form, manifest_of
from controlplane.connections.shapes import (
    AccountDocument,
    ChangeDocument,
    ConnectionDetailDocument,
    ConnectionDocument,
    ConnectorDocument,
    RunDocument,
)
from controlplane.connections.types import AccountState, ConnectionStatus

_HEALTH = {
    ConnectionStatus.CONNECTED: "ok",
    ConnectionStatus.DEGRADED: "warning",
    ConnectionStatus.FAILED: "error",
    ConnectionStatus.CHECKING: "pending",
    ConnectionStatus.DRAFT: "pending",
    ConnectionStatus.DISABLED: "off",
}
_SENTENCES = {
    ConnectionStatus.CONNECTED: "Everything this connection reads is up to date.",
    ConnectionStatus.CHECKING: "The first read is under way.",
    ConnectionStatus.DRAFT: "Settings are not complete yet; nothing is read.",
    ConnectionStatus.DISABLED: "Switched off; nothing is read.",
}


class ConnectorSerializer(serializers.BaseSerializer[Manifest]):
    """A connector's card."""

    shape = ConnectorDocument

    def to_representation(self, instance: Manifest) -> dict[str, Any]:
        """The manifest as the wizard needs it."""
        return {
            "key": instance.key,
            "title": instance.title,
            "vendor": instance.vendor,
            "kind": instance.kind.value,
            "summary": instance.summary,
            "capabilities": sorted(capability.value for capability in instance.capabilities),
            "cannot": list(instance.cannot),
            "settings_schema": form_schema(instance.settings),
            "permissions": [
                {"action": need.action, "purpose": need.purpose, "access": need.access}
                for need in instance.permissions
            ],
            "field_matrix": [asdict(row) for row in instance.field_matrix],
        }


class ConnectionDraftSerializer(serializers.Serializer[Any]):
    """What is given to create a connection."""

    connector = serializers.CharField(max_length=40)
    name = serializers.CharField(max_length=120)
    settings = serializers.DictField(required=False)
    runner = serializers.CharField(max_length=40, required=False, allow_null=True)


class ConnectionPatchSerializer(serializers.Serializer[Any]):
    """What may be changed of a connection."""

    name = serializers.CharField(max_length=120, required=False)
    settings = serializers.DictField(required=False)
    runner = serializers.CharField(max_length=40, required=False, allow_null=True)


class ConnectionSerializer(serializers.BaseSerializer[Connection]):
    """A connection in a list."""

    shape: type = ConnectionDocument

    def to_representation(self, instance: Connection) -> dict[str, Any]:
        """Name, health and counts."""
        manifest = manifest_of(instance.connector)
        enforce = Capability.ENFORCE in manifest.capabilities
        writes = [entry.grant for entry in instance.permissions.all() if entry.access == "write"]
        status = ConnectionStatus(instance.status)
        return {
            "id": instance.id,
            "name": instance.name,
            "connector": instance.connector,
            "vendor": manifest.vendor,
            "status": instance.status,
            "status_reason": instance.status_reason,
            "created_at": instance.created_at,
            "last_sync_at": instance.last_sync_at,
            "last_verified_at": instance.last_verified_at,
            "counts": {
                name: count if count or instance.last_sync_at else None
                for name, count in (("services", instance.services), ("endpoints", instance.endpoints))
            },
            "can_block": enforce and "granted" in writes and "denied" not in writes,
            "health": {
                "state": _HEALTH[status],
                "sentence": instance.status_reason or _SENTENCES.get(status, ""),
            },
        }


class ConnectionDetailSerializer(ConnectionSerializer):
    """One connection with everything the wizard and its page show; secrets only as set or not."""

    shape = ConnectionDetailDocument

    def to_representation(self, instance: Connection) -> dict[str, Any]:
        """The list's shape, plus settings, permissions, sections and targets."""
        reading = queries.organization_reading(instance)
        return {
            **super().to_representation(instance),
            "settings": form.masked(instance, manifest_of(instance.connector)),
            "runner": instance.runner_id,
            "error": instance.error,
            "permissions": [
                {
                    "action": entry.action,
                    "purpose": entry.purpose,
                    "access": entry.access,
                    "grant": entry.grant,
                    "detail": entry.detail,
                    "fix": entry.fix,
                }
                for entry in instance.permissions.order_by("position")
            ],
            "permissions_checked_at": instance.permissions_checked_at,
            "sections": queries.sections(instance.id),
            "targets": [
                {
                    "ref": target.ref,
                    "name": target.name,
                    "kind": target.kind,
                    "note": target.note,
                }
                for target in queries.targets(instance.id)
            ],
            "changes": asdict(queries.change_reading(instance)),
            "organization": asdict(reading) if reading else None,
        }


class SetupSerializer(serializers.Serializer[Any]):
    """Tabs of the wizard."""

    texts = serializers.SerializerMethodField()
    generated = serializers.DictField()

    def get_texts(self, instance: Any) -> list[dict[str, str]]:
        """Each tab's text with its language and link."""
        return [asdict(text) for text in instance.texts]


class CheckSerializer(serializers.Serializer[Any]):
    """Outcome of testing permissions."""

    ok = serializers.BooleanField()
    checked_at = serializers.DateTimeField()
    permissions = serializers.SerializerMethodField()
    error = serializers.DictField(allow_null=True)

    def get_permissions(self, instance: Any) -> list[dict[str, str]]:
        """Every permission tested."""
        return [{**asdict(entry), "grant": entry.grant.value} for entry in instance.permissions]


class RunSerializer(serializers.BaseSerializer[SyncRun]):
    """One run."""

    shape = RunDocument

    def to_representation(self, instance: SyncRun) -> dict[str, Any]:
        """State, progress in real counts, outcome."""
        return {
            "id": instance.id,
            "kind": instance.kind,
            "state": instance.state,
            "progress": {
                "step": instance.step,
                "done": instance.done,
                "total": instance.total,
            },
            "started_at": instance.started_at,
            "finished_at": instance.finished_at,
            "counts": instance.counts,
            "error": instance.error,
        }


class ChangeFilterSerializer(serializers.Serializer[Any]):
    """Which changes are asked for; every filter given must fit."""

    object = serializers.CharField(required=False, help_text="Exact `object_ref`.")
    author = serializers.CharField(required=False, help_text="Exact author.")
    since = serializers.DateTimeField(required=False, help_text="Changes at this moment or later.")


class ChangeSerializer(serializers.BaseSerializer[Change]):
    """One change."""

    shape = ChangeDocument

    def to_representation(self, instance: Change) -> dict[str, Any]:
        """Who changed what, when and through what."""
        return {
            "id": instance.id,
            "at": instance.at,
            "action": instance.action,
            "object_kind": instance.object_kind,
            "object_ref": instance.object_ref,
            "object_name": instance.object_name,
            "author": instance.author,
            "author_kind": instance.author_kind,
            "channel": instance.channel,
            "source_address": instance.source_address,
            "succeeded": instance.succeeded,
            "evidence": instance.evidence,
        }


class AccountFilterSerializer(serializers.Serializer[Any]):
    """Which accounts are asked for."""

    state = serializers.ChoiceField(choices=[state.value for state in AccountState], required=False)


class RollOutSerializer(serializers.Serializer[Any]):
    """Which accounts to take in again."""

    accounts = serializers.ListField(
        child=serializers.CharField(max_length=64),
        required=False,
        max_length=1000,
        help_text="Each by its `ref`.",
    )


class AccountSerializer(serializers.BaseSerializer[OrganizationAccount]):
    """One account of an organisation."""

    shape = AccountDocument

    def to_representation(self, instance: OrganizationAccount) -> dict[str, Any]:
        """Where it stands, through which connection it is read, or why not."""
        own = instance.own
        return {
            "id": instance.id,
            "ref": instance.ref,
            "name": instance.name,
            "state": instance.state,
            "reason": instance.reason,
            "connection": {"id": own.id, "name": own.name, "status": own.status} if own else None,
            "checked_at": instance.checked_at,
        }
