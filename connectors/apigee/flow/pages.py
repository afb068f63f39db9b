"""Rules on the pages of the key value map: each stays on its page, so that no request ever misses it between two writes."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any, Final

import orjson

from connectors.apigee.flow.limits import PAGE_BYTES, PAGES
from connectors.apigee.flow.package import MARK, NAME
from connectors.apigee.flow.rules import Rule
from connectors.base.enforcement import VendorObject

#: A script reads no other format. A release that raises it goes on reading the one before, and writes that one where a
#: customer's shared flow calls an older one of ours.
FORMAT: Final = 1
_HEAD: Final = {"format": FORMAT, "mark": f"{MARK}rules of {NAME}"}


def entry_of(number: int) -> str:
    """The key of a page in the map."""
    return f"rules-{number}"


def document_of(rules: Sequence[Rule]) -> dict[str, Any]:
    """A page as it is written."""
    ordered = sorted(rules, key=lambda rule: (rule["id"], rule["part"]))
    return {**_HEAD, "rules": ordered}


def written(document: Mapping[str, Any]) -> str:
    """A page's value."""
    return orjson.dumps(document).decode()


def read(value: str) -> dict[str, Any] | None:
    """A page as it stands; None when the value does not carry our mark or holds what we do not write."""
    found = _loaded(value)
    if not str(found.get("mark", "")).startswith(MARK) or found.get("format") != FORMAT:
        return None
    rules = found.get("rules")
    return found if isinstance(rules, list) and all(_is_rule(rule) for rule in rules) else None


def blocks_of(value: str) -> list[str]:
    """The blocks that the shared flow may read in an entry, whoever wrote it."""
    rules = _loaded(value).get("rules")
    named = [rule.get("id") for rule in rules if isinstance(rule, dict)] if isinstance(rules, list) else []
    return sorted({name for name in named if isinstance(name, str)})


def _loaded(value: str) -> dict[str, Any]:
    """The object that is written in an entry; an empty one when there is none."""
    try:
        found = orjson.loads(value)
    except orjson.JSONDecodeError:
        return {}
    return found if isinstance(found, dict) else {}


def _is_rule(rule: Any) -> bool:
    kinds = {"id": str, "part": int, "mode": str, "exp": int}
    return isinstance(rule, dict) and all(type(rule.get(name)) is kind for name, kind in kinds.items())


class Pages:
    """The pages of one environment while they are filled."""

    def __init__(self, standing: Mapping[int, Mapping[str, Any]], without: Collection[int] = ()) -> None:
        """``standing``: the pages as they are now, by number; ``without``: those that are not ours to write."""
        self._places = {
            (str(rule["id"]), rule.get("part")): number
            for number, page in standing.items()
            for rule in page["rules"]
        }
        self.rules: dict[int, list[Rule]] = {
            number: [] for number in range(1, PAGES + 1) if number not in without
        }
        self.pieces = 0  # path templates whose variables are pieces of segments
        self._left = dict.fromkeys(self.rules, PAGE_BYTES - len(written(document_of([]))))

    def room(self) -> int:
        """Bytes that are free on all pages."""
        return sum(self._left.values())

    def stays(self, rules: Sequence[Rule]) -> bool:
        """Whether all these rules stand already."""
        return all((rule["id"], rule["part"]) in self._places for rule in rules)

    def add(self, rules: Sequence[Rule]) -> bool:
        """Put all of a block's rules on pages; False, and none is put, when they find no room."""
        placed: list[tuple[int, Rule, int]] = []
        for rule in rules:
            size = len(orjson.dumps(rule)) + 1
            first = self._places.get((rule["id"], rule["part"]), 1)
            number = next((n for n in (first, *self.rules) if self._left.get(n, 0) >= size), None)
            if number is None:
                for at, _, taken in placed:
                    self._left[at] += taken
                return False
            self._left[number] -= size
            placed.append((number, rule, size))
        for number, rule, _ in placed:
            self.rules[number].append(rule)
        return True


def alive(objects: Sequence[VendorObject], kind: str, now: datetime) -> tuple[tuple[VendorObject, ...], int]:
    """Objects of an image with the rules of its pages that have not ended; none when no rule is left. And how many ended."""
    moment = now.timestamp() * 1000
    kept = []
    left = over = 0
    for entry in objects:
        if entry.kind != kind:
            kept.append(entry)
            continue
        rules = [rule for rule in entry.document["rules"] if rule["exp"] > moment]
        left += len(rules)
        over += len(entry.document["rules"]) - len(rules)
        kept.append(replace(entry, document=document_of(rules)))
    return (tuple(kept) if left or not over else ()), over
