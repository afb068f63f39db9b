"""The ordered writes between what is wanted at a vendor and what is there: pure, and the same for every vendor."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import orjson

from connectors.base.enforcement import Change, ChangeKind, Diff, Program, State

#: In which order kinds of writes to kinds of objects are made.
Order = Mapping[tuple[ChangeKind, str], int]


def difference(
    program: Program, state: State, order: Order, same: Callable[[Any, Any], bool] | None = None
) -> Diff:
    """The writes that turn a state into a program; empty when everything wanted is there already.

    Objects are the same when kind and ref are; they need no write when ``same(wanted, found)``, by default ``holds``.
    """
    same = same or holds
    wanted = {(entry.kind, entry.ref): entry for entry in program.objects}
    present = {(entry.kind, entry.ref): entry for entry in state.objects}
    changes: list[tuple[str, Change]] = []
    for (kind, ref), entry in wanted.items():
        before = present.get((kind, ref))
        if before is None:
            changes.append((ref, Change(ChangeKind.CREATE, kind, entry.name, None, entry)))
        elif not same(entry.document, before.document):
            changes.append((ref, Change(ChangeKind.UPDATE, kind, entry.name, before, entry)))
    changes += [
        (ref, Change(ChangeKind.DELETE, kind, entry.name, entry, None))
        for (kind, ref), entry in present.items()
        if (kind, ref) not in wanted
    ]
    changes.sort(key=lambda found: (order[(found[1].kind, found[1].object_kind)], found[0]))
    return Diff(program.target, tuple(change for _, change in changes))


def holds(wanted: Any, found: Any) -> bool:
    """Whether everything wanted is found: vendors fill in the rest with defaults, and their lists are sets."""
    if isinstance(wanted, Mapping):
        return isinstance(found, Mapping) and all(
            holds(value, found.get(key)) for key, value in wanted.items()
        )
    if isinstance(wanted, list | tuple):
        return isinstance(found, list | tuple) and sorted(map(_text, wanted)) == sorted(map(_text, found))
    return bool(wanted == found)


def equal(wanted: Any, found: Any) -> bool:
    """Whether both say the same, their lists being sets: for vendors that add nothing of their own."""
    return holds(wanted, found) and holds(found, wanted)


def _text(value: Any) -> str:
    return orjson.dumps(value, option=orjson.OPT_SORT_KEYS).decode()
