"""The catalogue of the event store: one row per immutable segment, and the records nobody could read."""

from __future__ import annotations

from django.db import models

from tenants.ids import PrefixedIdField
from tenants.vault.fields import SealedTextField


class Segment(models.Model):
    """One Parquet file of calls. It exists for readers exactly when this row is committed."""

    id = PrefixedIdField(prefix="seg")
    connection = models.TextField()
    source = models.TextField()
    day = models.DateField()
    path = models.TextField(unique=True)  # relative to the tenant's folder
    calls = models.IntegerField()
    bytes = models.BigIntegerField()
    min_ts = models.BigIntegerField()
    max_ts = models.BigIntegerField()
    received_at = models.BigIntegerField()

    class Meta:
        indexes = [
            models.Index(fields=["connection", "min_ts"]),
            models.Index(fields=["day"]),
            models.Index(fields=["max_ts"]),
        ]


class SourceStatus(models.Model):
    """Running totals of one source of one connection: what the connection's page shows as its health."""

    id = PrefixedIdField(prefix="src")
    connection = models.TextField()
    source = models.TextField()
    calls = models.BigIntegerField(default=0)
    duplicates = models.BigIntegerField(default=0)
    quarantined = models.BigIntegerField(default=0)
    last_call_ts = models.BigIntegerField(null=True)
    last_received_at = models.BigIntegerField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["connection", "source"], name="one_status_per_source")]


class QuarantinedRecord(models.Model):
    """A record that could not be read, with the reason and a short excerpt without secrets."""

    id = PrefixedIdField(prefix="qua")
    connection = models.TextField()
    source = models.TextField()
    reason = models.TextField()
    excerpt = models.TextField()
    line = models.IntegerField(null=True)
    received_at = models.BigIntegerField()

    class Meta:
        indexes = [models.Index(fields=["connection", "id"])]


class RetiredFile(models.Model):
    """A file whose calls were merged into another segment; deleted once no reader can still hold it."""

    id = PrefixedIdField(prefix="ret")
    path = models.TextField()
    retired_at = models.BigIntegerField()


class Unread(models.Model):
    """A segment that a reader of new calls has not dealt with yet; committed with the segment."""

    id = PrefixedIdField(prefix="unr")
    reader = models.TextField()
    segment_id = models.TextField()
    min_ts = models.BigIntegerField()
    max_ts = models.BigIntegerField()

    class Meta:
        indexes = [models.Index(fields=["reader", "id"]), models.Index(fields=["segment_id"])]


class RawKey(models.Model):
    """The key of one day's raw records, sealed by the vault."""

    day = models.TextField(primary_key=True)  # YYYY-MM-DD
    key = SealedTextField()


class Push(models.Model):
    """Records a vendor pushed and we acknowledged, sealed; the row goes when their calls are stored."""

    id = PrefixedIdField(prefix="psh")
    connection = models.TextField()
    records = models.IntegerField()
    key_day = models.DateField()
    body = models.BinaryField()
    size = models.IntegerField()  # of the body, bytes
    received_at = models.BigIntegerField()
    attempts = models.SmallIntegerField(default=0)
    problem = models.TextField(default="")

    class Meta:
        indexes = [models.Index(fields=["connection", "id"])]


class RawFile(models.Model):
    """One file of the raw window: sealed records of one connection, kept for some hours."""

    id = PrefixedIdField(prefix="raw")
    connection = models.TextField()
    key_day = models.DateField()
    path = models.TextField(unique=True)  # relative to the tenant's folder
    records = models.IntegerField()
    bytes = models.BigIntegerField()
    received_at = models.BigIntegerField()

    class Meta:
        indexes = [models.Index(fields=["received_at"])]


class SweepClock(models.Model):
    """When the last sweep was and since when the clock has not jumped, by the clock itself; one row."""

    seen_at = models.BigIntegerField()
    steady_since = models.BigIntegerField()


class RawWindow(models.Model):
    """How long a workspace keeps raw records; without the row, the default."""

    hours = models.IntegerField()
