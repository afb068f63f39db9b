"""Everything one tenant holds: rows, queued jobs, files (archives and segments opened), mails that were sent."""

from __future__ import annotations

import hashlib
import io
import shutil
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import pyarrow.parquet as pq
from django.conf import settings
from django.core import mail
from django.db import connection, transaction

from tenants.isolation.context import no_tenant, tenant_context
from tenants.orgs.types import OrgInfo

QUEUE = "SELECT message::jsonb - 'message_id' - 'message_timestamp' FROM jobs.queue WHERE tenant = %s"
TABLES = """
    SELECT c.table_name, coalesce(array_agg(c.column_name::text) FILTER (WHERE c.data_type LIKE 'timestamp%'), '{}')
      FROM information_schema.columns AS c JOIN pg_tables AS t
        ON t.schemaname = c.table_schema AND t.tablename = c.table_name
     WHERE c.table_schema = current_schema() GROUP BY 1 ORDER BY 1
"""


def rows(org: OrgInfo, *, times: bool = True) -> dict[str, list[str]]:
    """Every row of every table as text, and the tenant's queued jobs; without `times`, moments are left out."""
    with no_tenant(), connection.cursor() as cursor:
        cursor.execute(QUEUE, [org.schema_name])
        found = {"the queue": sorted(str(row[0]) for row in cursor.fetchall())}
        with tenant_context(org.schema_name):
            cursor.execute(TABLES)
            tables = cursor.fetchall()
            for name, moments in tables:
                left_out = [] if times else moments
                cursor.execute(f'SELECT (to_jsonb(t) - %s::text[])::text FROM "{name}" AS t', [left_out])
                found[name] = sorted(row[0] for row in cursor.fetchall())
    return found


def folder(org: OrgInfo) -> Path:
    """Where the tenant's files are."""
    return Path(settings.DATA_DIR) / "tenants" / org.schema_name


def files(place: Path) -> dict[str, bytes]:
    """Every file below a folder by its name there; what is packed is unpacked."""
    found: dict[str, bytes] = {}
    for path in sorted(place.rglob("*")):
        if path.is_file():
            name = path.relative_to(place).as_posix()
            found |= {f"{name}{part}": content for part, content in unpacked(path.read_bytes()).items()}
    return found


def unpacked(content: bytes) -> dict[str, bytes]:
    """What can be read of a file: a ZIP's members, a Parquet file's rows, else the bytes."""
    if content.startswith(b"PK\x03\x04"):
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            members = {name: unpacked(archive.read(name)) for name in archive.namelist()}
        return {f"!{name}{part}": inner for name, parts in members.items() for part, inner in parts.items()}
    if content.startswith(b"PAR1"):
        return {"": str(pq.read_table(io.BytesIO(content)).to_pylist()).encode()}
    return {"": content}


def state(org: OrgInfo, *, times: bool = True) -> dict[str, str]:
    """A sum of each table and of each file."""
    texts = {name: "\n".join(values).encode() for name, values in rows(org, times=times).items()}
    places = [path for path in folder(org).rglob("*") if path.is_file()]
    texts |= {f"file {path.relative_to(folder(org))}": path.read_bytes() for path in places}
    return {name: hashlib.sha256(text).hexdigest() for name, text in texts.items()}


def changed(before: dict[str, str], after: dict[str, str]) -> list[str]:
    """Names of what differs."""
    return sorted(name for name in before | after if before.get(name) != after.get(name))


def seen(org: OrgInfo, marks: list[bytes]) -> list[str]:
    """Where one of the marks stands in what the tenant holds."""
    places = {name: "\n".join(values).encode() for name, values in rows(org).items()}
    places |= files(folder(org))
    return sorted(f"{name}: {mark!r}" for name, text in places.items() for mark in marks if mark in text)


@contextmanager
def undone() -> Iterator[None]:
    """Undo what the block did to rows, files and the outbox."""
    whole = Path(settings.DATA_DIR) / "tenants"
    with TemporaryDirectory() as kept:
        shutil.copytree(whole, f"{kept}/tenants")
        try:
            with transaction.atomic():
                yield
                transaction.set_rollback(True)
        finally:
            shutil.rmtree(whole)
            shutil.copytree(f"{kept}/tenants", whole)
            mail.outbox.clear()
