"""What ingest is compared with, on the same lines: a straightforward Python pipeline, and rsyslog.

None of them reads attacks, classifies, redacts or refuses duplicates: they parse, name columns and write.
"""

from __future__ import annotations

import gzip
import json
import os
import shutil
import subprocess
import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import psycopg

from benchmarks.ingestion.costs import Cost, counted, family

_COLUMNS = [
    "id",
    "at",
    "method",
    "host",
    "path",
    "query",
    "ip",
    "agent",
    "status",
    "bytes",
    "latency_ms",
    "principal",
]
_TABLE = (
    "DROP TABLE IF EXISTS plain_calls; CREATE TABLE plain_calls (id text, at timestamptz, method text, host text, path text,"
    " query text, ip text, agent text, status int, bytes bigint, latency_ms real, principal text)"
)
_INSERT = (
    f"INSERT INTO plain_calls ({', '.join(_COLUMNS)}) VALUES"
    " (%s, to_timestamp(%s), %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)"
)
_COPY = f"COPY plain_calls ({', '.join(_COLUMNS)}) FROM STDIN"
_BATCH = 10_000
_PATIENCE_SECONDS = 600.0
RSYSLOG_HINT = "not installed: apt-get install rsyslog rsyslog-pgsql"


def _row(line: bytes) -> tuple[Any, ...]:
    """One line of either shape as a row."""
    record = json.loads(line)
    if "request" in record:
        request, response = record["request"], record["response"]
        path, _, query = request["uri"].partition("?")
        return (
            request["id"], record["started_at"] / 1000, request["method"], request["headers"]["host"], path, query or None,
            record["client_ip"], request["headers"].get("user-agent"), int(response["status"]), int(response["size"]),
            float(record["latencies"]["request"]), record.get("consumer", {}).get("username"),
        )  # fmt: skip
    return (
        record["requestId"], record["requestTimeEpoch"] / 1000, record["httpMethod"], record["domainName"], record["path"],
        record["queryString"] or None, record["ip"], record["userAgent"], int(record["status"]),
        int(record["responseLength"]), float(record["responseLatency"]), record.get("sub"),
    )  # fmt: skip


def _batches(file: Path) -> Iterator[list[tuple[Any, ...]]]:
    with gzip.open(file, "rb") as lines:
        batch: list[tuple[Any, ...]] = []
        for line in lines:
            batch.append(_row(line))
            if len(batch) == _BATCH:
                yield batch
                batch = []
        yield batch


def inserted(file: Path, url: str, server: int) -> Cost:
    """``json.loads`` line by line, ``executemany`` with INSERT, a commit per ten thousand."""
    cost = Cost()
    with psycopg.connect(url) as session:
        session.execute(_TABLE)
        session.commit()
        with counted(cost, lambda: family(server)):
            for batch in _batches(file):
                with session.cursor() as cursor:
                    cursor.executemany(_INSERT, batch)
                session.commit()
    return cost


def copied(file: Path, url: str, server: int) -> Cost:
    """``json.loads`` line by line, COPY, a commit per ten thousand."""
    cost = Cost()
    with psycopg.connect(url) as session:
        session.execute(_TABLE.replace("at timestamptz", "at double precision"))
        session.commit()
        with counted(cost, lambda: family(server)):
            for batch in _batches(file):
                with session.cursor() as cursor, cursor.copy(_COPY) as copy:
                    for row in batch:
                        copy.write_row(row)
                session.commit()
    return cost


_PROPERTIES = {
    "aws": ("requestId", "requestTimeEpoch", "httpMethod", "domainName", "path", "queryString", "ip", "userAgent",
            "status", "responseLength", "responseLatency", "sub"),
    "kong": ("request!id", "started_at", "request!method", "request!headers!host", "request!uri", "client_ip",
             "request!headers!user-agent", "response!status", "response!size", "latencies!request", "consumer!username"),
}  # fmt: skip
_SETTINGS = """
global(workDirectory="{folder}" maxMessageSize="64k")
module(load="imfile" mode="inotify")
module(load="mmjsonparse")
{load}
template(name="row" type="string" {option} string="{template}")
main_queue(queue.type="linkedList" queue.size="100000" queue.dequeueBatchSize="10000" queue.workerThreads="1")
input(type="imfile" file="{lines}" tag="calls" freshStartTail="off")
action(type="mmjsonparse" cookie="")
if $parsesuccess == "OK" then {{
  {action}
}}
"""


