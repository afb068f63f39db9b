"""Ask for archives, make them, hand them out, remove them when their time is over."""

import hashlib
import os
from datetime import datetime, timedelta
from pathlib import Path
from typing import IO

import structlog
from django.db import transaction
from django.utils import timezone

from tenants.archives import contents
from tenants.archives.models import Archive
from tenants.archives.queries import archive
from tenants.audit.services import record
from tenants.errors import Conflict
from tenants.isolation.context import require_tenant
from tenants.isolation.storage import tenant_folder
from tenants.jobs.events import emit

log = structlog.get_logger(__name__)
KEPT = timedelta(days=7)
STALE = timedelta(hours=6)


def ask() -> str:
    """Ask for an archive of the entered tenant and return its id; raises Conflict while one is being made."""
    with transaction.atomic():
        since = timezone.now() - STALE
        if Archive.objects.filter(state=Archive.State.QUEUED, created_at__gt=since).exists():
            raise Conflict(
                "archive-in-progress", "An archive is being made; wait for it. No other was begun."
            )
        made = Archive.objects.create()
        emit("archive.asked", archive_id=made.id)
        record("archive.ask", made.id)
    return made.id


def build(archive_id: str) -> None:
    """Make the file; what fails is said in the row, and the job is tried again."""
    row = Archive.objects.filter(id=archive_id).exclude(state=Archive.State.READY).first()
    if row is None:
        return
    at = timezone.now()
    tenant = require_tenant()
    target = _file(row.id)
    partial = target.with_suffix(".tmp")
    about = {
        "archive": row.id,
        "taken_at": at.isoformat(),
        "tenant": {"schema": tenant.schema_name, "slug": tenant.slug, "name": tenant.name},
    }
    try:
        with partial.open("wb") as sink:
            contents.write(sink, target.parents[1], about)
            sink.flush()
            os.fsync(sink.fileno())
        size, digest = partial.stat().st_size, _digest(partial)
        partial.rename(target)
    except Exception as error:
        partial.unlink(missing_ok=True)
        row.state = Archive.State.FAILED
        row.problem = (
            f"The archive could not be made ({type(error).__name__}). Nothing was changed; ask again."
        )
        row.save(update_fields=["state", "problem"])
        raise
    row.state, row.problem, row.size, row.sha256 = Archive.State.READY, "", size, digest
    row.taken_at, row.expires_at = at, at + KEPT
    row.save()
    log.info("archive made", archive=row.id, bytes=size)


def opened(archive_id: str) -> tuple[str, IO[bytes]]:
    """Return a finished archive's file name and its bytes; the download is recorded. Raises NotFound, Conflict."""
    row = archive(archive_id)
    if row.state != Archive.State.READY:
        raise Conflict(
            "archive-not-ready", f"The archive is {row.state}; there is no file. Ask for a new one."
        )
    try:
        stream = _file(row.id).open("rb")
    except FileNotFoundError:
        raise Conflict("archive-gone", "The archive's file is gone. Ask for a new one.") from None
    with transaction.atomic():
        record("archive.download", row.id)
    taken = (row.taken_at or row.created_at).strftime("%Y%m%d-%H%M")
    return f"{require_tenant().slug or 'workspace'}-{taken}.zip", stream


def expire(now: datetime) -> int:
    """Remove the files of archives whose time is over; return how many."""
    due = Archive.objects.filter(state=Archive.State.READY, expires_at__lte=now)
    for row in due:
        _file(row.id).unlink(missing_ok=True)
        row.state = Archive.State.EXPIRED
        row.save(update_fields=["state"])
    return len(due)


def _file(archive_id: str) -> Path:
    return tenant_folder("archives") / f"{archive_id}.zip"


def _digest(file: Path) -> str:
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
