"""After the push: is it still there, and does it hurt the wrong callers?"""

from __future__ import annotations

from datetime import datetime

import pyarrow.compute as pc
from django.db import transaction

from connectors.base.evaluate import matches
from controlplane.blocking.drafts import parse_match
from controlplane.blocking.models import Block, BlockTarget
from controlplane.blocking.services.history import note
from controlplane.blocking.services.lifecycle import undo
from controlplane.blocking.services.push import intent_of
from controlplane.blocking.services.targeting import open_target
from controlplane.blocking.simulate import COLUMNS
from controlplane.blocking.types import BlockStatus, TargetRef
from controlplane.detection import queries as detection
from controlplane.traffic import engine
from controlplane.traffic.types import MICROSECONDS, Window

#: Refused requests of consumers with a name, which tell a partner or an app from an attacker's address.
_MIN_VICTIMS = 5


def check_drift(connection_id: str, ref: str) -> bool:
    """Whether somebody changed our objects at the vendor; noted on the blocks, repaired by the next push."""
    rows = list(
        BlockTarget.objects.select_related("block").filter(
            connection=connection_id,
            ref=ref,
            state=BlockTarget.State.ENFORCED,
            block__status__in=["counting", "blocking"],
        )
    )
    opened = open_target(TargetRef(connection_id, ref))
    if not rows or opened.enforcer is None or opened.target is None:
        return False
    state = opened.enforcer.read_state(opened.target)
    program = opened.enforcer.compile([intent_of(row.block) for row in rows], opened.target, state)
    changes = opened.enforcer.diff(program, state).changes
    if not changes:
        return False
    names = ", ".join(change.name for change in changes[:3])
    with transaction.atomic():
        for row in rows:
            row.state = BlockTarget.State.DRIFTED
            row.save(update_fields=["state"])
            note(row.block, "drift", f"Somebody changed {names} at {row.name}. It is being put back.")
    return True


def watch_effects(now: datetime) -> int:
    """Undo blocks that refuse named, non-suspect consumers they were not meant for; returns how many."""
    undone = 0
    for block in Block.objects.filter(status=BlockStatus.BLOCKING.value):
        window = Window(int(block.created_at.timestamp() * MICROSECONDS), int(now.timestamp() * MICROSECONDS))
        calls = engine.calls(window, columns=[*COLUMNS, "waf_action"])
        hit = calls.filter(pc.fill_null(matches(parse_match(block.match), calls), False))
        refused = hit.filter(pc.fill_null(pc.equal(hit.column("waf_action"), "BLOCK"), False))
        suspects = detection.suspects()
        victims = [
            row["consumer"]
            for row in refused.select(["consumer", "client_ip", "principal"]).to_pylist()
            if row["consumer"] and not {row["consumer"], row["client_ip"], row["principal"]} & suspects
        ]
        expected = {partner["name"] for partner in block.preview["effect"]["partners"]}
        surprising = [name for name in victims if name not in expected]
        if len(surprising) >= _MIN_VICTIMS:
            seen = (
                f"It refused {len(surprising)} requests of {surprising[0]}, which the preview did not show."
            )
            undo(block.id, "", f"{seen} Undone by itself.")
            undone += 1
    return undone
