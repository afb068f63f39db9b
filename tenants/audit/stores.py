"""Where signed heads are kept: a file in the tenant's folder, and a mirror that may keep what was written for ever."""

import fcntl
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO, Final, Protocol

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

from tenants.audit.heads import line_hash
from tenants.isolation.context import require_tenant
from tenants.isolation.storage import tenant_folder

LONGEST_LINE: Final = 8192


class Mirror(Protocol):
    """A second place for the entered tenant's lines; it never changes or removes one."""

    def lines(self) -> list[bytes]:
        """Return every line, oldest first."""
        ...

    def has(self, line: bytes) -> bool:
        """Tell whether a line is there."""
        ...

    def append(self, line: bytes) -> None:
        """Keep a line, durably; one that is there already stays."""
        ...


class FileStore:
    """One append-only file per month in the tenant's folder."""

    def __init__(self) -> None:
        self._folder = tenant_folder("heads")

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Keep every other writer of this tenant out for the block."""
        with (self._folder / "lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield

    def lines(self) -> list[bytes]:
        """Return every line; what a crash left half written at the end of a file is none."""
        found: list[bytes] = []
        for file in sorted(self._folder.glob("*.jsonl")):
            *whole, _ = file.read_bytes().split(b"\n")
            found += whole
        return found

    def last(self) -> bytes | None:
        """Return the newest line."""
        for file in sorted(self._folder.glob("*.jsonl"), reverse=True):
            *whole, _ = file.read_bytes()[-LONGEST_LINE:].split(b"\n")
            if whole:
                return whole[-1]
        return None

    def append(self, line: bytes, month: str, public_key: str) -> None:
        """Add a line to the month's file (`2026-11`); call it inside `alone`. The public key lies beside, to take along."""
        beside = self._folder / "public-key.pem"
        if not beside.exists():
            beside.write_text(public_key)
        newest = max((file.stem for file in self._folder.glob("*.jsonl")), default="")
        file = self._folder / f"{max(newest, month)}.jsonl"  # a clock put back must not change the order
        with file.open("a+b") as stream:
            os.fchmod(stream.fileno(), 0o600)
            _drop_half_line(stream)
            stream.write(line + b"\n")
            stream.flush()
            os.fsync(stream.fileno())


class FolderMirror:
    """One file per line below a folder of the operator's, best one on storage that refuses to change files."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder / require_tenant().schema_name

    def lines(self) -> list[bytes]:
        """Return every line."""
        return (
            [file.read_bytes() for file in sorted(self._folder.glob("*.json"))]
            if self._folder.is_dir()
            else []
        )

    def append(self, line: bytes) -> None:
        """Write a file of its own; one that is there already stays."""
        self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        with suppress(FileExistsError):
            handle = os.open(self._folder / _name(line), os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o400)
            with os.fdopen(handle, "wb") as stream:
                stream.write(line)
                stream.flush()
                os.fsync(stream.fileno())

    def has(self, line: bytes) -> bool:
        """Tell whether a line was mirrored."""
        return (self._folder / _name(line)).exists()


def mirror() -> Mirror | None:
    """Return the mirror of PORTCULLIS_AUDIT_MIRROR, if there is one."""
    text = getattr(settings, "AUDIT_MIRROR", "")
    if not text:
        return None
    kind, _, path = text.partition(":")
    if kind != "file" or not path.startswith("/"):
        raise ImproperlyConfigured("PORTCULLIS_AUDIT_MIRROR must be file:/<absolute folder>.")
    return FolderMirror(Path(path))


def _name(line: bytes) -> str:
    """Name a line's file so that names sort as the lines do."""
    return f"{json.loads(line)['number']:012}-{line_hash(line)[:8]}.json"


def _drop_half_line(stream: BinaryIO) -> None:
    """Cut what a crash left half written at the end; it was never acknowledged."""
    content_end = stream.seek(0, os.SEEK_END)
    if not content_end:
        return
    stream.seek(max(0, content_end - LONGEST_LINE))
    tail = stream.read()
    if not tail.endswith(b"\n"):
        stream.truncate(content_end - len(tail) + tail.rfind(b"\n") + 1)
