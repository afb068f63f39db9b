"""How a target was before our first object stood there: what undo is compared with."""

from __future__ import annotations

from connectors.base.enforcement import State
from controlplane.blocking.models import TargetImage
from controlplane.blocking.services.asking import utc_now
from controlplane.blocking.types import TargetRef


def remember(ref: TargetRef, state: State) -> None:
    """Keep the image of a target that holds nothing of ours; called before every write."""
    if not state.objects:
        TargetImage.objects.update_or_create(
            connection=ref.connection_id,
            ref=ref.ref,
            defaults={
                "foreign_digest": state.foreign_digest,
                "taken_at": utc_now(),
                "objects_before": [],
            },
        )


def image_of(ref: TargetRef) -> TargetImage | None:
    """The kept image of a target."""
    return TargetImage.objects.filter(connection=ref.connection_id, ref=ref.ref).first()
