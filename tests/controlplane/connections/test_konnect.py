"""A control plane in Konnect in the product: connected, read, its calls in the store, blocked on and recorded."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command

from connectors.testkit.asking import client_status
from connectors.testkit.doubles.konnect.__main__ import CONTROL_PLANE, TOKEN
from connectors.testkit.running import RunningDouble, running_double
from controlplane.connections import queries, services
from tenants.orgs.types import OrgInfo


@pytest.fixture
def konnect(settings: Any) -> Iterator[RunningDouble]:
    ports = ("--api-port", "--proxy-port")
    with running_double("connectors.testkit.doubles.konnect", ["--seed"], ports) as double:
        settings.EGRESS_ALLOW = f"127.0.0.1:{double.ports[0]}"
        yield double


def connected(konnect: RunningDouble) -> str:
    given = {
        "reached_by": "konnect",
        "konnect_url": konnect.control_url,
        "control_plane": CONTROL_PLANE,
        "admin_token": TOKEN,
    }
    return services.create("kong", "Konnect", given).id


def test_a_control_plane_is_connected_read_and_its_calls_are_stored_once(
    tenant: OrgInfo, konnect: RunningDouble, run_jobs: Callable[[], int]
) -> None:
    connection = connected(konnect)
    run_jobs()
    snapshot = queries.latest_snapshot(connection)
    assert snapshot is not None
    assert {service.name for service in snapshot.services} >= {"payments", "catalog"}
    assert queries.can_write(connection) == (True, "")
    assert [target.name for target in queries.targets(connection)] == [f"Control plane {CONTROL_PLANE}"]
    at = datetime.now(UTC) - timedelta(minutes=30)
    for number in range(3):
        stamp = str(int(at.timestamp() * 1000) + number)
        client_status(
            "GET",
            f"http://127.0.0.1:{konnect.ports[1]}/catalog/products",
            "shop.acme.example",
            X_Double_Time=stamp,
        )
    run = services.pull(connection)
    assert run is not None
    assert run.error is None
    assert run.counts["stored"] == 3
    assert services.pull(connection) is None, "a pull right after the last one asks for nothing"


def test_a_recorded_control_plane_is_read_again_without_konnect_and_without_its_token(
    tenant: OrgInfo, konnect: RunningDouble, tmp_path: Path
) -> None:
    file = tmp_path / "konnect.recording"
    call_command("record", connected(konnect), tenant=tenant.slug, out=file, stdout=io.StringIO())
    assert TOKEN.encode() not in file.read_bytes()
    konnect.behave()
    out = io.StringIO()
    call_command("replay", str(file), given='{"admin_token": "any"}', stdout=out)
    assert "routes: complete" in out.getvalue()
    assert "Not in the recording" not in out.getvalue()
