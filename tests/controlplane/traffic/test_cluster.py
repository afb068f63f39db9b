"""Every engine function answers alike on DuckDB in this process and on a real Spark cluster of several processes."""

from __future__ import annotations

import random
import re
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from connectors.base.calls import CallBatch, calls_table
from controlplane.traffic import engine, services
from controlplane.traffic.engine import summaries
from controlplane.traffic.models import Segment
from controlplane.traffic.types import CallFilter, Window
from tenants.errors import Unavailable
from tenants.orgs.types import OrgInfo
from tests.controlplane.traffic import spark

DAY = 86_400_000_000
START = 1_789_948_800_000_000  # a whole day
ALL = Window(0, 2**55)
WINDOW = Window(START, START + 3 * DAY)

FILTERS = {
    "all": CallFilter(),
    "connection": CallFilter(connection="con_2"),
    "template": CallFilter(methods=("GET", "PUT"), template="/v1/orders/{id}", except_templates=("/v1/orders/77",)),
    "rest of the path": CallFilter(template="/v1/{rest+}"),
    "either": CallFilter(either=(CallFilter(host="b.example"), CallFilter(client_ips=("198.18.0.1", "o'; DROP"))),),
    "none": CallFilter(host="nobody"),
}  # fmt: skip

#: Asked under every filter; the rest under none, since the filters are one text for all.
FILTERED = ("calls", "totals")
#: Asked of an empty store: one of each make.
EMPTY = ("calls", "series", "endpoint_latency", "principals", "sessions")

Ask = Callable[[CallFilter], pa.Table]


def endpoints() -> pa.Table:
    found = engine.shapes(ALL)
    names = [f"{row['method']} {row['host']}{row['shape'][:9]}" for row in found.to_pylist()]
    table = found.select(["host", "method", "shape"])
    return table.append_column("endpoint", pa.array(names, pa.string()))


QUESTIONS: dict[str, Ask] = {
    "calls": lambda where: engine.calls(ALL, where),
    "sample": lambda where: engine.sample(ALL, where, 7, ["call_id", "ts", "query_fields", "asn"]),
    "distinct_paths": lambda where: engine.distinct_paths(ALL, where),
    "field_counts": lambda where: engine.field_counts(ALL, where),
    "series": lambda where: engine.series(ALL, 3600, where),
    "callers": lambda where: engine.callers(ALL, where, 5),
    "totals": lambda where: engine.totals(ALL, where),
    "shapes": lambda where: engine.shapes(ALL, where),
    "endpoint_latency": lambda where: engine.endpoint_latency(ALL, endpoints(), 3600, where),
    "endpoint_latency_by_day": lambda where: engine.endpoint_latency(WINDOW, endpoints(), 86_400, where),
    "principals": lambda where: engine.principals(ALL, 86_400, where),
    "failed_sign_ins": lambda where: engine.failed_sign_ins(ALL, 300, "login|ünï", where),
    "sessions": lambda where: engine.sessions(ALL, 1800, where, 50),
    "sequences": lambda where: engine.sequences(ALL, endpoints(), 7200, where, 50),
}


def rows(count: int, seed: int, tag: str) -> list[dict[str, Any]]:
    """Calls of every awkward kind: nulls in all that may be null, few instants, odd letters, extreme numbers."""
    chance = random.Random(seed)
    paths = (
        "/v1/login", "/v1/orders", "/v1/orders/77", "/v1/orders/78", "/v1/orders/{int}", "/ünï/12/…", "/a\nb/11", "/v1/a\n",
        "/", "", "/v1//x/", "/%2e%2e/'\"\\;--", "/v1/orders/78/", "/𝒳/550e8400-e29b-41d4-a716-446655440000", "/v1/\u2028",
    )  # fmt: skip
    made = []
    for number in range(count):
        made.append(
            {
                "call_id": f"{tag}-{number}",
                "ts": chance.choice(
                    (START, START + chance.randrange(40) * 1_000_000 * 700, START + chance.randrange(3 * DAY))
                ),
                "method": chance.choice(("GET", "POST", "PUT")),
                "host": chance.choice(("a.example", "b.example", "Ä.example", "", None)),
                "path": chance.choice(paths),
                "query": chance.choice((None, "", "a=1&b=x", "página=2&a=é")),
                "declared_route": chance.choice((None, "GET /a", "GET /b")),
                "status": chance.choice((200, 200, 204, 301, 401, 403, 404, 429, 500, 599, None)),
                "latency_ms": chance.choice((None, 0.0, 0.1, 12.5, 1e7, -1.0, chance.lognormvariate(3, 2))),
                "response_bytes": chance.choice((None, 0, 1, 2, 2**40)),
                "principal": chance.choice((None, *(f"p{n}" for n in range(6)))),
                "consumer": chance.choice((None, "app", "äpp")),
                "client_ip": chance.choice((None, "198.18.0.1", "2001:db8::1")),
                "auth_present": chance.choice((None, True, False)),
                "user_agent": chance.choice((None, "", "curl", "Ω")),
                "waf_action": chance.choice((None, "BLOCK", "ALLOW")),
                "waf_rules": chance.choice((None, [], ["r1"], ["r2", "r1"])),
                "asn": chance.choice((None, 0, 2**33)),
            }
        )
    return made


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    if reason := spark.missing():
        pytest.skip(reason)
    folder = tmp_path_factory.mktemp("spark")
    with spark.cluster(folder) as address:
        yield address
        assert spark.executors(folder) >= 2, "the cluster did not work with two executors"


