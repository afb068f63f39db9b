"""A threat knows the blocks that were made for it."""

from __future__ import annotations

from controlplane.blocking.models import Block
from controlplane.detection.queries import blocks_for
from tenants.orgs.types import OrgInfo
from tests.factories.blocking import build


def test_blocks_made_for_a_threat_are_shown_with_it_and_others_are_not(tenant: OrgInfo) -> None:
    made = build()["block"]
    Block.objects.filter(pk=made).update(reason_kind="threat", reason_id="thr_1")
    assert [block["id"] for block in blocks_for(["thr_1"])] == [made]
    assert blocks_for(["thr_2"]) == []
