"""What goes into an archive: tables as JSON lines, files as they are, and a manifest; never a secret."""

import hashlib
import re
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any, Final

import orjson
from django.db import connection, transaction
from psycopg import sql

FORMAT: Final = "portcullis-archive/1"
LEFT_OUT_TABLES: Final = {
    "api_idempotentrequest": "answers kept for repeated requests",
    "accounts_cacheentry": "kept for a short time",
    "accounts_mailedlink": "links sent by mail",
    "accounts_sessionrow": "sessions",
    "accounts_tries": "counters of limits",
    "accounts_usedhandoff": "spent sign-in links",
    "account_emailconfirmation": "keys that confirm an address",
    "django_session": "sessions",
    "mfa_authenticator": "second factors",
    "sso_flow": "sign-ins under way",
    "sso_spentassertion": "spent sign-ins",
    "traffic_push": "pushes not read yet, not redacted",
    "traffic_rawfile": "the raw window, see folder raw",
    "traffic_rawkey": "encryption keys",
    "vault_datakey": "encryption keys",
}
LEFT_OUT_FOLDERS: Final = {
    "archives": "other archives",
    "imports": "uploads not read yet, not redacted",
    "raw": "records as they came, sealed; kept for hours",
}
#: A column of such a name is a secret unless it stands below.
SECRET_COLUMN: Final = re.compile(
    r"password|passwd|secret|sealed|token|hash|wrapped|private|otp|recovery|credential|nonce"
)
KNOWN_HARMLESS: Final = {
    ("audit_entry", "hash"),
    ("audit_entry", "previous_hash"),
    ("blocking_block", "approved_hash"),
}
#: What the vault seals, wherever in a row it stands.
SEALED: Final = re.compile(rb"pv1\.\d+\.[A-Za-z0-9_=-]+")
COLUMNS: Final = """
    SELECT c.relname, a.attname FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid
     WHERE c.relnamespace = current_schema()::regnamespace AND c.relkind IN ('r', 'p')
       AND a.attnum > 0 AND NOT a.attisdropped ORDER BY c.relname, a.attnum
"""
CHUNK: Final = 1 << 20


@dataclass(slots=True)
class Manifest:
    """What the archive holds, with sums, and what it does not."""

    tables: list[dict[str, Any]] = field(default_factory=list)
    files: list[dict[str, Any]] = field(default_factory=list)
    left_out: list[dict[str, str]] = field(default_factory=list)


def write(target: IO[bytes], root: Path, about: dict[str, Any]) -> Manifest:
    """Write the archive of the entered tenant, whose files are below `root`, as of one moment in the database."""
    manifest = Manifest()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED, allowZip64=True) as archive:
        with _one_moment():
            for table, columns in sorted(_tables().items()):
                _write_table(archive, manifest, table, columns)
        _write_files(archive, manifest, root)
        body = {"format": FORMAT, **about}
        body |= {"tables": manifest.tables, "files": manifest.files, "left_out": manifest.left_out}
        archive.writestr("manifest.json", orjson.dumps(body, option=orjson.OPT_INDENT_2))
    return manifest


@contextmanager
def _one_moment() -> Iterator[None]:
    """See the database as of one moment, whatever is written meanwhile."""
    nested = connection.in_atomic_block
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT 1"
        )  # moves the session to the tenant; nothing may run before the next statement
        with transaction.atomic():
            if not nested:
                cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
            yield


def _tables() -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    with connection.cursor() as cursor:
        cursor.execute(COLUMNS)
        for table, column in cursor.fetchall():
            found.setdefault(table, []).append(column)
    return found


def _write_table(archive: zipfile.ZipFile, manifest: Manifest, table: str, columns: list[str]) -> None:
    if table in LEFT_OUT_TABLES:
        manifest.left_out.append({"table": table, "why": LEFT_OUT_TABLES[table]})
        return
    secret = [name for name in columns if SECRET_COLUMN.search(name) and (table, name) not in KNOWN_HARMLESS]
    manifest.left_out += [{"table": table, "column": name, "why": "may hold a secret"} for name in secret]
    digest, rows = hashlib.sha256(), 0
    path = f"data/{table}.jsonl"
    with archive.open(path, "w", force_zip64=True) as sink:
        for text in _rows(table, [name for name in columns if name not in secret]):
            line = SEALED.sub(b"[sealed]", text.encode()) + b"\n"
            digest.update(line)
            sink.write(line)
            rows += 1
    manifest.tables.append({"name": table, "path": path, "rows": rows, "sha256": digest.hexdigest()})


def _rows(table: str, columns: list[str]) -> Iterator[str]:
    """Yield each row as a JSON object, read by a server-side cursor."""
    query = sql.SQL("SELECT row_to_json(r)::text FROM (SELECT {} FROM {}) AS r").format(
        sql.SQL(", ").join(map(sql.Identifier, columns)), sql.Identifier(table)
    )
    with connection.chunked_cursor() as cursor:
        cursor.execute(query)
        while rows := cursor.fetchmany(500):
            yield from (row[0] for row in rows)


def _write_files(archive: zipfile.ZipFile, manifest: Manifest, root: Path) -> None:
    for kind in sorted(path.name for path in root.iterdir() if path.is_dir()):
        if kind in LEFT_OUT_FOLDERS:
            manifest.left_out.append({"folder": kind, "why": LEFT_OUT_FOLDERS[kind]})
            continue
        for file in sorted(path for path in (root / kind).rglob("*") if path.is_file()):
            if file.suffix != ".tmp":
                _write_file(archive, manifest, root, file)


def _write_file(archive: zipfile.ZipFile, manifest: Manifest, root: Path, file: Path) -> None:
    name = f"files/{file.relative_to(root)}"
    digest, size = hashlib.sha256(), 0
    try:
        source = file.open("rb")
    except FileNotFoundError:  # retention or compaction was faster
        return
    entry = zipfile.ZipInfo(name)
    with source, archive.open(entry, "w", force_zip64=True) as sink:
        while block := source.read(CHUNK):
            digest.update(block)
            size += len(block)
            sink.write(block)
    manifest.files.append({"path": name, "bytes": size, "sha256": digest.hexdigest()})
