"""An operator records a connection, looks at the file, and reads it again without the vendor."""

from __future__ import annotations

import io
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from connectors.testkit.running import Fault, RunningDouble, running_double
from controlplane.connections import queries, services
from controlplane.connections.models import Connection
from tenants.audit.models import Entry
from tenants.orgs.types import OrgInfo

TOKEN = "t0ken-of-this-kong"


@pytest.fixture
def kong(settings: Any) -> Iterator[RunningDouble]:
    options, ports = ["--admin-token", TOKEN, "--seed"], ("--admin-port", "--proxy-port")
    with running_double("connectors.testkit.doubles.kong", options, ports) as double:
        settings.EGRESS_ALLOW = f"127.0.0.1:{double.ports[0]}"
        yield double


def connected(kong: RunningDouble) -> str:
    return services.create("kong", "edge", {"admin_url": kong.control_url, "admin_token": TOKEN}).id


def said(*arguments: str, **options: Any) -> str:
    out = io.StringIO()
    call_command(*arguments, stdout=out, **options)
    return out.getvalue()


def test_a_recorded_connection_is_read_again_when_the_vendor_is_gone(
    tenant: OrgInfo, kong: RunningDouble, tmp_path: Path
) -> None:
    connection, file = connected(kong), tmp_path / "edge.recording"
    before = Connection.objects.get(pk=connection)
    told = said("record", connection, tenant=tenant.slug, out=file)
    assert "routes: complete" in told
    assert "look into the file" in told
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert TOKEN.encode() not in file.read_bytes()
    assert Connection.objects.get(pk=connection).status == before.status, (
        "recording is no reading of the product's"
    )
    assert queries.latest_snapshot(connection) is None
    assert Entry.objects.filter(action="connection.record", target=connection).count() == 1
    kong.order(Fault(500, "*", body="gone"))
    again = said("replay", str(file))
    assert "routes: complete" in again
    assert " 0 routes" not in again
    assert "Not in the recording" not in again


def test_a_reading_that_fails_is_recorded_and_fails_again_alike(
    tenant: OrgInfo, kong: RunningDouble, tmp_path: Path
) -> None:
    connection, file = connected(kong), tmp_path / "edge.recording"
    kong.order(Fault(403, "GET /plugins", body={"message": "no"}))
    told = said("record", connection, tenant=tenant.slug, out=file)
    again = said("replay", str(file))
    assert "403" in told
    (first,) = [line for line in told.splitlines() if "plugins:" in line]
    assert "unknown" in first
    assert first in again


def test_what_cannot_be_recorded_or_replayed_is_said_and_leaves_no_file(
    tenant: OrgInfo, kong: RunningDouble, tmp_path: Path
) -> None:
    file = tmp_path / "a"
    for arguments, sentence in (
        ({"tenant": "nobody"}, "nobody"),
        ({"tenant": tenant.slug}, "no connection with this id"),
    ):
        with pytest.raises(CommandError, match=sentence):
            said("record", "con_unknown", out=file, **arguments)
        assert not file.exists()
    file.write_text("mine")
    with pytest.raises(CommandError, match="cannot be written"):
        said("record", connected(kong), tenant=tenant.slug, out=file)
    assert file.read_text() == "mine"
    with pytest.raises(CommandError, match="Line 1 is not what a recording holds"):
        said("replay", str(file))
    with pytest.raises(CommandError, match="cannot be read"):
        said("replay", str(tmp_path / "missing"))
    with pytest.raises(CommandError, match="no JSON"):
        said("replay", str(file), given="{")


def test_settings_that_no_recording_holds_are_asked_for(tmp_path: Path) -> None:
    file = tmp_path / "recording"
    file.write_text('{"connector":"kong","settings":{},"recording":1}\n')
    with pytest.raises(CommandError, match=r"does not hold.*admin_url"):
        said("replay", str(file))
    told = said("replay", str(file), given='{"admin_url": "https://kong.example"}')
    assert "routes: unknown" in told
    assert "Not in the recording: GET https://kong.example/" in told
