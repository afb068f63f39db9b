"""A disk that takes no more loses nothing: what was acknowledged waits, says why, and is stored once there is room."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from itertools import cycle, islice
from pathlib import Path
from typing import Any

import psycopg
import pytest
from django.db import connection as database
from django.db import transaction
from psycopg import sql

from connectors.base.calls import RawBatch
from connectors.testkit.doubles.azureblob.sas import make_token
from connectors.testkit.running import RunningDouble, running_double
from controlplane.connections import services as connections
from controlplane.connections.models import CallCursor, Connection
from controlplane.connections.types import ConnectionStatus, RunState
from controlplane.traffic import engine, jobs, pushes, queries, upkeep
from controlplane.traffic.models import Push, RawFile, Segment, Unread
from controlplane.traffic.raw import window
from controlplane.traffic.store.files import NotWritten
from controlplane.traffic.types import MAX_ATTEMPTS, Window
from tenants.isolation.context import tenant_context
from tenants.isolation.storage import tenant_folder
from tenants.orgs.types import OrgInfo
from tests.clients import TenantClient, anonymous
from tests.connectors.bucket.world import ACCOUNT, CONTAINER, KEY, Container, waf_file
from tests.database import TestDatabases
from tests.faults.disks import Disk, Limit
from tests.samples import calls, kong

EVER = Window(0, 2**62)
BATCH = 3000


@pytest.fixture(params=["a disk of its own", "a limit on files"])
def disk(request: pytest.FixtureRequest, settings, tmp_path: Path) -> Iterator[Disk | Limit]:
    if request.param == "a limit on files":
        yield Limit()
        return
    try:
        made = Disk(tmp_path / "disk", "64m")
    except (OSError, PermissionError) as error:
        pytest.skip(f"{error}; the other variant of this test runs everywhere")
    settings.DATA_DIR = made.folder
    yield made
    made.unmount()


@pytest.fixture
def gateway(tenant: OrgInfo) -> str:
    return connections.create("kong", "gateway", {"admin_url": "http://127.0.0.1:1"}).id


def batch(first: int, count: int = BATCH) -> RawBatch:
    """Records whose bodies and headers are read and dropped: sealed they are larger than the calls made of them."""
    lines = []
    for number, call in enumerate(islice(cycle(calls()), count), first):
        record = kong(call)
        request = record["request"] | {"id": f"call-{number}", "body": f"{number * 7919:x}" * 20}
        lines.append(json.dumps(record | {"request": request}).encode())
    return RawBatch("kong.http_log", tuple(lines), {"workspace": "default"})


def push(gateway: str, first: int) -> None:
    with transaction.atomic():
        pushes.keep(gateway, batch(first), time.time())


def stored() -> list[str]:
    """Ids of every call that can be read, sorted."""
    return sorted(engine.calls(EVER, columns=["call_id"]).column("call_id").to_pylist())


def ids(count: int) -> list[str]:
    return sorted(f"call-{number}" for number in range(count))


def unfinished() -> list[Path]:
    return [path for part in ("calls", "raw") for path in tenant_folder(part).rglob("*.tmp")]


def test_a_full_disk_uses_up_no_try_and_every_call_is_there_once_after_it(gateway, disk):
    push(gateway, 0)
    pushes.drain(gateway, time.time())
    for number in range(1, 4):
        push(gateway, number * BATCH)
    with disk.taking(4096):
        for _ in range(MAX_ATTEMPTS + 1):
            with pytest.raises(NotWritten), transaction.atomic():
                jobs.drain(gateway)
        assert stored() == ids(BATCH)
        assert unfinished() == []
    assert set(Push.objects.values_list("attempts", flat=True)) == {0}
    jobs.drain(gateway)
    assert stored() == ids(4 * BATCH)
    assert (Push.objects.count(), queries.backlog(gateway, time.time()).problem) == (0, "")
    assert sum(len(raw.records) for _, raw in window.read(EVER)) == 4 * BATCH


def test_calls_are_stored_with_their_raw_records_or_not_at_all(gateway, disk):
    push(gateway, 0)
    pushes.drain(gateway, time.time())
    calls_size, raw_size = Segment.objects.get().bytes, RawFile.objects.get().bytes
    assert calls_size < raw_size
    push(gateway, BATCH)
    with disk.taking((calls_size + raw_size) // 2):
        with pytest.raises(NotWritten), transaction.atomic():
            jobs.drain(gateway)
        assert stored() == ids(BATCH)
    assert len(list(tenant_folder("calls").rglob("*.parquet"))) == 2  # the second one has no row
    jobs.drain(gateway)
    assert stored() == ids(2 * BATCH)
    assert upkeep.delete_orphans(time.time() + 7200) == 1
    assert stored() == ids(2 * BATCH)


def test_merging_on_a_full_disk_leaves_the_segments_as_they_are(gateway, disk):
    for number in range(8):
        push(gateway, number * BATCH)
        pushes.drain(gateway, time.time())
    Unread.objects.all().delete()
    with disk.taking(4096), pytest.raises(NotWritten), transaction.atomic():
        upkeep.compact(time.time())
    assert (Segment.objects.count(), stored()) == (8, ids(8 * BATCH))
    assert upkeep.compact(time.time()) == 8
    assert (Segment.objects.count(), stored()) == (1, ids(8 * BATCH))


def test_the_connection_tells_what_waits_and_why_while_the_disk_is_full(
    acme: OrgInfo, owner_client: Callable[[OrgInfo], TenantClient], disk
):
    client = owner_client(acme)
    with tenant_context(acme.schema_name):
        gateway = connections.create("kong", "gateway", {"admin_url": "http://127.0.0.1:1"}).id
        push(gateway, 0)
        with disk.taking(4096), pytest.raises(NotWritten):
            jobs.drain(gateway)
    waiting = client.get(f"/api/v1/connections/{gateway}/traffic").json()["waiting"]
    assert (waiting["pushes"], waiting["records"], waiting["failed"]) == (1, BATCH, 0)
    assert waiting["problem"].startswith("The disk that keeps calls took no file: ")
    assert "Nothing was lost" in waiting["problem"]


@pytest.fixture(scope="module")
def double() -> Iterator[RunningDouble]:
    with running_double("connectors.testkit.doubles.azureblob", [], ("--port",)) as running:
        yield running


def test_a_pull_onto_a_full_disk_fails_in_sight_keeps_its_cursor_and_goes_on_when_there_is_room(
    tenant, settings, double, disk
):
    settings.EGRESS_ALLOW = f"127.0.0.1:{double.ports[0]}"
    container = Container(double)
    container.put("a.log", waf_file(0, BATCH), time.time() - 60)
    values = {
        "provider": "azure", "bucket": CONTAINER, "endpoint": double.control_url, "poll_seconds": 0,
        "sas_token": make_token(KEY, ACCOUNT, CONTAINER), "backfill_days": 60,
    }  # fmt: skip
    bucket = connections.create("bucket", "Load balancer logs", values).id
    connections.check(bucket)
    with disk.taking(4096):
        failed = connections.pull(bucket)
    assert failed is not None
    assert failed.state == RunState.FAILED
    shown = Connection.objects.get(pk=bucket)
    assert shown.status == ConnectionStatus.FAILED
    assert "The disk that keeps calls took no file" in shown.status_reason
    assert not CallCursor.objects.filter(pk=bucket).exclude(position={}).exists()
    done = connections.pull(bucket)
    assert done is not None
    assert done.counts == {"stored": BATCH, "duplicates": 0, "quarantined": 0}
    shown.refresh_from_db()
    assert (shown.status, shown.error) == (ConnectionStatus.CONNECTED, None)


@pytest.mark.parametrize("connector", ["kong", "otel", "aws"])
def test_a_push_the_database_does_not_take_is_refused_with_a_sentence_and_when_to_come_back(
    committed_db: TestDatabases, acme: OrgInfo, connector: str
):
    settings: dict[str, dict[str, Any]] = {
        "kong": {"admin_url": "http://127.0.0.1:1"},
        "otel": {},
        "aws": {"account_id": "1" * 12, "regions": ["eu-west-1"], "role_arn": f"arn:aws:iam::{'1' * 12}:role/r"},
    }  # fmt: skip
    with tenant_context(acme.schema_name):
        gateway = connections.create(connector, "gateway", settings[connector]).id
        token = connections.rotate_token(gateway)
    address = committed_db.address.dsn("postgres", committed_db.name)
    with psycopg.connect(**address) as other:  # type: ignore[arg-type]
        table = sql.Identifier(acme.schema_name, "traffic_push")
        other.execute(sql.SQL("LOCK TABLE {} IN ACCESS EXCLUSIVE MODE").format(table))
        with database.cursor() as cursor:
            cursor.execute("SET lock_timeout = 200")
        answer = anonymous(acme).generic(
            "POST", f"/api/v1/ingest/{gateway}", "[]", content_type="application/json",
            HTTP_AUTHORIZATION=f"Bearer {token}", HTTP_X_AMZ_FIREHOSE_ACCESS_KEY=token,
        )  # fmt: skip
    assert answer.status_code == 503
    assert "did not keep the push" in answer.content.decode()
    assert int(answer["Retry-After"]) > 0
