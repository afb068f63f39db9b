"""Compaction, retention, summaries and deletion never lose or double a call, in any order and in several processes."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as django_settings
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from connectors.base.calls import CallBatch, calls_table
from controlplane.traffic import engine, queries, services, upkeep
from controlplane.traffic.engine import summaries
from controlplane.traffic.models import RetiredFile, Segment
from controlplane.traffic.store import segments
from controlplane.traffic.types import READERS, Window
from tenants.ids import new_id
from tenants.orgs.types import OrgInfo

DAY = 86_400
NOW = 1_790_000_000.0
ALL = Window(0, 2**55)

_STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("accept"), st.integers(0, 40), st.integers(1, 12)),
        st.tuples(st.just("settle"), st.just(0), st.just(0)),
        st.tuples(st.just("compact"), st.just(0), st.just(0)),
        st.tuples(st.just("summarise"), st.just(0), st.just(0)),
        st.tuples(st.just("pass"), st.integers(1, 20), st.just(0)),
        st.tuples(st.just("expire"), st.just(0), st.just(0)),
        st.tuples(st.just("sweep"), st.just(0), st.just(0)),
    ),
    min_size=5,
    max_size=40,
)


class Model:
    """What the store promises: every accepted call once, until its day is beyond retention and that was applied."""

    def __init__(self, connection: str) -> None:
        self.connection = connection
        self.now = NOW
        self.held: dict[str, int] = {}

    def accept(self, first: int, size: int) -> None:
        """Calls spread over five days; the same number is always the same call."""
        days = int(self.now - NOW) // DAY
        made = [
            {
                "call_id": f"c{days}.{n}",
                "ts": int((NOW + days * DAY - n % 5 * DAY) * 1e6) + n,
                "method": "GET",
                "path": f"/orders/{n}",
                "status": 200,
                "latency_ms": float(n),
                "principal": f"p{n % 3}",
            }
            for n in range(first, first + size)
        ]
        fresh = {row["call_id"]: int(str(row["ts"])) for row in made if row["call_id"] not in self.held}
        stored = services.accept(self.connection, CallBatch("log", calls_table(made)), self.now).stored
        assert stored == len(fresh)
        self.held |= {str(name): ts for name, ts in fresh.items()}

    def act(self, what: str, first: int, size: int) -> None:
        """One step on the store and on the model."""
        if what == "accept":
            self.accept(first, size)
        elif what == "settle":
            for reader in READERS:
                while news := queries.news_for(reader):
                    services.settle(news.marks)
        elif what == "compact":
            upkeep.compact(self.now)
        elif what == "summarise":
            summaries.build(self.now + 61, at_least=1)
        elif what == "pass":
            self.now += first * DAY / 2
        elif what == "expire":
            upkeep.drop_expired(self.now)
            oldest = segments.day_of(int(self.now * 1e6)).toordinal() - django_settings.RETENTION_DAYS
            self.held = {k: ts for k, ts in self.held.items() if segments.day_of(ts).toordinal() >= oldest}
        elif what == "sweep":
            upkeep.delete_retired(self.now)
            upkeep.delete_orphans(time.time())  # by the age of files, which this test does not bend

    def check(self) -> None:
        """The store holds what the model holds, and summaries say the same as calls."""
        found = engine.calls(ALL, columns=["call_id"]).column("call_id").to_pylist()
        assert Counter(found) == Counter(list(self.held))
        assert sum(engine.shapes(ALL).column("calls").to_pylist()) == len(self.held)
        assert sum(engine.principals(ALL).column("calls").to_pylist()) == len(self.held)
        assert sum(Segment.objects.values_list("calls", flat=True)) == len(self.held)


@settings(
    max_examples=15,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(steps=_STEPS)
def test_any_order_of_accepting_merging_expiring_and_sweeping_keeps_each_call_once(
    tenant: OrgInfo, steps: list[tuple[str, int, int]]
) -> None:
    for row in Segment.objects.all():
        segments.remove(row.path)
    Segment.objects.all().delete()
    RetiredFile.objects.all().delete()
    model = Model(new_id("con"))
    for step in steps:
        model.act(*step)
    model.check()
    model.act("settle", 0, 0)
    model.act("compact", 0, 0)
    model.act("pass", 1, 0)
    model.act("sweep", 0, 0)
    model.check()


def test_no_file_stays_that_no_row_needs(tenant: OrgInfo) -> None:
    model = Model("con_1")
    for n in range(0, 60, 6):
        model.accept(n, 6)
    for what in ("summarise", "settle", "compact", "summarise"):
        model.act(what, 0, 0)
    model.now += DAY
    model.act("sweep", 0, 0)
    model.check()
    known = {segments.absolute(path) for path in Segment.objects.values_list("path", flat=True)}
    files = {file for file in segments.folder().rglob("*") if file.is_file()}
    extra = {file for file in files - known if file.suffix != ".summary"}
    assert extra == set()
    assert {file.name.partition(".")[0] for file in files} == {file.stem for file in known}


def test_the_tenants_folder_is_all_there_is_of_its_calls(tenant: OrgInfo) -> None:
    """What removal of a tenant deletes (tenants.orgs.removal: this folder) holds every file with its calls."""
    canary = "canary-5f1d7c"
    row = {
        "call_id": "c",
        "ts": int(NOW * 1e6),
        "method": "GET",
        "path": f"/{canary}/12",
        "principal": "p",
        "latency_ms": 1.0,
    }
    services.accept("con_1", CallBatch("log", calls_table([row])), NOW)
    assert summaries.build(NOW + 61, at_least=1) == len(summaries.KINDS)
    root = Path(django_settings.DATA_DIR)
    ours = root / "tenants" / tenant.schema_name
    holding = [file for file in root.rglob("*") if file.is_file() and canary.encode() in _content(file)]
    assert len(holding) >= 3
    assert [file for file in holding if not file.is_relative_to(ours)] == []


def _content(file: Path) -> bytes:
    import pyarrow.parquet as pq

    if file.suffix in (".parquet", ".summary"):
        return repr(pq.read_table(file, partitioning=None).to_pylist()).encode()
    return file.read_bytes()


_PROCESS = """
import json, sys, time
import django
from django.conf import settings
given = json.loads(sys.argv[1])
import os
os.environ["DJANGO_SETTINGS_MODULE"] = "controlplane.config.settings"
django.setup()
from tenants.isolation.context import tenant_context
from tests.controlplane.traffic.test_upkeep import PROCESSES
with tenant_context(given["schema"]):
    print(json.dumps(PROCESSES[given["what"]](given)))
