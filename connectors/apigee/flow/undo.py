"""What of an earlier state can be brought back as an environment is now: never in the place of what is the customer's."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from connectors.apigee.flow.compile import wanted_content
from connectors.apigee.flow.state import FLOW, HOOK, MAP, PAGE, flow_document
from connectors.base.enforcement import State, VendorObject


def undoable(objects: Sequence[VendorObject], now: State) -> tuple[tuple[VendorObject, ...], tuple[str, ...]]:
    """What is brought back, and a sentence for each object that is not. The flow comes back in its version of today."""
    environment = now.foreign[0].document
    kept: list[VendorObject] = []
    notes: list[str] = []
    for entry in objects:
        if _is_theirs(entry, environment):
            said = entry.kind.replace("_", " ")
            notes.append(f"The {said} {entry.name} is used by the customer by now and was left as it is.")
        elif entry.kind == FLOW:
            kept.append(replace(entry, document=flow_document(wanted_content())))
        else:
            kept.append(entry)
    return tuple(kept), tuple(notes)


def _is_theirs(entry: VendorObject, environment: Mapping[str, Any]) -> bool:
    if entry.kind == HOOK:
        # Beside a flow that is lent only what is deployed can be attached: we do not deploy it.
        return entry.name in environment["taken"] or bool(environment["lent"] and not environment["content"])
    theirs = {
        FLOW: environment["lent"] or environment["foreign_flow"],
        MAP: environment["shared_map"],
        PAGE: entry.name in environment["foreign_pages"],
    }
    return bool(theirs[entry.kind])
