"""Read rule packs (YAML content shipped in `packs/`) into validated rules.

A pack is a mapping with `pack`, `attack_class`, defaults (`severity`, `score`, `fields`, `transforms`,
`references`) and `rules`. A rule has `id`, `title`, `pattern` or `patterns` (RE2 syntax, linear time) and may
override every default; `check` names a procedural confirmation, `prose: false` weakens the rule in running text,
`plain: true` also evaluates it on single bare words, `attacks` and `benign` are examples the tests execute.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from importlib.resources import files
from typing import Any, cast, get_args

import re2  # type: ignore[import-untyped, unused-ignore]
import yaml

from .checks import CHECKS
from .transforms import TRANSFORMS
from .types import Severity

PLACES: dict[str, tuple[str, ...]] = {
    "args": ("query", "body", "cookie", "query_name", "body_name", "cookie_name", "xml"),
    "values": ("query", "body", "cookie", "xml"),
    "names": ("query_name", "body_name", "cookie_name"),
    "headers": ("header", "referer", "user_agent"),
    "any": (
        "query", "body", "cookie", "query_name", "body_name", "cookie_name", "xml",
        "header", "referer", "user_agent", "path", "filename",
    ),
}  # fmt: skip
"""Groups of places a rule may name in `fields` beside the places themselves."""
_SafeLoader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_SINGLE_PLACES = frozenset(PLACES["any"]) | {"method", "content_type", "part_header"}


_DEFAULTS = ("severity", "score", "fields", "transforms", "references")


class PackError(ValueError):
    """A rule pack is not valid; the message names the rule and the fault. No rule of the pack is loaded."""


@dataclass(frozen=True, slots=True)
class Rule:
    """One signature; `patterns` are RE2, `places` the field places it reads, `score` 1..100."""

    id: str
    pack: str
    attack_class: str
    title: str
    severity: Severity
    score: int
    places: frozenset[str]
    transforms: tuple[str, ...]
    patterns: tuple[str, ...]
    check: str | None
    in_prose: bool
    plain: bool
    references: tuple[str, ...]
    attacks: tuple[Any, ...] = field(default=(), repr=False)
    benign: tuple[Any, ...] = field(default=(), repr=False)


def _places(names: list[str], rule_id: str) -> frozenset[str]:
    places: set[str] = set()
    for name in names:
        if name not in PLACES and name not in _SINGLE_PLACES:
            raise PackError(f"rule {rule_id}: unknown field place {name!r}")
        places.update(PLACES.get(name, (name,)))
    return frozenset(places)


def _rule(pack: dict[str, Any], raw: dict[str, Any]) -> Rule:
    rule_id = str(raw.get("id", ""))
    merged: dict[str, Any] = {key: pack[key] for key in _DEFAULTS if key in pack} | raw
    patterns = tuple(merged.get("patterns") or [merged.get("pattern") or ""])
    severity, score = merged.get("severity"), merged.get("score")
    if not rule_id or not merged.get("title") or not all(patterns):
        raise PackError(f"pack {pack.get('pack')}: a rule needs id, title and pattern ({rule_id or 'no id'})")
    if severity not in get_args(Severity) or not isinstance(score, int) or not 1 <= score <= 100:
        raise PackError(f"rule {rule_id}: severity or score is missing or out of range")
    unknown = [name for name in merged.get("transforms", []) if name not in TRANSFORMS]
    check = merged.get("check")
    if unknown or (check is not None and check not in CHECKS):
        raise PackError(f"rule {rule_id}: unknown transform or check {unknown or check}")
    for pattern in patterns:
        try:
            re2.compile(pattern)
        except re2.error as error:
            raise PackError(f"rule {rule_id}: pattern is not linear-time RE2 syntax: {error}") from None
    return Rule(
        id=rule_id, pack=str(pack["pack"]), attack_class=str(merged.get("attack_class", pack["attack_class"])),
        title=str(merged["title"]), severity=cast(Severity, severity), score=score,
        places=_places(list(merged.get("fields", [])), rule_id), transforms=tuple(merged.get("transforms", [])),
        patterns=patterns, check=check, in_prose=bool(merged.get("prose", True)), plain=bool(merged.get("plain", False)),
        references=tuple(merged.get("references", [])), attacks=tuple(raw.get("attacks", [])),
        benign=tuple(raw.get("benign", [])),
    )  # fmt: skip


def parse_pack(text: str) -> list[Rule]:
    """Rules of one pack's YAML text. Raises `PackError` naming the rule at fault."""
    pack = yaml.load(text, Loader=_SafeLoader)  # noqa: S506 - it is a safe loader
    if not isinstance(pack, dict) or not {"pack", "attack_class", "rules"} <= pack.keys():
        raise PackError("a pack needs `pack`, `attack_class` and `rules`")
    return [_rule(pack, raw) for raw in pack["rules"]]


def load_packs() -> list[Rule]:
    """Every rule shipped in this package's `packs/` folder, in file order. Raises `PackError`."""
    rules: list[Rule] = []
    for entry in sorted(files(__package__).joinpath("packs").iterdir(), key=lambda item: item.name):
        if entry.name.endswith(".yaml"):
            rules.extend(parse_pack(entry.read_text(encoding="utf-8")))
    seen: set[str] = set()
    for rule in rules:
        if rule.id in seen:
            raise PackError(f"rule {rule.id} is defined twice")
        seen.add(rule.id)
    return rules
