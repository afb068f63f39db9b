"""Rules on the pages of the key value map: each stays on its page, so that no request ever misses it between two writes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any, Final

import orjson

from connectors.apigee.flow.limits import PAGE_BYTES, PAGES
from connectors.apigee.flow.package import MARK, NAME
from connectors.apigee.flow.rules import Rule
from connectors.base.enforcement import VendorObject

_HEAD: Final = {"mark": f"{MARK}rules of {NAME}"}


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
    """A page as it stands; None when the value does not carry our mark."""
    try:
        found = orjson.loads(value)
    except orjson.JSONDecodeError:
        return None
    if not isinstance(found, dict) or not str(found.get("mark", "")).startswith(MARK):
        return None
    rules = found.get("rules")
    good = isinstance(rules, list) and all(isinstance(rule, dict) and "id" in rule for rule in rules)
    return found if good else None


class Pages:
    """The pages of one environment while they are filled."""

    def __init__(self, standing: Mapping[int, Mapping[str, Any]]) -> None:
        """``standing``: the pages as they are now, by number."""
        self._places = {
            (str(rule["id"]), rule.get("part")): number
            for number, page in standing.items()
            for rule in page["rules"]
        }
        self.rules: dict[int, list[Rule]] = {number: [] for number in range(1, PAGES + 1)}
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
            number = next((n for n in (first, *self.rules) if self._left[n] >= size), None)
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
