"""Networks of many blocks in few security actions: a hundred to an action, each staying where it stands."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from connectors.apigee.limits import RANGES


def packed(wanted: Sequence[str], standing: Mapping[int, Sequence[str]]) -> dict[int, list[str]]:
    """The networks by the number of their pack, in no more packs than needed.

    Networks of the fullest packs stay; those of a pack that is given up move into free places, so that with creations
    and changes written before removals no network is ever without its action.
    """
    known = set(wanted)
    seen: set[str] = set()
    kept: dict[int, list[str]] = {}
    for number, held in sorted(standing.items(), key=lambda pack: (-len(set(pack[1]) & known), pack[0])):
        here = [text for text in held if text in known and text not in seen][:RANGES]
        if here and len(kept) < -(-len(wanted) // RANGES):
            kept[number] = here
            seen.update(here)
    left = [text for text in wanted if text not in seen]
    for pack in kept.values():
        room = RANGES - len(pack)
        pack += left[:room]
        left = left[room:]
    number = 1
    while left:
        if number not in kept:
            kept[number], left = left[:RANGES], left[RANGES:]
        number += 1
    order = {text: place for place, text in enumerate(wanted)}
    return {number: sorted(pack, key=order.__getitem__) for number, pack in sorted(kept.items())}
