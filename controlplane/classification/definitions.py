"""Read class definitions (YAML shipped in `classes/`, or a tenant's own) into compiled matchers.

A file has `category`, `level` and `classes`; a class has `id`, `title` and at least one of
`pattern` (whole value, enough by itself unless `needs_name`), `named_pattern` (whole value, only under a key that
matches `names`) and `text` (inside running text; a group `value` marks the part that counts), plus `checksum`
(see `checksums.CHECKSUMS`), `negative` (keys under which it never applies), `level` and `category`. Patterns are RE2
syntax (linear time); keys are compared in snake_case, with any prefix (`customer_ssn` matches `ssn`).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from importlib.resources import files
from typing import Any, cast

import re2  # type: ignore[import-untyped, unused-ignore]
import yaml

from .checksums import CHECKSUMS
from .types import LEVELS, ClassDefinitionError, DataClass, Level

_SafeLoader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


@dataclass(frozen=True, slots=True)
class Definition:
    """One compiled class definition."""

    data_class: DataClass
    names: Any | None
    negative: Any | None
    pattern: Any | None
    named_pattern: Any | None
    text: str | None
    checksum: Callable[[str], bool] | None
    strong: bool
    needs_name: bool


def options() -> Any:
    """Enough memory for the automaton of the largest pattern; what exceeds it falls back to a slower one, silently."""
    chosen = re2.Options()
    chosen.max_mem = 64 << 20
    chosen.log_errors = False
    return chosen


def _compiled(expression: str | None, class_id: str) -> Any | None:
    if expression is None:
        return None
    try:
        return re2.compile(expression, options())
    except re2.error as error:
        raise ClassDefinitionError(f"class {class_id}: not linear-time RE2 syntax: {error}") from None


def define(raw: dict[str, Any]) -> Definition:
    """Compile one definition. Raises `ClassDefinitionError` naming the class and the fault."""
    class_id = str(raw.get("id", ""))
    level, checksum = raw.get("level"), raw.get("checksum")
    if not class_id or not raw.get("title") or level not in LEVELS:
        raise ClassDefinitionError(
            f"class {class_id or '(no id)'}: needs id, title and a level of {', '.join(LEVELS)}"
        )
    if checksum is not None and checksum not in CHECKSUMS:
        raise ClassDefinitionError(f"class {class_id}: unknown checksum {checksum!r}")
    if not any(raw.get(key) for key in ("pattern", "named_pattern", "text")):
        raise ClassDefinitionError(f"class {class_id}: needs pattern, named_pattern or text")
    names, negative = raw.get("names"), raw.get("negative")
    return Definition(
        data_class=DataClass(
            class_id, str(raw["title"]), str(raw.get("category", "custom")), cast(Level, level)
        ),
        names=_compiled(f"(?:.*_)?(?:{names})" if names else None, class_id),
        negative=_compiled(negative, class_id),
        pattern=_compiled(raw.get("pattern"), class_id),
        named_pattern=_compiled(raw.get("named_pattern"), class_id),
        text=raw.get("text"),
        checksum=CHECKSUMS[checksum] if checksum else None,
        strong=bool(checksum) and checksum not in ("random_looking", "calendar_date", "phone_digits"),
        needs_name=bool(raw.get("needs_name", False)),
    )


def parse(text: str) -> list[Definition]:
    """Definitions of one YAML file. Raises `ClassDefinitionError`."""
    document = yaml.load(text, Loader=_SafeLoader)  # noqa: S506 - it is a safe loader
    if not isinstance(document, dict) or not isinstance(document.get("classes"), list):
        raise ClassDefinitionError("a class file needs `category`, `level` and `classes`")
    defaults = {key: document[key] for key in ("category", "level") if key in document}
    return [define({**defaults, **raw}) for raw in document["classes"]]


def shipped() -> list[Definition]:
    """Every definition in this package's `classes/` folder. Raises `ClassDefinitionError`."""
    found: list[Definition] = []
    for entry in sorted(files(__package__).joinpath("classes").iterdir(), key=lambda item: item.name):
        if entry.name.endswith(".yaml"):
            found.extend(parse(entry.read_text(encoding="utf-8")))
    return found
