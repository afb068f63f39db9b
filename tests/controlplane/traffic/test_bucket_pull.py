"""Log files of a bucket reach the store with their cursor, whatever stops a pull in between."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest

from connectors.testkit.doubles.azureblob.sas import make_token
from connectors.testkit.running import Fault, RunningDouble, running_double
from controlplane.connections import services
from controlplane.connections.models import CallCursor
from controlplane.connections.types import RunState
from controlplane.traffic import queries
from tenants.isolation.context import tenant_context
from tests.connectors.bucket.world import ACCOUNT, CONTAINER, KEY, Container, waf_file


@pytest.fixture(scope="module")
def double() -> Iterator[RunningDouble]:
    with running_double("connectors.testkit.doubles.azureblob", [], ("--port",)) as running:
        yield running


def test_a_bucket_is_pulled_into_the_store_and_a_failed_pull_goes_on_where_it_was(acme, settings, double):
    settings.EGRESS_ALLOW = f"127.0.0.1:{double.ports[0]}"
    container, now = Container(double), time.time()
    container.put("a.log", waf_file(0, 5000), now - 60)
    container.put("b.log", waf_file(5000, 10), now - 60)
    values = {
        "provider": "azure",
        "bucket": CONTAINER,
        "endpoint": double.control_url,
        "sas_token": make_token(KEY, ACCOUNT, CONTAINER),
        "poll_seconds": 0,
        "backfill_days": 30,
    }
    with tenant_context(acme.schema_name):
        connection = services.create("bucket", "Load balancer logs", values).id
        services.check(connection)
        double.order(Fault(403, "GetBlob b.log", body="<Error><Code>AuthenticationFailed</Code></Error>"))
        failed = services.pull(connection)
        assert failed is not None
        assert failed.state == RunState.FAILED
        assert "AuthenticationFailed" in str(failed.error)
        assert queries.calls_stored(connection) == 5000
        double.behave()
        done = services.pull(connection)
        assert done is not None
        assert done.counts == {"stored": 10, "duplicates": 0, "quarantined": 0}
        assert services.pull(connection) is None
        held = CallCursor.objects.get(pk=connection).position
        assert set(held) == {"places", "recent", "growing"}
        assert queries.calls_stored(connection) == 5010
