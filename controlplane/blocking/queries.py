"""Readers of blocks."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import pyarrow.compute as pc
from django.db.models import QuerySet

from connectors.base.capabilities import Capability
from controlplane.blocking.drafts import parse_match
from controlplane.blocking.models import Block, Preview, ProtectedNetwork
from controlplane.blocking.services.hitting import met
from controlplane.blocking.services.previewing import iso
from controlplane.blocking.types import OVER, WANTED, BlockStatus
from controlplane.connections import queries as connections
from controlplane.traffic.types import MICROSECONDS, Window
from tenants.errors import NotFound

_BUCKETS = 48


def blocks(status: str = "", reason_id: str = "") -> QuerySet[Block]:
    """Blocks, newest first; ``status`` may be ``active`` or ``over`` or one status."""
    found = Block.objects.order_by("-id").prefetch_related("targets")
    if reason_id:
        found = found.filter(reason_id=reason_id)
    if status == "active":
        return found.exclude(status__in=[s.value for s in OVER])
    if status == "over":
        return found.filter(status__in=[s.value for s in OVER])
    return found.filter(status=status) if status else found


def block(block_id: str) -> Block:
    """One block with its targets and history."""
    found = Block.objects.prefetch_related("targets", "events").filter(pk=block_id).first()
    if found is None:
        raise NotFound("block-not-found", "There is no such block.")
    return found


def preview(preview_id: str) -> Preview:
    """One preview."""
    found = Preview.objects.filter(pk=preview_id).first()
    if found is None:
        raise NotFound("preview-not-found", "There is no such preview.")
    return found


def previewed() -> bool:
    """Whether a block was ever previewed."""
    return Preview.objects.exists()


def active_count() -> int:
    """Blocks that are counting, blocking or on their way."""
    return Block.objects.filter(
        status__in=[s.value for s in (*WANTED, BlockStatus.AWAITING_APPROVAL)]
    ).count()


def protected_networks() -> QuerySet[ProtectedNetwork]:
    """The protected list, newest first."""
    return ProtectedNetwork.objects.order_by("-id")


def push_targets() -> list[dict[str, Any]]:
    """Every place a block can be pushed to, over all connections that can enforce."""
    found: list[dict[str, Any]] = []
    for ref in connections.live(Capability.ENFORCE):
        can_write, why = connections.can_write(ref.id)
        found.extend(
            {
                "connection_id": ref.id,
                "connection": ref.name,
                "vendor": ref.vendor,
                "ref": target.ref,
                "name": target.name,
                "kind": target.kind,
                "can_write": can_write,
                "note": " ".join(part for part in (target.note, why) if part),
            }
            for target in connections.targets(ref.id)
        )
    return found


def hits(found: Block, now: datetime) -> Mapping[str, Any]:
    """What the block's match has met since it was created: total, refused, last and a series.

    From stored calls; the series has every stretch of time, also those without a hit.
    """
    window = Window(int(found.created_at.timestamp() * MICROSECONDS), int(now.timestamp() * MICROSECONDS))
    hit = met(parse_match(found.match), window, ["waf_action"])
    refused = pc.sum(pc.fill_null(pc.equal(hit.column("waf_action"), "BLOCK"), False)).as_py() or 0
    width = max(MICROSECONDS, (window.end - window.start) // _BUCKETS + 1)
    counted = dict.fromkeys(range(window.start, window.end, width), 0)
    for ts in hit.column("ts").to_pylist():
        counted[window.start + (ts - window.start) // width * width] += 1
    return {
        "total": hit.num_rows,
        "refused": refused,
        "last_at": iso(hit.column("ts")[-1].as_py()) if hit.num_rows else None,
        "series": [{"at": iso(at), "hits": number} for at, number in counted.items()],
    }


def blocks_of_threats(threat_ids: list[str]) -> list[dict[str, Any]]:
    """The blocks made for these threats, newest first: id, status, stage, expires_at (ISO 8601)."""
    rows = Block.objects.filter(reason_kind="threat", reason_id__in=threat_ids).order_by("-id")
    return [
        {"id": row.id, "status": row.status, "stage": row.stage, "expires_at": row.expires_at.isoformat()}
        for row in rows
    ]


def standing() -> int:
    """Return how many blocks stand, or may still stand, at a gateway."""
    return Block.objects.exclude(status__in=[s.value for s in OVER]).count()
