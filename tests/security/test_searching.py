"""The search that finds none of the planted secrets finds one wherever it is put and however it is written."""

from __future__ import annotations

import base64
import gzip
import io
import json
import zipfile
from collections.abc import Callable
from pathlib import Path
from urllib.parse import quote

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from django.db import connections

from tenants.orgs.types import OrgInfo
from tests.database import TestDatabases
from tests.security.planting import Secret
from tests.security.searching import Haystack

SECRET = Secret("ghp_Qx7ZkT4mW9bRs2LdYc8V", "Qx7ZkT4mW9bRs2LdYc8V", "github", "proof")


def parquet(text: str) -> bytes:
    written = io.BytesIO()
    pq.write_table(pa.table({"path": [text] * 50}), written, compression="zstd")
    return written.getvalue()


def packed(name: str, content: bytes) -> bytes:
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(name, content)
    return written.getvalue()


WRITTEN: dict[str, Callable[[str], str]] = {
    "as it is": str,
    "in small letters": str.lower,
    "cut": lambda text: text[:16],
    "base 64": lambda text: base64.b64encode(text.encode()).decode(),
    "base 64 of a text around it": lambda text: base64.b64encode(f"Bearer {text}!".encode()).decode(),
    "base 64 for addresses": lambda text: base64.urlsafe_b64encode(f"u:{text}:x".encode()).decode(),
    "hexadecimal": lambda text: text.encode().hex(),
    "percent-encoded": lambda text: "".join(f"%{byte:02X}" for byte in text.encode()),
    "quoted twice": lambda text: quote(quote(f"é {text}")),
    "JSON in JSON": lambda text: json.dumps(json.dumps({"a": [text]})),
    "over two lines": lambda text: f"{text[:10]}\n    {text[10:]}",
}


@pytest.mark.parametrize("written", WRITTEN)
@pytest.mark.parametrize("kind", ["log", "file", "parquet", "zip", "parquet in zip", "gzip"])
def test_a_secret_is_found_however_it_is_written(written: str, kind: str, tmp_path: Path) -> None:
    text = f"before {WRITTEN[written](SECRET.text)} after"
    haystack = Haystack()
    if kind == "log":
        haystack.add("x", text)
    else:
        name, content = {
            "file": ("a/b.txt", text.encode()),
            "parquet": ("c.parquet", parquet(text)),
            "zip": ("d.bin", packed("x.json", text.encode())),
            "parquet in zip": ("e.zip", packed("x.parquet", parquet(text))),
            "gzip": ("f", gzip.compress(text.encode())),
        }[kind]
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(content)
        haystack.files(tmp_path, "x")
    assert haystack.find([SECRET]) == {(SECRET, "x")}
    assert not haystack.find([Secret("n", "Lm3XpT8vQ2zKd7RbWc5Y", "none", "proof")])


def test_a_secret_is_found_in_the_name_of_a_file(tmp_path: Path) -> None:
    (tmp_path / SECRET.text).touch()
    haystack = Haystack()
    haystack.files(tmp_path)
    assert haystack.find([SECRET])


def test_a_secret_is_found_in_every_schema_and_kind_of_column(
    committed_db: TestDatabases, acme: OrgInfo
) -> None:
    values = ("%s::text", "jsonb_build_object('a', %s::text)", "%s::text::bytea", "ARRAY[%s::text]")
    for schema in (acme.schema_name, "public", "jobs"):
        for value in values:
            with connections["owner"].cursor() as cursor:
                table = f'"{schema}".proof_of_search'
                cursor.execute(f"CREATE TABLE {table} AS SELECT {value} AS value", [SECRET.text])
                haystack = Haystack()
                haystack.database()
                cursor.execute(f"DROP TABLE {table}")
            assert haystack.find([SECRET]) == {(SECRET, "database")}, (schema, value)
    haystack = Haystack()
    haystack.database()
    assert not haystack.find([SECRET])


def test_a_secret_is_looked_for_everywhere_but_where_it_is_shown_on_purpose() -> None:
    shown = Secret(SECRET.text, SECRET.core, "made", "token", frozenset({"answers"}))
    haystack = Haystack()
    haystack.add("answers", SECRET.text)
    assert not haystack.find([shown])
    haystack.add("logs", SECRET.text)
    assert haystack.find([shown]) == {(shown, "logs")}
