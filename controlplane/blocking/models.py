"""Tables of blocking: previews, blocks with their targets and history, protected networks, target images."""

from __future__ import annotations

from django.db import models

from controlplane.blocking.types import BlockStatus, Stage
from tenants.ids import PrefixedIdField


class Preview(models.Model):
    """A draft with its simulated effect and the gates' verdicts; the only thing a block can be created from."""

    id = PrefixedIdField(prefix="prv")
    draft = models.JSONField()
    result = models.JSONField()
    verdict = models.TextField()
    created_at = models.DateTimeField(auto_now_add=True)
    expires_at = models.DateTimeField()
    author = models.TextField()
    used_for = models.TextField(default="")  # the block it became: a preview is good for one


class Block(models.Model):
    """One block: what, why, by whom, how far and until when."""

    id = PrefixedIdField(prefix="blk")
    match = models.JSONField()
    action = models.TextField()
    rate = models.JSONField(null=True)
    stage = models.TextField(choices=[(stage.value, stage.value) for stage in Stage])
    status = models.TextField(choices=[(status.value, status.value) for status in BlockStatus])
    reason_kind = models.TextField()
    reason_id = models.TextField(default="")
    reason_text = models.TextField()
    author = models.TextField()
    asked_by = models.TextField(default="")  # id of the person who asked last for it to block
    needs_approval = models.BooleanField(default=False)
    approved_by = models.TextField(default="")
    approved_hash = models.TextField(default="")  # what exactly was approved; compared at each push
    preview = models.JSONField()
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [models.Index(fields=["status", "expires_at"]), models.Index(fields=["reason_id"])]


class BlockTarget(models.Model):
    """A block on one target: what became of it there, as last read back from the vendor."""

    class State(models.TextChoices):
        """Where the vendor's side stands."""

        PENDING = "pending"
        ENFORCED = "enforced"
        OBSERVED = "observed"  # counted from logs by us; nothing is written at the vendor
        DRIFTED = "drifted"
        FAILED = "failed"
        REFUSED = "refused"
        REMOVED = "removed"
        LOST = "lost"  # connection or target gone: nothing can be read or changed there any more

    id = PrefixedIdField(prefix="blt")
    block = models.ForeignKey(Block, on_delete=models.CASCADE, related_name="targets")
    connection = models.TextField()
    ref = models.TextField()
    name = models.TextField()
    kind = models.TextField()
    state = models.TextField(choices=State.choices, default=State.PENDING)
    exactness = models.TextField(default="")
    reasons = models.JSONField(default=list)
    covered = models.IntegerField(default=0)
    uncovered = models.JSONField(default=list)
    cost = models.TextField(default="")
    vendor_objects = models.JSONField(default=list)
    read_back_at = models.DateTimeField(null=True)
    error = models.TextField(default="")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["block", "connection", "ref"], name="one_row_per_block_and_target"
            )
        ]
        indexes = [models.Index(fields=["connection", "ref"])]


class BlockEvent(models.Model):
    """One line of a block's history."""

    id = PrefixedIdField(prefix="ble")
    block = models.ForeignKey(Block, on_delete=models.CASCADE, related_name="events")
    at = models.DateTimeField(auto_now_add=True)
    kind = models.TextField()
    sentence = models.TextField()
    actor = models.TextField(default="")


class ProtectedNetwork(models.Model):
    """A network that must never be blocked: own egress, health checks, offices, partners."""

    id = PrefixedIdField(prefix="pnw")
    cidr = models.TextField(unique=True)
    label = models.TextField()
    kind = models.TextField(default="other")
    created_at = models.DateTimeField(auto_now_add=True)


class TargetImage(models.Model):
    """A target as it was before our first object stood there: what undo returns to, exactly."""

    id = PrefixedIdField(prefix="tim")
    connection = models.TextField()
    ref = models.TextField()
    foreign_digest = models.TextField()
    objects_before = models.JSONField(default=list)
    taken_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["connection", "ref"], name="one_image_per_target")]
