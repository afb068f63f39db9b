"""Analytics against a model in plain Python, with and without summaries, which never change an answer."""

from __future__ import annotations

import math
import random
import time
from collections import defaultdict
from datetime import UTC, datetime
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from connectors.base.calls import CallBatch, calls_table
from controlplane.inventory import queries as inventory
from controlplane.inventory.models import TemplateState
from controlplane.inventory.templates import learn
from controlplane.traffic import engine, services
from controlplane.traffic.engine import summaries
from controlplane.traffic.models import Segment
from controlplane.traffic.store import segments
from controlplane.traffic.types import CallFilter, Window
from tenants.orgs.types import OrgInfo

HOUR = 3_600_000_000
START = 1_789_992_000_000_000  # a whole hour
WINDOW = Window(START, START + 48 * HOUR)
PATHS = ("/v1/login", "/v1/orders", "/v1/orders/{n}", "/v1/orders/{n}/items", "/ünï/{n}")
Row = dict[str, Any]


def rows(count: int, seed: int, tag: str) -> list[Row]:
    chance = random.Random(seed)
    made = []
    for number in range(count):
        path = chance.choice(PATHS).replace("{n}", str(chance.randrange(10, 400)))
        made.append(
            {
                "call_id": f"{tag}{number}",
                # few instants, so that many calls share one
                "ts": START + chance.randrange(0, 400) * 7 * 60_000_000,
                "method": chance.choice(("GET", "POST")),
                "host": chance.choice(("a.example", "b.example", None)),
                "path": path,
                "status": chance.choice((200, 200, 201, 401, 403, 500, None)),
                "latency_ms": chance.choice((None, 0.0, 1e7, float("nan"), chance.lognormvariate(3, 1))),
                "principal": chance.choice((None, *(f"p{n}" for n in range(12)))),
                "client_ip": chance.choice((None, "198.18.0.1", "2001:db8::1")),
            }
        )
    return made


@pytest.fixture
def stored(tenant: OrgInfo) -> list[Row]:
    """Calls of three connections as stored; every principal is a hash behind the door."""
    for number, name in enumerate(("con_1", "con_2", "con_3")):
        services.accept(name, CallBatch("test.log", calls_table(rows(700, number, name))), time.time())
    return engine.calls(WINDOW).to_pylist()


def summarise() -> int:
    Segment.objects.update(received_at=0)
    return summaries.build(time.time(), at_least=1)


def near(value: float | None, exact: float | None) -> bool:
    if value is None or exact is None:
        return value is exact
    return abs(value - exact) <= exact / 64 + 0.001


