"""Several workspaces of Kong Enterprise in one connection: each read, tested and blocked on by itself."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from ipaddress import ip_network

import pytest
from pydantic import ValidationError

from connectors.base.capabilities import Grant
from connectors.base.errors import ConnectorError, SettingsError
from connectors.base.intent import BlockAction, BlockIntent, Match
from connectors.base.model import Completeness
from connectors.kong import setup
from connectors.kong.access import Access
from connectors.kong.calls import Calls
from connectors.kong.changes import Changes
from connectors.kong.config import Config
from connectors.kong.enforce import Enforce
from connectors.kong.form import KongSettings
from connectors.testkit.running import Fault, local_egress, running_double
from tests.connectors.kong.conftest import Kong

OPTIONS = ["--admin-token", "t0ken", "--portcullis-token", "ours", "--audit-log", "--seed"]
SPACES = ["--workspace", "blue", "--workspace", "green", "--workspace", "secret"]
REACH = ["--reach", "default,blue,green"]
PORTS = ("--admin-port", "--proxy-port")


class Spaces(Kong):
    """An Enterprise Kong with three more workspaces, of which our token reaches two."""

    def of(self, workspace: str | None) -> KongSettings:
        """Settings with our token."""
        return KongSettings(admin_url=self.double.control_url, admin_token="ours", workspace=workspace)

    def fill(self) -> None:
        """A service with a route in each workspace, and a route without one."""
        for name in ("blue", "green", "secret"):
            made = self.admin("PUT", f"/{name}/services/{name}-api", {"host": f"{name}.internal"})
            route = {"paths": [f"/{name}"], "service": {"id": made["id"]}, "strip_path": False}
            self.admin("PUT", f"/{name}/routes/{name}-route", route)
            self.admin("PUT", f"/{name}/routes/{name}-bare", {"paths": [f"/{name}-bare"]})


@pytest.fixture
def spaces() -> Iterator[Spaces]:
    with running_double("connectors.testkit.doubles.kong", [*OPTIONS, *SPACES, *REACH], PORTS) as double:
        made = Spaces(double)
        made.fill()
        yield made


def read(spaces: Spaces, workspace: str | None):
    return Config(spaces.of(workspace), spaces.egress).read_config()


def rows(spaces: Spaces, workspace: str | None):
    return {found.action: found for found in Access(spaces.of(workspace), spaces.egress).check()}


@pytest.mark.parametrize("entered", ["blue", "blue,green", "blue , green", "*", None])
def test_a_name_several_names_and_a_star_are_taken(entered):
    assert KongSettings(admin_url="https://k.example", workspace=entered).workspace == entered


@pytest.mark.parametrize("entered", ["blue/../green", "blue,,green", "*,blue", "a b", "blue?x"])
def test_what_is_no_name_is_refused(entered):
    with pytest.raises(ValidationError):
        KongSettings(admin_url="https://k.example", workspace=entered)


def test_named_workspaces_are_one_snapshot_in_which_each_is_a_stage(spaces):
    snapshot = read(spaces, "blue, green")
    services = {entry.ref: entry.name for entry in snapshot.services}
    stages = {(services[entry.service_ref], entry.name) for entry in snapshot.stages}
    assert {("blue-api", "blue"), ("green-api", "green")} <= stages
    assert {entry.path for entry in snapshot.routes} == {"/blue", "/blue-bare", "/green", "/green-bare"}
    assert {entry.completeness for entry in snapshot.sections} == {Completeness.COMPLETE}
    assert {entry.service_ref for entry in snapshot.routes} == set(services)
    for kind in (snapshot.services, snapshot.stages, snapshot.routes, snapshot.settings):
        refs = [entry.ref for entry in kind]
        assert len(refs) == len(set(refs))


def test_all_workspaces_are_read_and_one_that_is_refused_leaves_every_section_partial_with_its_name(spaces):
    snapshot = read(spaces, "*")
    assert {entry.name for entry in snapshot.stages} == {"default", "blue", "green"}
    routes = next(entry for entry in snapshot.sections if entry.name == "routes")
    assert routes.completeness is Completeness.PARTIAL
    assert "Workspace secret:" in routes.reason


def test_a_failed_list_of_workspaces_is_no_empty_kong(spaces):
    spaces.double.order(Fault(500, "GET /workspaces", body="boom"))
    with pytest.raises(ConnectorError):
        read(spaces, "*")


def test_open_source_kong_has_no_workspaces_to_list():
    with running_double("connectors.testkit.doubles.kong", [], PORTS) as double:
        settings = KongSettings(admin_url=double.control_url, workspace="*")
        with pytest.raises(SettingsError, match="GET /workspaces"):
            Config(settings, local_egress(*double.ports)).read_config()


def test_a_permission_that_is_missing_in_one_workspace_is_denied_and_names_it(spaces):
    assert rows(spaces, "blue,green")["GET /routes"].grant is Grant.GRANTED
    found = rows(spaces, "*")
    assert found["GET /workspaces"].grant is Grant.GRANTED
    assert found["GET /routes"].grant is Grant.DENIED
    assert found["GET /routes"].detail.startswith("In 1 of 4 workspaces (secret): ")
    assert found["PUT, DELETE /routes"].grant is Grant.DENIED


def intent(**match) -> BlockIntent:
    expires = datetime(2026, 12, 1, tzinfo=UTC)
    return BlockIntent("blk_1", Match(**match), BlockAction.BLOCK, expires, "test")


def test_each_workspace_is_a_target_and_a_block_on_one_leaves_the_others_alone(spaces):
    enforce = Enforce(spaces.of("*"), spaces.egress)
    targets = {target.ref: target for target in enforce.targets(read(spaces, "*"))}
    assert set(targets) == {"workspace:default", "workspace:blue", "workspace:green"}
    blue, green = targets["workspace:blue"], targets["workspace:green"]
    assert not set(blue.service_refs) & set(green.service_refs)
    before = enforce.read_state(green), enforce.read_state(targets["workspace:default"])
    state = enforce.read_state(blue)
    block = intent(networks=(ip_network("198.51.100.7/32"),))
    applied = enforce.apply(enforce.diff(enforce.compile([block], blue, state), state), lambda change: None)
    assert spaces.call("GET", "/blue", X_Real_IP="198.51.100.7") == 403
    assert spaces.call("GET", "/green", X_Real_IP="198.51.100.7") == 502
    assert (enforce.read_state(green), enforce.read_state(targets["workspace:default"])) == before
    enforce.restore(applied.before, lambda change: None)
    assert spaces.call("GET", "/blue", X_Real_IP="198.51.100.7") == 502


def test_the_same_block_can_stand_in_two_workspaces(spaces):
    enforce = Enforce(spaces.of("blue,green"), spaces.egress)
    targets = enforce.targets(read(spaces, "blue,green"))
    made = []
    for target in targets:
        state = enforce.read_state(target)
        program = enforce.compile([intent(networks=(ip_network("198.51.100.7/32"),))], target, state)
        enforce.apply(enforce.diff(program, state), lambda change: None)
        made += [entry.ref for entry in program.objects]
    assert len(set(made)) == 2
    assert spaces.call("GET", "/blue", X_Real_IP="198.51.100.7") == 403
    assert spaces.call("GET", "/green", X_Real_IP="198.51.100.7") == 403


def test_a_change_is_told_once_whichever_workspaces_list_it(spaces):
    spaces.admin("PUT", "/blue/services/blue-api", {"host": "elsewhere.internal"})
    (page,) = list(Changes(spaces.of("blue,green"), spaces.egress).read_changes({}))
    told = [
        change for change in page[0] if change.action == "PUT /services" and change.object_ref == "blue-api"
    ]
    assert len(told) == 2  # made by the fixture, and changed now
    assert len({change.ref for change in page[0]}) == len(page[0])


@pytest.mark.parametrize(
    ("entered", "named", "stage"),
    [
        ("blue,green", "blue", "blue"),
        ("blue,green", None, None),
        ("blue", None, "blue"),
        (None, None, "default"),
    ],
)
def test_a_record_that_does_not_name_its_workspace_gets_one_only_when_there_is_one(
    spaces, entered, named, stage
):
    calls = Calls(spaces.of(entered), spaces.egress)
    more = f'"workspace_name": "{named}", ' if named else ""
    record = f'{{{more}"request": {{"id": "a", "method": "GET", "uri": "/x"}}, "started_at": 1790553612043}}'
    (call,) = calls.normalise(calls.parse(record.encode(), {})).table.to_pylist()
    assert call["stage"] == stage


def test_the_texts_grant_and_log_in_every_workspace():
    context = {"ingest_url": "https://acme.example/in", "ingest_token": "tok"}

    def made(workspace: str) -> dict[str, str]:
        settings = KongSettings(admin_url="https://k.example", workspace=workspace)
        return {text.title: text.body for text in setup.texts(settings, context)}

    several = made("blue, green")
    assert several["Enterprise: role for reading"].count("workspace=") == 2
    assert "for WORKSPACE in blue green; do" in several["Send calls: Admin API"]
    everywhere = made("*")
    assert "workspace='*'" in everywhere["Enterprise: role for reading"]
    assert "/workspaces?size=1000" in everywhere["Send calls: Admin API"]
