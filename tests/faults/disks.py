"""Disks that take no more: a small one that is filled, or files that may not grow beyond a size."""

from __future__ import annotations

import resource
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


class Disk:
    """A disk of its own on a folder, mounted in memory; only root may."""

    def __init__(self, folder: Path, size: str) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.folder, self._ballast = folder, folder / "ballast"
        command = ["mount", "-t", "tmpfs", "-o", f"size={size},mode=755", "tmpfs", str(folder)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            raise PermissionError(f"no disk can be mounted here: {done.stderr.strip()}")

    @contextmanager
    def taking(self, room: int) -> Iterator[None]:
        """The disk has ``room`` bytes left, not counting what is freed meanwhile."""
        with self._ballast.open("wb", buffering=0) as ballast:
            try:
                while ballast.write(bytes(1 << 16)) == 1 << 16:
                    pass
                while ballast.write(bytes(1 << 12)):
                    pass
            except OSError:
                pass
        if room:
            with self._ballast.open("r+b") as ballast:
                ballast.truncate(self._ballast.stat().st_size - room)
        try:
            yield
        finally:
            self._ballast.unlink()

    def unmount(self) -> None:
        """Take the disk away with all that is on it."""
        subprocess.run(["umount", "--lazy", str(self.folder)], check=False)


class Limit:
    """No file of this process may grow beyond a size: what every machine can do."""

    @staticmethod
    @contextmanager
    def taking(room: int) -> Iterator[None]:
        """Files of at most ``room`` bytes are taken."""
        before = resource.getrlimit(resource.RLIMIT_FSIZE)
        resource.setrlimit(resource.RLIMIT_FSIZE, (room, before[1]))
        try:
            yield
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, before)
