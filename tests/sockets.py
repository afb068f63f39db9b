"""Watches every connection and look-up Python makes in the test process, and who of our modules makes it.

An audit hook (PEP 578) sees them below every library. Database connections are made by libpq and are not seen.
"""

from __future__ import annotations

import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Any

REPOSITORY = Path(__file__).resolve().parents[1]
EVENTS = {
    "socket.connect",
    "socket.sendto",
    "socket.getaddrinfo",
    "socket.gethostbyname",
    "socket.gethostbyaddr",
}
#: The product's own code; the first frame below one of these folders is who opens the socket.
PRODUCT = tuple(f"{REPOSITORY / name}/" for name in ("connectors", "tenants", "controlplane"))
TESTS = f"{REPOSITORY / 'tests'}/"
#: The only door out; the rest never runs in a deployment or speaks to the embedded database beside it.
ALLOWED = tuple(
    f"{REPOSITORY / name}/"
    for name in ("connectors/egress", "connectors/testkit", "controlplane/demo", "tenants/isolation/postgres")
)


class SocketOpenedElsewhere(RuntimeError):
    """A module other than the egress opened a socket or looked a name up."""


violations: list[str] = []
_recording: list[list[tuple[str, Any]]] = []


def opener(frame: FrameType | None) -> str | None:
    """The file of the innermost frame of ours, tests included; None when there is none."""
    while frame is not None:
        name = frame.f_code.co_filename
        if name.startswith((*PRODUCT, TESTS)):
            return name
        frame = frame.f_back
    return None


def _watch(event: str, arguments: tuple[Any, ...]) -> None:
    if event not in EVENTS:
        return
    if event in ("socket.connect", "socket.sendto"):
        opened, address = arguments[0], arguments[1]
        if opened.family == socket.AF_UNIX:
            return
        for record in _recording:
            record.append((event, address))
    name = opener(sys._getframe(1))
    if name is not None and name.startswith(PRODUCT) and not name.startswith(ALLOWED):
        violations.append(f"{name} caused {event} {arguments[1:] or arguments!r}")
        raise SocketOpenedElsewhere(violations[-1])


@contextmanager
def connections_made() -> Iterator[list[Any]]:
    """The addresses that anything in this process connects to during the block."""
    record: list[tuple[str, Any]] = []
    _recording.append(record)
    made: list[Any] = []
    try:
        yield made
    finally:
        _recording.remove(record)
        made.extend(address for _, address in record)


sys.addaudithook(_watch)
