"""The list of requirements is whole, the marks on tests mean something, and what is missing only gets less."""

from collections import Counter
from pathlib import Path

import pytest

from tests.asvs.catalogue import catalogue
from tests.asvs.marks import marks
from tests.asvs.verdicts import Verdict, judged, unknown

#: As published: OWASP ASVS 5.0.0 has so many requirements of level 1 and of level 2. Of level 3 we chose.
PUBLISHED = {1: 70, 2: 183}


def test_every_published_requirement_of_levels_1_and_2_is_listed() -> None:
    levels = Counter(found.level for found in catalogue().requirements.values())
    assert {level: levels[level] for level in PUBLISHED} == PUBLISHED
    assert set(levels) == {1, 2, 3}


def test_each_has_our_words_and_at_most_one_reason() -> None:
    for found in catalogue().requirements.values():
        reasons = [text for text in (found.not_applicable, found.by_design, found.open) if text]
        assert len(reasons) <= 1, found.id
        assert all(len(text) >= 15 for text in reasons), found.id
        assert found.chapter in catalogue().chapters, found.id
        assert len(found.text) >= 15, found.id


def test_every_mark_names_a_listed_requirement() -> None:
    assert unknown(catalogue(), marks()) == []


def test_nothing_is_both_tested_and_not_applicable() -> None:
    wrong = [
        each.requirement.id
        for each in judged(catalogue(), marks())
        if each.tests and each.requirement.not_applicable
    ]
    assert wrong == []


def test_what_is_missing_is_recorded_and_only_gets_less() -> None:
    """A test that proves one gets the mark, or requirements.yaml says why there is none. The figures are never raised."""
    found = judged(catalogue(), marks())
    unanswered = [each.requirement.id for each in found if each.verdict is Verdict.UNANSWERED]
    missing = [each.requirement.id for each in found if each.verdict is Verdict.OPEN]
    assert len(unanswered) <= catalogue().unanswered_at_most, unanswered
    assert len(missing) == catalogue().open_at_most, "lower open_at_most when something was closed"


def test_marks_are_found_on_functions_classes_and_files_and_nowhere_else(tmp_path: Path) -> None:
    file = tmp_path / "tests" / "test_x.py"
    file.parent.mkdir()
    file.write_text(
        "import pytest\n"
        "pytestmark = [pytest.mark.asvs('1.1.1')]\n"
        "@pytest.mark.slow\n@pytest.mark.asvs('2.2.2', '3.3.3')\ndef test_a():\n    pass\n"
        "@pytest.mark.asvs('4.4.4')\nclass TestB:\n    def test_c(self):\n        pass\n"
    )
    found = [(mark.id, mark.node.partition("::")[2], mark.slow) for mark in marks(file.parent)]
    assert found == [
        ("1.1.1", "test_a", True),
        ("2.2.2", "test_a", True),
        ("3.3.3", "test_a", True),
        ("1.1.1", "TestB::test_c", False),
        ("4.4.4", "TestB::test_c", False),
    ]
    for wrong in (
        "import pytest\n@pytest.mark.asvs('1.1.1')\ndef helper():\n    pass\n",
        "import pytest\nname = '1.1.1'\n@pytest.mark.asvs(name)\ndef test_a():\n    pass\n",
    ):
        file.write_text(wrong)
        with pytest.raises(ValueError, match="mark"):
            marks(file.parent)
