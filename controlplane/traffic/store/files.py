"""Files of the store: there whole and synced, or not at all; and those that a crash left without a row.

A reader that sees a row can read its file, because the file was there before the row was committed.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO


@contextmanager
def durable(target: Path) -> Iterator[BinaryIO]:
    """A file that appears under its name whole and synced, or not at all; its folder is made when missing."""
    target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    temporary = target.with_name(f"{target.name}.{os.getpid()}.tmp")
    try:
        with temporary.open("wb") as sink:
            yield sink
            sink.flush()
            os.fsync(sink.fileno())
        temporary.rename(target)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    descriptor = os.open(target.parent, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


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
