"""What docs/adding-a-detector.md shows works as it stands."""

from __future__ import annotations

import re
from pathlib import Path
from textwrap import dedent
from typing import Any

from controlplane.detection.classes import title_of
from controlplane.detection.detectors import detectors
from controlplane.detection.types import DETECTOR_COLUMNS, Detector
from tests.controlplane.detection.calls import call, table

DOCS = Path(__file__).parents[3] / "docs"


def documented() -> Detector:
    text = (DOCS / "adding-a-detector.md").read_text()
    (code,) = re.findall(r"```python\n(.*?)\n *```", text, re.DOTALL)
    names: dict[str, Any] = {}
    exec(compile(dedent(code), "adding-a-detector.md", "exec"), names)
    detector = names["DETECTOR"]
    assert isinstance(detector, Detector)
    return detector


def test_the_documented_detector_fires_and_stays_quiet() -> None:
    rows = [call(f"/notes/{n}", "/notes/{id}", method="DELETE", principal="p", at=n) for n in range(25)]
    (found,) = documented().detect(table(rows))
    assert (found.detector, found.requests, found.succeeded) == (documented().id, 25, 25)
    assert documented().detect(table(rows[:19])) == []
    assert title_of(found.attack_class) == "Mass deletion"


def test_every_detector_is_on_the_page_and_needs_only_columns_there_are() -> None:
    page = (DOCS / "detection.md").read_text()
    for name, detector in detectors().items():
        assert name == detector.id
        assert f"`{name}`" in page, f"{name} is not in docs/detection.md"
        assert set(detector.needs) <= set(DETECTOR_COLUMNS)
        assert 3600 % detector.window_seconds == 0


def test_no_detector_says_anything_about_no_calls() -> None:
    for detector in detectors().values():
        assert detector.detect(table([])) == []