@pytest.fixture
def stored(tenant: OrgInfo) -> None:
    for number, name in enumerate(("con_1", "con_2")):
        services.accept(name, CallBatch(f"log{number}", calls_table(rows(300, number, name))), time.time())
    ancient = {"call_id": "old", "ts": 0, "method": "GET", "path": "/v1/login", "principal": "p1"}
    future = {"call_id": "new", "ts": 2**52, "method": "POST", "path": "/v1/login", "status": 401}
    services.accept("con_3", CallBatch("log", calls_table([ancient, future])), time.time())


def comparable(table: pa.Table) -> tuple[list[tuple[str, str]], list[str]]:
    """Names, types and rows; floats to the last bit, order as answered."""
    kinds = [(field.name, re.sub(r"<\w+: ", "<", str(field.type))) for field in table.schema]
    return kinds, [repr(row) for row in table.to_pylist()]


def test_every_function_of_the_engine_is_compared() -> None:
    assert set(engine.__all__) == {name.removesuffix("_by_day") for name in QUESTIONS}


@pytest.mark.slow
@pytest.mark.timeout(3600)
@pytest.mark.filterwarnings("ignore")
def test_a_cluster_answers_every_question_like_the_embedded_engine(
    url: str, stored: None, settings: Any
) -> None:
    wrong = []
    for filter_name, where in FILTERS.items():
        for name, ask in QUESTIONS.items():
            if filter_name != "all" and name not in FILTERED:
                continue
            settings.ENGINE_URL = ""
            here = ask(where)
            settings.ENGINE_URL = url
            there = ask(where)
            if name == "field_counts":  # in no order
                keys = [(column, "ascending") for column in here.column_names]
                here, there = here.sort_by(keys), there.sort_by(keys)
            mine, theirs = comparable(here), comparable(there)
            if mine != theirs:
                first = next(
                    (pair for pair in zip(mine[1], theirs[1], strict=False) if pair[0] != pair[1]), mine[0]
                )
                print(name, filter_name, "differs")
                wrong.append(
                    f"{name} of {filter_name}: {here.num_rows} / {there.num_rows}: {first} {theirs[0]}"
                )
            assert here.num_rows or filter_name == "none" or name in ("field_counts", "sequences"), (
                name,
                filter_name,
            )
    settings.ENGINE_URL = ""
    assert wrong == []


@pytest.mark.slow
@pytest.mark.timeout(1200)
@pytest.mark.filterwarnings("ignore")
def test_a_cluster_answers_like_summaries_do(url: str, stored: None, settings: Any) -> None:
    Segment.objects.update(received_at=0)
    assert summaries.build(time.time(), at_least=1)
    for name in ("endpoint_latency", "sessions"):
        settings.ENGINE_URL = ""
        here = comparable(QUESTIONS[name](CallFilter()))
        settings.ENGINE_URL = url
        assert comparable(QUESTIONS[name](CallFilter())) == here, name


@pytest.mark.slow
@pytest.mark.timeout(1200)
@pytest.mark.filterwarnings("ignore")
def test_an_empty_store_answers_alike(url: str, tenant: OrgInfo, settings: Any) -> None:
    for name in EMPTY:
        settings.ENGINE_URL = ""
        here = comparable(QUESTIONS[name](CallFilter()))
        settings.ENGINE_URL = url
        assert comparable(QUESTIONS[name](CallFilter())) == here, name


@pytest.mark.skipif(not spark.missing(), reason="the cluster's client is installed here")
def test_a_cluster_without_its_client_is_refused_with_what_to_do(
    tenant: OrgInfo, settings: Any, tmp_path: Path
) -> None:
    settings.ENGINE_URL = "sc://cluster.invalid:15002"
    with pytest.raises(Unavailable, match="uv sync --group cluster"):
        engine.totals(ALL)