def _started(settings: str, folder: Path) -> subprocess.Popen[bytes]:
    config = folder / "rsyslog.conf"
    config.write_text(settings)
    program = shutil.which("rsyslogd", path=f"{os.environ.get('PATH', '')}:/usr/sbin") or ""
    return subprocess.Popen([program, "-n", "-f", str(config), "-i", str(folder / "rsyslog.pid")])


def _watched(process: subprocess.Popen[bytes], done: Iterable[bool], also: int | None = None) -> Cost:
    """Processor time until ``done`` says so; the time to notice is the wall time's alone."""
    cost, began = Cost(), time.monotonic()
    before = family(also) if also else 0.0
    try:
        for finished in done:
            if finished or process.poll() is not None or time.monotonic() - began > _PATIENCE_SECONDS:
                break
            time.sleep(0.05)
        cost.wall = time.monotonic() - began
        cost.others = family(process.pid) + (family(also) - before if also else 0.0)
    finally:
        process.terminate()
        process.wait()
    return cost


def has_rsyslog() -> bool:
    """Whether the machine has it."""
    return shutil.which("rsyslogd", path=f"{os.environ.get('PATH', '')}:/usr/sbin") is not None


def rsyslog_to_file(lines: Path, shape: str, calls: int, folder: Path) -> tuple[Cost, int]:
    """Plain lines, mmjsonparse, one line of tab-separated values each, not synced; the cost and the lines written."""
    target = folder / "rsyslog.tsv"
    fields = "\\t".join(f"%$!{name}%" for name in _PROPERTIES[shape])
    settings = _SETTINGS.format(
        folder=folder, lines=lines, load="", option="", template=f"{fields}\\n",
        action=f'action(type="omfile" file="{target}" template="row" ioBufferSize="1m" asyncWriting="off")',
    )  # fmt: skip

    def done() -> Iterator[bool]:
        seen = size = 0
        while True:
            if target.exists() and target.stat().st_size > size:
                with target.open("rb") as written:
                    written.seek(size)
                    data = written.read()
                size, seen = size + len(data), seen + data.count(b"\n")
            yield seen >= calls

    cost = _watched(_started(settings, folder), done())
    return cost, target.read_bytes().count(b"\n") if target.exists() else 0


def rsyslog_to_postgres(
    lines: Path, shape: str, calls: int, folder: Path, url: str, server: int
) -> tuple[Cost, int]:
    """Plain lines, mmjsonparse, ompgsql: one INSERT per call in its batches; the cost and the rows written."""
    names = [name for name in _PROPERTIES[shape] if name not in ("queryString",)]
    with psycopg.connect(url, autocommit=True) as session:
        session.execute("DROP TABLE IF EXISTS logged")
        session.execute(f"CREATE TABLE logged ({', '.join(f'c{n} text' for n in range(len(names)))})")
        values = ", ".join(f"'%$!{name}%'" for name in names)
        settings = _SETTINGS.format(
            folder=folder, lines=lines, load='module(load="ompgsql")', option='option.stdsql="on"',
            template=f"INSERT INTO logged VALUES ({values})",
            action=f'action(type="ompgsql" conninfo="{url}" template="row")',
        )  # fmt: skip

        def count() -> int:
            found = session.execute("SELECT count(*) FROM logged").fetchone()
            return int(found[0]) if found else 0

        def done() -> Iterator[bool]:
            while True:
                time.sleep(0.5)
                yield count() >= calls

        cost = _watched(_started(settings, folder), done(), server)
        return cost, count()
