"""`make asvs`: requirement by requirement which tests prove it, or why none does; then what is missing, and counts.

`python -m tests.asvs [ID …]` shows only ids that begin so, e.g. `6.2`; `--open` only what is missing.
"""

import argparse
import textwrap
from collections.abc import Iterator

from tests.asvs.catalogue import catalogue
from tests.asvs.marks import marks
from tests.asvs.verdicts import Judged, Verdict, counts, judged, unknown

WIDTH = 124


def entry(found: Judged) -> Iterator[str]:
    """The lines of one requirement."""
    wanted = found.requirement
    yield from _wrapped(f"{wanted.id:<8}L{wanted.level}  ", f"[{found.verdict}] {wanted.text}")
    for sentence in (wanted.open, wanted.not_applicable, wanted.by_design):
        if sentence:
            yield from _wrapped(" " * 12, f"- {sentence}")
    for test in found.tests:
        yield f"{' ' * 12}+ {test.node}{'  (slow)' if test.slow else ''}"


def table(found: list[Judged], titles: dict[int, str]) -> Iterator[str]:
    """Counts by chapter and level."""
    counted = counts(found)
    yield f"{'':<42}" + "".join(f"{verdict:>12}" for verdict in Verdict)
    rows = sorted({(chapter, level) for chapter, level, _ in counted})
    for chapter, level in rows:
        name = f"V{chapter} {titles[chapter]}"[:38]
        figures = "".join(f"{counted[chapter, level, verdict] or '':>12}" for verdict in Verdict)
        yield f"{name:<38} L{level} {figures}"
    for level in (1, 2, 3):
        figures = "".join(
            f"{sum(counted[chapter, level, verdict] for chapter in titles):>12}" for verdict in Verdict
        )
        yield f"{'all chapters':<38} L{level} {figures}"
    totals = "".join(f"{sum(each.verdict is verdict for each in found):>12}" for verdict in Verdict)
    yield f"{'all':<42}{totals}"


def main() -> None:
    """Print the report."""
    parser = argparse.ArgumentParser(prog="python -m tests.asvs", description=__doc__)
    parser.add_argument("ids", nargs="*", help="show ids that begin so")
    parser.add_argument("--open", action="store_true", help="show only what is missing")
    options = parser.parse_args()
    known, named = catalogue(), marks()
    found = judged(known, named)
    missing = [each for each in found if each.verdict in (Verdict.OPEN, Verdict.UNANSWERED)]
    for each in [] if options.open else found:
        if not options.ids or any(f"{each.requirement.id}.".startswith(f"{id}.") for id in options.ids):
            print("\n".join(entry(each)))
    if not options.ids:
        print(f"\nWithout proof or reason, or with a part missing: {len(missing)}\n")
        print("\n".join(line for each in missing for line in entry(each)))
        print(f"\n{len({mark.node for mark in named})} tests carry a mark.\n")
        print("\n".join(table(found, known.chapters)))
    for line in unknown(known, named):
        print(f"no such requirement: {line}")


def _wrapped(head: str, text: str) -> list[str]:
    return textwrap.wrap(text, WIDTH, initial_indent=head, subsequent_indent=" " * len(head))


if __name__ == "__main__":
    main()
