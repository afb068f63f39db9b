"""Differences between wanted and present objects, and their writing: one change at a time, checked before and after."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from connectors.base.difference import holds
from connectors.base.enforcement import Change, ChangeKind, Diff, State, VendorObject
from connectors.base.errors import ConflictError, RefusedError, VendorAnswerError
from connectors.kong.client import AdminApi
from connectors.kong.estate import estate_of
from connectors.kong.ownership import is_ours, merged

# A route is created before the plugin that ends it and goes before it: our routes have no service, so the moment
# in between answers 503 and lets nothing through.
WRITE_ORDER: Final = {
    (ChangeKind.CREATE, "routes"): 0,
    (ChangeKind.CREATE, "plugins"): 1,
    (ChangeKind.CREATE, "entries"): 2,
    (ChangeKind.UPDATE, "routes"): 3,
    (ChangeKind.UPDATE, "plugins"): 4,
    (ChangeKind.UPDATE, "entries"): 5,
    (ChangeKind.DELETE, "routes"): 6,
    (ChangeKind.DELETE, "plugins"): 7,
    (ChangeKind.DELETE, "entries"): 8,
}


def check_unmoved(diff: Diff, state: State) -> None:
    """``ConflictError`` when an object is no longer what the difference was computed from."""
    present = {(entry.kind, entry.ref): entry for entry in state.objects}
    for change in diff.changes:
        now = present.get((change.object_kind, _ref(change)))
        before = change.before
        if before is None and now is not None:
            raise ConflictError(f"{_label(change)} exists already; the state was read before it was made.")
        if before is not None and (now is None or now.lock != before.lock or now.document != before.document):
            raise ConflictError(
                f"{_label(change)} was changed by somebody else since it was read.",
                action="Read the state again and push anew.",
            )


def check_conditions(diff: Diff, state: State) -> None:
    """``RefusedError`` when a plugin with a condition would be written where a data plane may not know conditions.

    The data planes may have changed since the difference was made, or since the state was kept that is restored.
    """
    conditional = [change for change in diff.changes if _condition(change.after)]
    if not conditional:
        return
    estate = estate_of(state)
    standing = all(_condition(change.before) for change in conditional)
    if why := estate.no_conditions() or ("" if standing else estate.conditions_unknown()):
        raise RefusedError(f"{_label(conditional[0])} was not written. {why}", action="Push anew.")


def write(api: AdminApi, change: Change) -> None:
    """Carry out one change at Kong; foreign objects are refused even when their id is given."""
    ref = _ref(change)
    if change.object_kind == "entries":
        _write_entries(api, change, ref)
        return
    present = api.one(change.object_kind, ref)
    if present is not None and not is_ours(present):
        raise RefusedError(f"{_label(change)} is not ours: it lost our tag, so it is left alone.")
    if change.after is None:
        api.delete(change.object_kind, ref)
        return
    document = {key: value for key, value in change.after.document.items() if key != "id"}
    if not document.get("condition"):
        api.put(change.object_kind, ref, document)
        return
    # A plugin that lost its condition would end every request: it is switched on only when it was seen to keep it.
    kept = present is not None and present.get("condition") and present.get("enabled") is not False
    for enabled in (True,) if kept else (False, True):
        api.put(change.object_kind, ref, {**document, "enabled": enabled})
        _check_condition(api, change, ref, str(document["condition"]))


def check_written(program_objects: Mapping[tuple[str, str], VendorObject], after: State) -> None:
    """``VendorAnswerError`` when what was read back is not what was written."""
    present = {(entry.kind, entry.ref): entry for entry in after.objects}
    for key, entry in program_objects.items():
        found = present.get(key)
        if found is None or not holds(entry.document, found.document):
            raise VendorAnswerError(
                f"Kong accepted {entry.kind} {entry.name or entry.ref} but shows something else when read back.",
                unchanged="It is not known whether the block works.",
                action="Look at the object in Kong; the next reconciliation writes it again.",
            )


def _check_condition(api: AdminApi, change: Change, ref: str, wanted: str) -> None:
    """Delete our plugin at once when Kong did not keep its condition."""
    found = api.one("plugins", ref)
    if found is not None and found.get("condition") == wanted:
        return
    api.delete("plugins", ref)
    raise VendorAnswerError(
        f"Kong accepted {_label(change)} without its condition.",
        unchanged="The plugin was deleted again, so none of the blocks in it is in force.",
        action="Check that every node of this Kong is 3.15 or newer, then push anew.",
    )


def _condition(entry: VendorObject | None) -> bool:
    return entry is not None and bool(entry.document.get("condition"))


def _write_entries(api: AdminApi, change: Change, ref: str) -> None:
    """Read the customer's plugin afresh, exchange our entries only, and write both lists in one PATCH."""
    plugin = api.one("plugins", ref)
    if plugin is None:
        raise ConflictError(f"The {change.name} plugin {ref} was deleted since it was read.")
    entries = [] if change.after is None else list(change.after.document["entries"])
    api.patch("plugins", ref, merged(plugin, entries))


def _ref(change: Change) -> str:
    entry = change.after or change.before
    return entry.ref if entry is not None else ""


def _label(change: Change) -> str:
    return f"The {change.object_kind} object {change.name or _ref(change)}"
