"""How completely each section was read: failures are kept with their reason, never taken for "empty"."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TypeVar

from connectors.base.errors import ConnectorError
from connectors.base.model import Completeness, Section

T = TypeVar("T")


class Ledger:
    """Counts successful and failed reads per section."""

    def __init__(self, names: tuple[str, ...], parents: Mapping[str, str]) -> None:
        """``parents`` names, for a section read per object, the section that lists the objects."""
        self._parents = parents
        self._read = dict.fromkeys(names, 0)
        self._failed: dict[str, list[str]] = {name: [] for name in names}

    def attempt(self, sections: tuple[str, ...], what: str, read: Callable[[], T]) -> T | None:
        """``read()``, or None when the vendor failed; a failure counts against every section, a success for the first."""
        try:
            answer = read()
        except ConnectorError as error:
            self.failed(sections, f"{what}: {error.what}")
            return None
        self._read[sections[0]] += 1
        return answer

    def failed(self, sections: tuple[str, ...], reason: str) -> None:
        """Something of these sections is known to be missing."""
        for name in sections:
            self._failed[name].append(reason)

    def sections(self) -> tuple[Section, ...]:
        """Each section: complete, partial (something failed) or unknown (nothing was read).

        Sections are reported in the order they were named, parents before their children.
        """
        states: dict[str, Section] = {}
        for name, reasons in self._failed.items():
            parent = states.get(self._parents.get(name, ""))
            if reasons:
                state = Completeness.PARTIAL if self._read[name] else Completeness.UNKNOWN
                shown = reasons[:3] + ([f"and {len(reasons) - 3} more"] if len(reasons) > 3 else [])
                states[name] = Section(name, state, " ".join(shown))
            elif self._read[name]:
                states[name] = Section(name, Completeness.COMPLETE)
            elif parent is not None:
                states[name] = Section(name, parent.completeness, parent.reason)
            else:
                states[name] = Section(name, Completeness.UNKNOWN, "It was not read.")
            if parent is not None and parent.completeness is not Completeness.COMPLETE:
                states[name] = _not_better(states[name], parent)
        return tuple(states.values())


def _not_better(section: Section, parent: Section) -> Section:
    """A section cannot be complete while the list of its objects is not."""
    if section.completeness is Completeness.COMPLETE:
        return Section(section.name, Completeness.PARTIAL, parent.reason)
    return section


def section_of(
    name: str, sources: Sequence[str], unread: Mapping[str, str], partly: Mapping[str, str]
) -> Section:
    """A section made of several collections: unknown without its first one, partial when another is lacking.

    ``unread`` and ``partly`` say why a collection is missing, whole or in part.
    """
    if sources[0] in unread:
        return Section(name, Completeness.UNKNOWN, unread[sources[0]])
    lacking = [why for source in sources for why in (unread.get(source), partly.get(source)) if why]
    if lacking:
        return Section(name, Completeness.PARTIAL, " ".join(dict.fromkeys(lacking)))
    return Section(name, Completeness.COMPLETE)