"""
_SIZE = 50
_BATCHES = 20


def write(given: dict[str, Any]) -> int:
    """Accept batches of a connection, each twice."""
    for number in range(_BATCHES):
        made = [
            {
                "call_id": f"{number}.{n}",
                "ts": int(NOW * 1e6) + n,
                "method": "GET",
                "path": f"/orders/{n}",
                "principal": "p",
            }
            for n in range(_SIZE)
        ]
        for _ in range(2):
            services.accept(given["name"], CallBatch("log", calls_table(made)), time.time())
    return _BATCHES * _SIZE


def tidy(given: dict[str, Any]) -> int:
    """Settle, merge, sum up and delete what was retired, again and again."""
    merged, until = 0, time.monotonic() + given["seconds"]
    while time.monotonic() < until and not Path(given["stop"]).exists():
        for reader in READERS:
            if news := queries.news_for(reader):
                services.settle(news.marks)
        merged += upkeep.compact(time.time())
        summaries.build(time.time() + 61, at_least=100)
        upkeep.delete_retired(time.time())
        upkeep.delete_orphans(time.time())
    return merged


def look(given: dict[str, Any]) -> int:
    """Every answer must be of whole batches, never fewer than before, from calls and from summaries alike."""
    seen, looks, until = 0, 0, time.monotonic() + given["seconds"]
    while time.monotonic() < until and not Path(given["stop"]).exists():
        ids = engine.calls(ALL, columns=["connection", "call_id"])
        distinct = ids.group_by(["connection", "call_id"]).aggregate([]).num_rows
        summed = sum(engine.principals(ALL).column("calls").to_pylist())
        if (
            ids.num_rows % _SIZE
            or distinct != ids.num_rows
            or summed % _SIZE
            or not seen <= ids.num_rows <= summed
        ):
            raise SystemExit(
                f"saw {ids.num_rows} calls, {distinct} different, {summed} in summaries, after {seen}"
            )
        seen, looks = summed, looks + 1
    return looks


PROCESSES = {"write": write, "tidy": tidy, "look": look}


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_processes_that_write_merge_and_read_at_once_see_whole_batches(
    committed_db: Any, acme: OrgInfo, tmp_path: Path
) -> None:
    stop = tmp_path / "stop"
    base = {"schema": acme.schema_name, "stop": str(stop), "seconds": 600}
    environment = committed_db.environment(tmp_path)

    def start(what: str, name: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [sys.executable, "-c", _PROCESS, json.dumps(base | {"what": what, "name": name})],
            env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        )  # fmt: skip

    others = {what: start(what.split()[0], "") for what in ("tidy", "tidy 2", "look", "look 2")}
    writers = [start("write", name) for name in ("con_1", "con_1", "con_2")]
    told = [process.communicate() for process in writers]
    stop.touch()
    ends = {what: process.communicate() for what, process in others.items()}
    assert [process.returncode for process in (*writers, *others.values())] == [0] * 7, (told, ends)
    assert all(int(ends[what][0].splitlines()[-1]) > 3 for what in ("look", "look 2")), ends
    assert sum(int(ends[what][0].splitlines()[-1]) for what in ("tidy", "tidy 2")) >= 8, ends
