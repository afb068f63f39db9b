"""Wanted objects as a decK document, for Kongs that only their owner's pipeline may write."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

import yaml

from connectors.base.enforcement import VendorObject

SYNCHRONISED: Final = (
    "The settings say that this Kong is synchronised from files, which would undo our writes."
)
_SHARED: Final = {
    "CLUSTER_TYPE_CONTROL_PLANE_GROUP": "A control plane group cannot be written: its members can.",
    "CLUSTER_TYPE_K8S_INGRESS_CONTROLLER": "An ingress controller writes this control plane's configuration.",
}


def shared_planes(kind: str, *, member: bool) -> str:
    """Why a control plane of Konnect is not written; "" when it is. ``member`` of a control plane group."""
    if member:
        return (
            "This control plane is in a control plane group: what we write would also act on the other members' "
            "services, which we do not see."
        )
    return _SHARED.get(kind, "")


def patch_of(objects: Iterable[VendorObject]) -> str:
    """YAML to merge into the customer's own file; entries for their own lists are named in comments."""
    document: dict[str, Any] = {"_format_version": "3.0"}
    notes: list[str] = []
    for entry in objects:
        if entry.kind == "entries":
            notes.append(
                f"# add to config.deny of your global {entry.name}: {', '.join(entry.document['entries'])}"
            )
        else:
            document.setdefault(entry.kind, []).append(_plain(entry.document))
    if len(document) == 1:
        return "\n".join(notes)
    return "\n".join([*notes, yaml.safe_dump(document, sort_keys=False).rstrip()])


def _plain(document: Any) -> dict[str, Any]:
    """An object in decK's form: references are plain ids."""
    return {
        key: value["id"] if key in ("route", "consumer", "service") and isinstance(value, dict) else value
        for key, value in document.items()
    }
