"""Tables of the connections app; they live in each tenant's schema."""

from __future__ import annotations

from django.db import models

from controlplane.connections.types import AccountState, ConnectionStatus, RunKind, RunState
from tenants.ids import PrefixedIdField
from tenants.vault.fields import SealedTextField


class Connection(models.Model):
    """One configured connector. Secrets are sealed; ``settings`` holds everything else in clear."""

    id = PrefixedIdField(prefix="con")
    name = models.CharField(max_length=120)
    connector = models.CharField(max_length=40)
    status = models.CharField(max_length=16, default=ConnectionStatus.DRAFT)
    status_reason = models.TextField(blank=True, default="")
    settings = models.JSONField(default=dict)
    secrets = SealedTextField(blank=True, default="")  # JSON object of the secret fields
    generated = models.JSONField(default=dict)  # what we made for the customer, external id and the like
    ingest_token_hash = models.CharField(max_length=64, blank=True, default="", db_index=True)
    ingest_token_sealed = SealedTextField(
        bound_to="ingest_token", blank=True, default=""
    )  # only until it is in use
    #: Sends its requests from the customer's network; none for ours.
    runner = models.ForeignKey("runners.Runner", null=True, on_delete=models.PROTECT, related_name="+")
    #: Id of the organisation's connection it was made for; "" is none. It stays when that one is deleted.
    member_of = models.CharField(max_length=40, blank=True, default="")
    permissions_checked_at = models.DateTimeField(null=True)
    last_sync_at = models.DateTimeField(null=True)
    last_verified_at = models.DateTimeField(null=True)
    error = models.JSONField(null=True)  # the last failure: what, unchanged, action
    services = models.IntegerField(default=0)  # as inventory counted them last
    endpoints = models.IntegerField(default=0)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["name"], name="one_connection_per_name")]

    def __str__(self) -> str:
        return self.name


class PermissionResult(models.Model):
    """The outcome of the last check for one permission."""

    id = PrefixedIdField(prefix="per")
    connection = models.ForeignKey(Connection, on_delete=models.CASCADE, related_name="permissions")
    position = models.IntegerField()
    action = models.TextField()
    purpose = models.TextField()
    access = models.CharField(max_length=8)
    grant = models.CharField(max_length=8)
    detail = models.TextField(blank=True, default="")
    fix = models.TextField(blank=True, default="")
    #: A row that shows who else is let in; reading needs nothing of it.
    proof = models.BooleanField(default=False, db_default=False)
    checked_at = models.DateTimeField()


class SyncRun(models.Model):
    """One run of reading configuration or calls, with its progress in real counts."""

    id = PrefixedIdField(prefix="run")
    connection = models.ForeignKey(Connection, on_delete=models.CASCADE, related_name="runs")
    kind = models.CharField(max_length=8, default=RunKind.CONFIG)
    state = models.CharField(max_length=8, default=RunState.QUEUED)
    step = models.TextField(blank=True, default="")
    done = models.IntegerField(default=0)
    total = models.IntegerField(default=0)
    counts = models.JSONField(default=dict)
    error = models.JSONField(null=True)
    created_at = models.DateTimeField(auto_now_add=True)
    started_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [models.Index(fields=["connection", "-id"])]


class Snapshot(models.Model):
    """One distinct content of a connection's configuration; a later equal read only moves ``read_at``."""

    id = PrefixedIdField(prefix="cfg")
    connection = models.ForeignKey(Connection, on_delete=models.CASCADE, related_name="snapshots")
    digest = models.CharField(max_length=64)
    document = models.BinaryField()
    sections = models.JSONField(default=list)
    counts = models.JSONField(default=dict)
    first_read_at = models.DateTimeField()
    read_at = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["connection", "-id"])]


class CallCursor(models.Model):
    """How far a connection's vendor logs were read; committed with the calls it accounts for."""

    connection = models.OneToOneField(
        Connection, on_delete=models.CASCADE, primary_key=True, related_name="cursor"
    )
    position = models.JSONField(default=dict)
    moved_at = models.DateTimeField(null=True)


class ChangeTrail(models.Model):
    """How far a connection's audit trail was read and how that went; committed with the changes it accounts for."""

    connection = models.OneToOneField(
        Connection, on_delete=models.CASCADE, primary_key=True, related_name="change_trail"
    )
    position = models.JSONField(default=dict)
    moved_at = models.DateTimeField(null=True)
    since = models.DateTimeField(null=True)  # when it was read to its end for the first time
    read_at = models.DateTimeField(null=True)  # when it was read to its end last
    failed_at = models.DateTimeField(null=True)
    error = models.JSONField(
        null=True
    )  # why the last read failed: what, unchanged, action; null when it did not


class Change(models.Model):
    """One change at the vendor, as its audit trail tells (``connectors.base.changes.ConfigChange``)."""

    id = PrefixedIdField(prefix="chg")
    connection = models.ForeignKey(Connection, on_delete=models.CASCADE, related_name="changes")
    ref = models.TextField()
    at = models.DateTimeField(db_index=True)
    action = models.TextField()
    object_kind = models.TextField()
    object_ref = models.TextField()
    object_name = models.TextField(blank=True, default="")
    author = models.TextField(blank=True, default="")
    author_kind = models.CharField(max_length=12)
    channel = models.CharField(max_length=12)
    source_address = models.TextField(blank=True, default="")
    succeeded = models.BooleanField()
    evidence = models.JSONField(default=dict)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["connection", "ref"], name="one_row_per_change")]
        indexes = [models.Index(fields=["connection", "-at", "-id"])]


class Organization(models.Model):
    """How listing the accounts of a connection's organisation went last."""

    connection = models.OneToOneField(
        Connection, on_delete=models.CASCADE, primary_key=True, related_name="organization"
    )
    read_at = models.DateTimeField(null=True)
    failed_at = models.DateTimeField(null=True)
    error = models.JSONField(
        null=True
    )  # why the last time failed: what, unchanged, action; null when it did not


class OrganizationAccount(models.Model):
    """One account of an organisation; read through a connection of its own. It stays, also when it is gone."""

    id = PrefixedIdField(prefix="oac")
    connection = models.ForeignKey(Connection, on_delete=models.CASCADE, related_name="accounts")
    ref = models.TextField()
    name = models.TextField()
    state = models.CharField(max_length=12, default=AccountState.WAITING)
    reason = models.TextField(blank=True, default="")
    own = models.ForeignKey(Connection, null=True, on_delete=models.SET_NULL, related_name="+")
    given = models.JSONField(
        default=dict
    )  # name and settings we gave its connection last; empty: it was there before
    checked_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["connection", "ref"], name="one_row_per_account")]