def bruteforce_latency(calls: list[Row]) -> dict[tuple[str, int], Row]:
    found: dict[tuple[str, int], Row] = {}
    groups: dict[tuple[str, int], list[Row]] = defaultdict(list)
    for row in calls:
        shape = segments_shape(row["path"])
        groups[f"{row['method']} {row['host']}{shape}", row["ts"] // HOUR * HOUR].append(row)
    for key, held in groups.items():
        known = sorted(
            row["latency_ms"]
            for row in held
            if row["latency_ms"] is not None and 0 <= row["latency_ms"] < 1_800_000
        )
        found[key] = {
            "calls": len(held),
            "failed": sum((row["status"] or 0) >= 400 for row in held),
            **{
                name: known[math.ceil(fraction * len(known)) - 1] if known else None
                for name, fraction in (("p50", 0.5), ("p95", 0.95), ("p99", 0.99))
            },
        }
    return found


def segments_shape(path: str) -> str:
    from controlplane.traffic.store.shapes import shapes

    return str(shapes(pa.chunked_array([[path]])).to_pylist()[0])


def by_shape() -> pa.Table:
    found = engine.shapes(WINDOW)
    names = [f"{row['method']} {row['host']}{row['shape']}" for row in found.to_pylist()]
    return found.select(["host", "method", "shape"]).append_column("endpoint", pa.array(names))


@pytest.mark.parametrize("summarised", [False, True])
def test_percentiles_of_endpoints_are_those_of_the_calls(stored: list[Row], summarised: bool) -> None:
    if summarised:
        assert summarise() == len(summaries.KINDS) * Segment.objects.count()
    found = {
        (row["endpoint"], row["bucket"]): row
        for row in engine.endpoint_latency(WINDOW, by_shape()).to_pylist()
    }
    expected = bruteforce_latency(stored)
    assert found.keys() == expected.keys()
    for key, row in expected.items():
        assert (found[key]["calls"], found[key]["failed"]) == (row["calls"], row["failed"])
        assert all(near(found[key][name], row[name]) for name in ("p50", "p95", "p99")), (
            key,
            found[key],
            row,
        )


def test_endpoints_are_the_templates_that_inventory_learns(stored: list[Row]) -> None:
    model = learn(engine.calls(WINDOW, columns=["method", "host", "path", "status", "response_bytes"]), [])
    TemplateState.objects.create(pk=1, model=model.to_json(), learned_at=datetime.now(UTC))
    named = inventory.endpoints_of_shapes(engine.shapes(WINDOW))
    found = engine.endpoint_latency(WINDOW, named, 86_400)
    calls: dict[str, int] = defaultdict(int)
    for row in found.to_pylist():
        calls[row["endpoint"]] += row["calls"]
    expected: dict[str, int] = defaultdict(int)
    for row in stored:
        if template := model.assign_one(row["method"], row["host"] or "", row["path"]):
            expected[f"{row['method']} {row['host'] or ''}{template}"] += 1
    assert {name: n for name, n in expected.items() if "example" in name} == calls
    assert any("{" in name for name in calls)


@pytest.mark.parametrize("summarised", [False, True])
def test_principals_are_counted_once_per_day(stored: list[Row], summarised: bool) -> None:
    if summarised:
        summarise()
    expected: dict[int, set[str]] = defaultdict(set)
    for row in stored:
        if row["principal"]:
            expected[row["ts"] // (24 * HOUR) * 24 * HOUR].add(row["principal"])
    found = {row["bucket"]: row["principals"] for row in engine.principals(WINDOW).to_pylist()}
    assert found == {bucket: len(held) for bucket, held in expected.items()}


@pytest.mark.parametrize("summarised", [False, True])
@pytest.mark.parametrize("gap", [1800, 4000])
def test_sessions_end_where_a_principal_pauses(stored: list[Row], gap: int, summarised: bool) -> None:
    if summarised:
        summarise()
    expected = set()
    times: dict[str, list[int]] = defaultdict(list)
    for row in sorted(stored, key=lambda row: row["ts"]):
        if row["principal"]:
            times[row["principal"]].append(row["ts"])
    for principal, held in times.items():
        session = [held[0]]
        for ts in held[1:]:
            if ts - session[-1] > gap * 1_000_000:
                expected.add((principal, session[0], session[-1], len(session)))
                session = []
            session.append(ts)
        expected.add((principal, session[0], session[-1], len(session)))
    found = engine.sessions(WINDOW, gap, limit=10_000).to_pylist()
    assert {(r["principal"], r["first_ts"], r["last_ts"], r["calls"]) for r in found} == expected
    assert len(found) == len(expected) > 12


@pytest.mark.parametrize("limit", [1, 3, 7])
def test_the_sessions_with_most_calls_are_the_first_of_all(stored: list[Row], limit: int) -> None:
    every = engine.sessions(WINDOW, limit=10_000).to_pylist()
    ordered = sorted(every, key=lambda r: (-r["calls"], r["first_ts"], r["principal"]))
    assert every == ordered
    assert engine.sessions(WINDOW, limit=limit).to_pylist() == ordered[:limit]


def test_failed_sign_ins_are_counted_per_window_place_principal_and_address(stored: list[Row]) -> None:
    expected: dict[tuple[Any, ...], int] = defaultdict(int)
    for row in stored:
        if row["path"] == "/v1/login" and row["method"] == "POST" and row["status"] in (401, 403):
            bucket = row["ts"] // 300_000_000 * 300_000_000
            expected[bucket, row["host"], row["principal"], row["client_ip"]] += 1
    found = engine.failed_sign_ins(WINDOW, 300, "/login$").to_pylist()
    got = {(r["bucket"], r["host"], r["principal"], r["client_ip"]): r["failed"] for r in found}
    assert got == expected
    several = engine.failed_sign_ins(WINDOW, 86_400, "/login$", at_least=2)
    assert several.num_rows
    assert min(several.column("failed").to_pylist()) == 2
    assert engine.failed_sign_ins(WINDOW, 300, "/nowhere$").num_rows == 0


def test_sequences_are_successive_steps_of_one_session(stored: list[Row]) -> None:
    named = {(r["host"], r["method"], r["shape"]): r["endpoint"] for r in by_shape().to_pylist()}
    steps: dict[str, list[tuple[int, str, str]]] = defaultdict(list)
    for row in stored:
        if row["principal"]:
            endpoint = named[row["host"], row["method"], segments_shape(row["path"])]
            steps[row["principal"]].append((row["ts"], row["call_id"], endpoint))
    expected: dict[tuple[str, ...], int] = defaultdict(int)
    for held in steps.values():
        held.sort()
        for a, b, c in zip(held, held[1:], held[2:], strict=False):
            if b[0] - a[0] <= 1_800_000_000 and c[0] - b[0] <= 1_800_000_000:
                expected[a[2], b[2], c[2]] += 1
    found = engine.sequences(WINDOW, by_shape(), limit=100_000).to_pylist()
    assert {(r["first"], r["second"], r["third"]): r["times"] for r in found} == expected


def test_summaries_answer_part_of_a_window_and_filters_go_around_them(stored: list[Row]) -> None:
    part = Window(START + 5 * HOUR, START + 9 * HOUR)
    host = CallFilter(host="a.example")
    before = [
        engine.endpoint_latency(part, by_shape()),
        engine.principals(part, 3600),
        engine.shapes(part, host),
    ]
    con = engine.sessions(WINDOW, where=CallFilter(connection="con_2"))
    summarise()
    after = [
        engine.endpoint_latency(part, by_shape()),
        engine.principals(part, 3600),
        engine.shapes(part, host),
    ]
    assert after == before
    assert engine.sessions(WINDOW, where=CallFilter(connection="con_2")) == con


def test_a_summary_goes_with_its_segment(stored: list[Row]) -> None:
    summarise()
    path = Segment.objects.values_list("path", flat=True)[0]
    file = segments.absolute(path)
    assert segments.summary(file, summaries.VISITS.name).exists()
    segments.remove(path)
    assert list(file.parent.glob(f"{file.stem}*")) == []


def test_a_file_of_before_shapes_is_read_by_its_paths(stored: list[Row]) -> None:
    before = engine.failed_sign_ins(WINDOW, 300, "/login$")
    calls = engine.totals(WINDOW)
    file = segments.absolute(Segment.objects.values_list("path", flat=True)[0])
    table = pq.read_table(file, partitioning=None)
    pq.write_table(table.drop_columns([segments.SHAPE]), file)
    segments.has_shape.cache_clear()
    assert engine.failed_sign_ins(WINDOW, 300, "/login$") == before
    assert engine.totals(WINDOW) == calls
    shapes = engine.shapes(WINDOW).column("shape").to_pylist()
    assert any(shape.removeprefix("/v1/orders/").isdigit() for shape in shapes)
    segments.has_shape.cache_clear()


def test_a_window_without_calls_answers_with_the_same_columns(tenant: OrgInfo) -> None:
    named = by_shape().cast(pa.schema([(n, pa.string()) for n in ("host", "method", "shape", "endpoint")]))
    assert engine.endpoint_latency(WINDOW, named).column_names[:3] == ["endpoint", "bucket", "calls"]
    assert engine.principals(WINDOW).num_rows == engine.sessions(WINDOW).num_rows == 0
