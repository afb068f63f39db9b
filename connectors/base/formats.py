"""File formats: what a user can drop in. Each connector package may offer ``formats.py`` with ``FORMATS``.

A *call format* turns lines of a log into calls, a *configuration format* turns a document into a snapshot.
Formats are found by folder, so adding one edits nothing central.
"""

from __future__ import annotations

import importlib
import importlib.util
import pkgutil
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Final

import connectors
from connectors.base.calls import CallBatch, RawBatch
from connectors.base.model import ConfigSnapshot

#: How sure a format is, from first uncompressed bytes and file name: 0 (no) to 1.
Sniff = Callable[[bytes, str], float]


@dataclass(frozen=True, slots=True)
class DocumentError:
    """Something in a document that could not be read; ``line`` counts from 1, ``pointer`` is a JSON pointer."""

    detail: str
    line: int | None = None
    pointer: str = ""


_QUOTED: Final = re.compile(r"(?s)(['\"]).*?\1")


def without_quotes(message: str) -> str:
    """A parser's message without what it quotes: that may be the middle of a credential."""
    return _QUOTED.sub("…", message)


@dataclass(frozen=True, slots=True)
class LoadedDocument:
    """What a configuration document gave, beside everything in it that could not be read."""

    snapshot: ConfigSnapshot
    errors: tuple[DocumentError, ...] = ()


@dataclass(frozen=True, slots=True)
class CallFormat:
    """A log format: ``name`` is the ``RawBatch.source`` its ``normalise`` understands, one record per line.

    ``normalise`` never raises. ``batch.context["first_line"]`` is the line number of the first record. ``entries``
    takes a log apart that is one document instead of lines; ``VendorAnswerError`` when it is none. ``heading`` reads
    what the first bytes of a log say about all of it, which goes into every batch's context. Lines that begin with
    ``comment`` are no records.
    """

    name: str
    title: str
    sniff: Sniff
    normalise: Callable[[RawBatch], CallBatch]
    entries: Callable[[bytes], Sequence[bytes]] | None = None
    heading: Callable[[bytes], Mapping[str, str]] | None = None
    comment: bytes = b""

    def context(self, head: bytes) -> dict[str, str]:
        """What the first bytes of a log say about all of it."""
        return dict(self.heading(head)) if self.heading is not None else {}

    def without_comments(self, lines: Sequence[bytes]) -> tuple[bytes, ...]:
        """The lines with comments blanked, so that numbers stay true."""
        if not self.comment:
            return tuple(lines)
        return tuple(b"" if line.startswith(self.comment) else line for line in lines)


@dataclass(frozen=True, slots=True)
class ConfigFormat:
    """A document format. ``load(data, filename, host)``: ``host`` stands in when the document names none.

    Raises ``VendorAnswerError`` only when nothing at all could be read.
    """

    name: str
    title: str
    sniff: Sniff
    load: Callable[[bytes, str, str], LoadedDocument]


FileFormat = CallFormat | ConfigFormat


@cache
def file_formats() -> dict[str, FileFormat]:
    """Every format of every connector package by name, sorted."""
    found: dict[str, FileFormat] = {}
    for entry in pkgutil.iter_modules(connectors.__path__):
        module = f"connectors.{entry.name}.formats"
        if entry.name == "base" or not entry.ispkg or importlib.util.find_spec(module) is None:
            continue
        for offered in getattr(importlib.import_module(module), "FORMATS", ()):
            found[offered.name] = offered
    return dict(sorted(found.items()))
