"""One block with its preview, and one protected network of each tenant."""

from datetime import timedelta

from django.utils import timezone

from controlplane.blocking.models import Block, BlockTarget, Preview, ProtectedNetwork


def build() -> dict[str, str]:
    """Create them in the entered tenant; nothing is pushed."""
    now = timezone.now()
    effect = {"partners": [], "series": [], "requests": 0}
    preview = Preview.objects.create(
        draft={},
        result={"effect": effect},
        verdict="pass",
        expires_at=now + timedelta(minutes=5),
        author="CANARY",
    )
    block = Block.objects.create(
        match={"networks": ["198.18.4.7/32"]},
        action="block",
        stage="count",
        status="undone",
        reason_kind="manual",
        reason_text="CANARY",
        author="CANARY",
        preview={"effect": effect},
        created_at=now,
        expires_at=now + timedelta(hours=1),
    )
    BlockTarget.objects.create(block=block, connection="con_x", ref="CANARY", name="CANARY", kind="web_acl")
    network = ProtectedNetwork.objects.create(cidr="192.0.2.0/24", label="CANARY office", kind="office")
    return {"block": block.id, "protected-network": network.id, "preview": preview.id}
