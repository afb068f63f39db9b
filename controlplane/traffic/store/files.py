"""Files of the store: there whole and synced, or not at all; and those that a crash left without a row.

A reader that sees a row can read its file, because the file was there before the row was committed.
"""

from __future__ import annotations

import errno
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from tenants.errors import Unavailable
from tenants.folders import flush


class NotWritten(Unavailable):
    """The disk took no file: what was to be written is where it was before, and is worth another try."""

    def __init__(self, error: OSError) -> None:
        reason = os.strerror(error.errno) if error.errno else "it gave no reason"
        full = error.errno in (errno.ENOSPC, errno.EDQUOT)
        super().__init__(
            "disk-refused",
            f"The disk that keeps calls took no file: {reason}. Nothing was lost; it is tried again.",
            retry_after=60,
            action="Free space on the disk of the data folder."
            if full
            else "Check the disk of the data folder.",
        )


@contextmanager
def durable(target: Path) -> Iterator[BinaryIO]:
    """A file that appears under its name whole and synced, or not at all; its folder is made when missing.

    Raises ``NotWritten`` when the disk does not take it.
    """
    temporary = target.with_name(f"{target.name}.{os.getpid()}.tmp")
    try:
        target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        with temporary.open("wb") as sink:
            yield sink
            sink.flush()
            os.fsync(sink.fileno())
        temporary.rename(target)
        flush(target.parent)
    except OSError as error:
        temporary.unlink(missing_ok=True)
        raise NotWritten(error) from error
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


def orphans(
    root: Path, known: set[str], older_than: float, owner: Callable[[Path], Path] = lambda path: path
) -> list[Path]:
    """Files of the days below ``root`` that no row names and that are older than ``older_than`` (Unix seconds).

    ``known`` are the paths of rows, relative to ``root``; ``owner`` says with which file another one goes.
    """
    return [
        path
        for path in root.glob("dt=*/*")
        if owner(path).relative_to(root).as_posix() not in known and _written(path) < older_than
    ]


def _written(path: Path) -> float:
    """When a file was written; never, for one that went away since it was listed."""
    try:
        return path.stat().st_mtime
    except FileNotFoundError:
        return float("inf")
