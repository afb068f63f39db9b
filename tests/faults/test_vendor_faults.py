"""A vendor that refuses, fails and breaks off pages at random: every record is there once in the end, and meanwhile
the connection says what is wrong and how far behind it is.
"""

from __future__ import annotations

import gzip
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import pytest

from connectors.testkit.doubles.azureblob.sas import make_token
from connectors.testkit.running import Fault, RunningDouble, running_double
from controlplane.connections import services as connections
from controlplane.connections.models import Connection
from controlplane.connections.types import RunState
from controlplane.traffic import engine
from controlplane.traffic.types import Window
from tenants.orgs.types import OrgInfo
from tests.clients import TenantClient
from tests.connectors.aws import test_calls as aws_logs
from tests.connectors.aws.conftest import EXTERNAL_ID, REGION, Double, recording_egress
from tests.connectors.bucket.world import ACCOUNT as STORE
from tests.connectors.bucket.world import CONTAINER, KEY, Container, waf_file

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1200)]
RECORDS = 24_000
#: Between two events of the log group, ms: they lie in several slices of a pull.
APART = 18_000
EVER = Window(0, 2**62)
#: How many pulls go wrong before the vendor is made to behave, and after how many in all we give up.
BAD_PULLS, MOST_PULLS = 5, 60


@dataclass
class Source:
    """A vendor with records: the connection to it, and how it can misbehave."""

    connection: str
    double: RunningDouble
    faults: tuple[Fault, ...]


@pytest.fixture
def bucket(tenant: OrgInfo, settings: Any) -> Iterator[Source]:
    """A storage account with 48 log files, listed three a page."""
    with running_double("connectors.testkit.doubles.azureblob", ["--page", "3"], ("--port",)) as double:
        settings.EGRESS_ALLOW = f"127.0.0.1:{double.ports[0]}"
        container, size = Container(double), RECORDS // 48
        for number in range(48):
            content = waf_file(number * size, size)
            packed = number % 3 == 0
            container.put(f"{number:02}.log", gzip.compress(content) if packed else content, time.time() - 60)
        values = {
            "provider": "azure", "bucket": CONTAINER, "endpoint": double.control_url, "poll_seconds": 0,
            "sas_token": make_token(KEY, STORE, CONTAINER), "backfill_days": 90,
        }  # fmt: skip
        made = connections.create("bucket", "Logs", values).id
        connections.check(made)
        yield Source(
            made,
            double,
            (
                Fault(429, share=0.05, times=10_000, headers={"Retry-After": "1"}),
                Fault(500, share=0.05, times=10_000),
                Fault(200, "ListBlobs*", share=0.1, times=10_000, body="<EnumerationResults><Blobs><Blob>"),
                Fault(200, "GetBlob*", share=0.05, times=10_000, body='{"timestamp":'),
            ),
        )


@pytest.fixture
def aws(tenant: OrgInfo, settings: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[Source]:
    """An AWS account whose log group holds many pages of events of the last five days."""
    options = ["--region", REGION, "--rate-scale", "0", "--log-interval", "0.2"]
    with running_double("connectors.testkit.doubles.aws", options, ("--port", "--data-port")) as double:
        settings.EGRESS_ALLOW = f"127.0.0.1:{double.ports[0]}"
        for name, value in (
            ("ACCESS_KEY_ID", "AKIAPORTCULLIS000001"),
            ("SECRET_ACCESS_KEY", "platform-secret"),
        ):
            monkeypatch.setenv(f"PORTCULLIS_AWS_{name}", value)
        egress = recording_egress(double.control_url)
        account = Double(double.control_url, egress)
        account.grant("read")
        start = aws_logs.now_ms() - RECORDS * APART - 60_000
        for first in range(0, RECORDS, 2000):
            events = [
                (start + n * APART, aws_logs.access(f"id-{n}", start + n * APART))
                for n in range(first, first + 2000)
            ]
            aws_logs.put(account, "/aws/apigateway/shop", *events)
        values = account.settings().model_dump(
            include={"account_id", "regions", "role_arn", "endpoint_url", "settle_seconds"}
        )
        made = connections.create("aws", "Account", values).id
        Connection.objects.filter(pk=made).update(generated={"external_id": EXTERNAL_ID}, status="connected")
        connections.store_snapshot(made, aws_logs.snapshot(), datetime.now(UTC))
        time.sleep(1.1)  # AWS tells its time in whole seconds
        yield Source(
            made,
            double,
            (
                Fault(
                    400, "FilterLogEvents", share=0.35, times=10_000, body={"__type": "ThrottlingException"}
                ),
                Fault(500, "FilterLogEvents", share=0.15, times=10_000),
                Fault(200, "FilterLogEvents", share=0.2, times=10_000, body='{"events": [{"timestamp":'),
            ),
        )
        egress.close()


@pytest.mark.parametrize("vendor", ["bucket", "aws"])
def test_every_record_is_there_once_after_a_vendor_failed_on_many_pages(
    vendor: str,
    request: pytest.FixtureRequest,
    acme: OrgInfo,
    owner_client: Callable[[OrgInfo], TenantClient],
) -> None:
    source: Source = request.getfixturevalue(vendor)
    client, failed, partly = owner_client(acme), 0, False
    for fault in source.faults:
        source.double.order(fault)
    for _ in range(MOST_PULLS):
        run = connections.pull(source.connection, seconds=20)
        kept = stored()
        assert len(kept) == len(set(kept))
        if run is not None and run.state == RunState.FAILED:
            failed, partly = failed + 1, partly or 0 < len(kept) < RECORDS
            assert run.error is not None
            check_told(client, source.connection, run.error["detail"])
        if failed == BAD_PULLS:
            break
    assert (failed, partly) == (BAD_PULLS, True)
    source.double.behave()
    while connections.pull(source.connection, seconds=60) is not None:
        pass
    assert sorted(stored()) == sorted(f"id-{n}" for n in range(RECORDS))
    shown = client.get(f"/api/v1/connections/{source.connection}").json()
    assert (shown["health"]["state"], shown["error"]) == ("ok", None)


def stored() -> list[str]:
    """The vendor's ids of all stored calls."""
    return [str(call) for call in engine.calls(EVER, columns=["call_id"]).column("call_id").to_pylist()]


def check_told(client: TenantClient, connection: str, reason: str) -> None:
    """The connection's page says that and why it fails, how many calls are there, and how old the newest is."""
    shown = client.get(f"/api/v1/connections/{connection}").json()
    assert shown["status"] == "failed"
    assert reason in shown["health"]["sentence"]
    kept = engine.calls(EVER, columns=["ts"]).column("ts").to_pylist()
    sources = client.get(f"/api/v1/connections/{connection}/traffic").json()["sources"]
    assert sum(entry["calls"] for entry in sources) == len(kept)
    if kept:
        lag = min(entry["lag_seconds"] for entry in sources if entry["lag_seconds"] is not None)
        assert lag == pytest.approx(time.time() - max(kept) / 1e6, abs=5)
