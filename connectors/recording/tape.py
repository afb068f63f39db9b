"""The file: one JSON document per line, the heading first."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, BinaryIO, Final

import msgspec

from connectors.base.errors import SettingsError

FORMAT: Final = 1


@dataclass(frozen=True, slots=True)
class Heading:
    """What was recorded: the connector, its settings without secrets, when (ISO 8601), by which version of ours."""

    connector: str
    settings: Mapping[str, Any] = field(default_factory=dict)
    at: str = ""
    version: str = ""
    recording: int = FORMAT


@dataclass(frozen=True, slots=True)
class Exchange:
    """One request and its answer, scrubbed. ``status`` 0: there was none, and ``failure`` says why.

    ``content`` is text; ``packed`` is base64 instead where the answer was an archive.
    """

    method: str
    url: str
    request: str = ""
    status: int = 0
    headers: Mapping[str, str] = field(default_factory=dict)
    content: str = ""
    packed: str = ""
    failure: str = ""

    @property
    def body(self) -> bytes:
        """The answer's body."""
        return base64.b64decode(self.packed) if self.packed else self.content.encode()


def write_heading(file: BinaryIO, heading: Heading) -> None:
    """The first line."""
    file.write(msgspec.json.encode(heading) + b"\n")


def write_exchange(file: BinaryIO, exchange: Exchange) -> None:
    """One more line."""
    file.write(msgspec.json.encode(exchange) + b"\n")


def read_recording(file: BinaryIO) -> tuple[Heading, list[Exchange]]:
    """The heading and the exchanges in order; ``SettingsError`` when the file is no recording or was cut."""
    number = 1
    try:
        heading = msgspec.json.decode(file.readline(), type=Heading)
        exchanges = []
        for line in file:
            number += 1
            exchanges.append(msgspec.json.decode(line, type=Exchange))
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise SettingsError(
            f"Line {number} is not what a recording holds.",
            unchanged="Nothing was read from it.",
            action="Name a file that `manage.py record` wrote, whole.",
        ) from error
    if heading.recording != FORMAT:
        raise SettingsError(
            f"The recording is of format {heading.recording}; this version reads {FORMAT}.",
            unchanged="Nothing was read from it.",
        )
    return heading, exchanges
