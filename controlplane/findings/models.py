"""Tables of findings; they live in each tenant's schema."""

from __future__ import annotations

from django.contrib.postgres.indexes import GinIndex
from django.db import models

from controlplane.findings.types import Severity, Status
from tenants.ids import PrefixedIdField


class Finding(models.Model):
    """One failed check on one subject; ``fingerprint`` is its identity over all reads.

    Title, reason and references are the check's as it last ran, so that a finding can be read even when its check
    is gone. ``last_seen`` is the last read on which the check failed.
    """

    id = PrefixedIdField(prefix="fnd")
    fingerprint = models.CharField(max_length=64, unique=True)
    connection_id = models.CharField(max_length=32, db_index=True)
    check_id = models.CharField(max_length=80)
    title = models.TextField()
    why = models.TextField()
    references = models.JSONField(default=list)
    severity = models.CharField(max_length=8, choices=[(s.value, s.value) for s in Severity])
    severity_rank = models.SmallIntegerField()
    status = models.CharField(max_length=16, choices=[(s.value, s.value) for s in Status])
    status_reason = models.TextField(default="")
    accepted_until = models.DateTimeField(null=True)
    subject_kind = models.CharField(max_length=20)
    subject_ref = models.TextField()
    subject_label = models.TextField()
    service_id = models.CharField(max_length=32, default="", db_index=True)
    endpoint_ids = models.JSONField(default=list)
    sentence = models.TextField()
    evidence = models.JSONField(default=list)
    fix = models.JSONField(default=list)
    first_seen = models.DateTimeField()
    last_seen = models.DateTimeField()
    clean_reads = models.SmallIntegerField(default=0)
    last_read_id = models.TextField(default="")

    class Meta:
        indexes = [
            models.Index(fields=["status", "severity_rank"]),
            GinIndex(fields=["endpoint_ids"], name="findings_by_endpoint"),
        ]


class FindingHistory(models.Model):
    """One change of a finding's status: when, to what, why and by whom."""

    id = PrefixedIdField(prefix="fhi")
    finding = models.ForeignKey(Finding, on_delete=models.CASCADE, related_name="history")
    at = models.DateTimeField()
    status = models.CharField(max_length=16)
    sentence = models.TextField()
    actor = models.TextField(default="")

    class Meta:
        indexes = [models.Index(fields=["-at"])]
