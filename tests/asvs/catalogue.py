"""The requirements this product is judged by, and what is said of each (`requirements.yaml`)."""

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import yaml

FILE = Path(__file__).with_name("requirements.yaml")


@dataclass(frozen=True)
class Requirement:
    """One requirement in our words. At most one of the three sentences is given; without any it needs a test."""

    id: str
    level: int
    text: str
    not_applicable: str = ""
    by_design: str = ""
    open: str = ""

    @property
    def chapter(self) -> int:
        """The first number of the id."""
        return int(self.id.partition(".")[0])

    @property
    def place(self) -> tuple[int, ...]:
        """What to sort by."""
        return tuple(int(part) for part in self.id.split("."))


@dataclass(frozen=True)
class Catalogue:
    """All requirements by id, the chapters' titles, and how many may be open, or without any answer, at most."""

    requirements: dict[str, Requirement]
    chapters: dict[int, str]
    open_at_most: int
    unanswered_at_most: int


@cache
def catalogue() -> Catalogue:
    """Read the file. Raises ValueError for an id that stands twice."""
    document: dict[str, Any] = yaml.safe_load(FILE.read_text())
    found: dict[str, Requirement] = {}
    for chapter in document["chapters"]:
        for entry in chapter["requirements"]:
            requirement = Requirement(**entry)
            if requirement.id in found:
                raise ValueError(f"{requirement.id} stands twice in {FILE.name}")
            found[requirement.id] = requirement
    chapters = {chapter["chapter"]: chapter["title"] for chapter in document["chapters"]}
    return Catalogue(found, chapters, document["open_at_most"], document["unanswered_at_most"])
