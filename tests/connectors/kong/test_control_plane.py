"""A control plane in Konnect: found, tested, read and blocked on, with Konnect's own rules."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from ipaddress import ip_network

import pytest
from pydantic import ValidationError

from connectors.base.capabilities import Capability, Grant
from connectors.base.errors import (
    ConnectorError,
    PermissionMissing,
    SettingsError,
    TransientError,
    VendorAnswerError,
)
from connectors.base.intent import BlockAction, BlockIntent, Exactness, HeaderMatch, Match
from connectors.base.model import Completeness
from connectors.base.registry import implementation
from connectors.kong import setup
from connectors.kong.access import Access
from connectors.kong.changes import Changes
from connectors.kong.config import Config
from connectors.kong.control_plane import ControlPlaneApi
from connectors.kong.enforce import Enforce
from connectors.kong.form import KongSettings
from connectors.testkit import conformance
from connectors.testkit.conformance import FaultCase, Subject
from connectors.testkit.doubles.konnect.__main__ import TOKEN
from connectors.testkit.enforcement_laws import check_enforcement
from connectors.testkit.running import Fault, local_egress
from tests.connectors.kong.konnect import Konnect, running
from tests.documented import commands, run

_ROUTES = "GET /routes"
FAULTS = (
    FaultCase("unauthorised", Fault(401, _ROUTES, body={"message": "Unauthorized"}), "routes", SettingsError),
    FaultCase("forbidden", Fault(403, _ROUTES, body={"message": "Forbidden"}), "routes", PermissionMissing),
    FaultCase("throttled", Fault(429, _ROUTES, headers={"Retry-After": "1"}), "routes", TransientError),
    FaultCase("failing", Fault(500, _ROUTES, body="boom"), "routes", TransientError),
    FaultCase("garbage", Fault(200, _ROUTES, body="<html>no</html>"), "routes", VendorAnswerError),
    FaultCase("page", Fault(200, _ROUTES, body={"data": [], "next": "/x"}), "routes", VendorAnswerError),
    FaultCase("nodes", Fault(403, "GET /nodes", body={"message": "no"}), "settings", PermissionMissing),
    FaultCase("shape", Fault(200, "GET /nodes", body={"items": [1]}), "settings", VendorAnswerError),
    FaultCase("member", Fault(200, "GET /group-member-status", body={}), "settings", VendorAnswerError),
    FaultCase("plane", Fault(503, "GET /control-planes", times=9), "routes", TransientError),
)


def intent(number: int, **match) -> BlockIntent:
    expires = datetime(2026, 12, 1, tzinfo=UTC)
    return BlockIntent(f"blk_{number}", Match(**match), BlockAction.BLOCK, expires, "test")


INTENTS = (
    intent(1, networks=(ip_network("198.51.100.7/32"), ip_network("2001:db8::/48"))),
    intent(2, methods=("GET",), path_templates=("/payments/{id}",)),
    intent(3, consumers=("mobile-app",)),
    intent(4, headers=(HeaderMatch("User-Agent", "evil", "contains"),)),
    intent(5, hosts=("partners.acme.example",), networks=(ip_network("192.0.2.0/24"),)),
)


@pytest.fixture(scope="module")
def konnect() -> Iterator[Konnect]:
    with running() as made:
        yield made


@pytest.fixture
def subject(konnect) -> Subject:
    egress = local_egress(*konnect.double.ports, timeout=2.0)

    def make(capability: Capability) -> object:
        return implementation("kong", capability)(konnect.settings, egress)

    def provoke() -> object:
        enforce = Enforce(konnect.settings, egress)
        return enforce.read_state(enforce.targets(Config(konnect.settings, egress).read_config())[0])

    return Subject("kong", make, konnect.double.order, konnect.double.behave, provoke, intents=INTENTS)


def rows(settings: KongSettings, konnect: Konnect):
    return {found.action: found for found in Access(settings, konnect.egress).check()}


def test_konnect_needs_a_control_plane_and_a_token_and_no_admin_address():
    assert KongSettings(reached_by="konnect", control_plane="x", admin_token="t").konnect_address == (
        "https://us.api.konghq.com"
    )
    for missing in ({"control_plane": "x"}, {"admin_token": "t"}):
        with pytest.raises(ValidationError, match="Field required"):
            KongSettings(reached_by="konnect", **missing)
    with pytest.raises(ValidationError, match=r"admin_url\n  Field required"):
        KongSettings(reached_by="admin_api")
    with pytest.raises(ValidationError, match="must start with http"):
        KongSettings(reached_by="admin_api", admin_url="kong.example")
    with pytest.raises(ValidationError, match="user name or password"):
        KongSettings(
            reached_by="konnect", control_plane="x", admin_token="t", konnect_url="https://a:b@c.example"
        )


def test_every_endpoint_is_tested_and_writing_is_called_unknown(konnect):
    found = rows(konnect.settings, konnect)
    reads = {entry.grant for entry in found.values() if entry.access == "read"}
    writes = {entry.grant for entry in found.values() if entry.access == "write"}
    assert (reads, writes) == ({Grant.GRANTED}, {Grant.UNKNOWN})
    assert "POST /v2/api-requests" in found
    assert "GET /core-entities/snis" in found


def test_testing_the_permissions_writes_nothing(konnect):
    before = konnect.entity("GET", "/plugins?size=1000")
    rows(konnect.settings, konnect)
    assert konnect.entity("GET", "/plugins?size=1000") == before


def test_an_endpoint_that_is_refused_is_denied_by_name(konnect):
    konnect.double.order(Fault(403, "POST /api-requests", body={"detail": "no"}))
    denied = rows(konnect.settings, konnect)["POST /v2/api-requests"]
    assert denied.grant is Grant.DENIED
    assert denied.fix


def test_a_name_nobody_has_and_a_wrong_token_are_errors_of_the_settings(konnect):
    with pytest.raises(SettingsError, match="no control plane named nowhere"):
        Access(konnect.with_(control_plane="nowhere"), konnect.egress).check()
    with pytest.raises(SettingsError) as caught:
        Access(konnect.with_(control_plane="acme-shop", admin_token="kpat_wr0ng"), konnect.egress).check()
    assert "kpat_wr0ng" not in caught.value.sentence()


def test_a_control_plane_is_found_by_its_id_and_by_name_on_whichever_page(konnect):
    by_name = ControlPlaneApi(konnect.settings, konnect.egress)
    by_id = ControlPlaneApi(konnect.with_(control_plane=konnect.plane()), konnect.egress)
    assert by_name.ref == by_id.ref == f"control_plane:{konnect.plane()}"
    assert by_id.workspace == "acme-shop"


def test_the_configuration_is_read_like_a_workspace_with_the_facts_konnect_knows(konnect):
    snapshot = Config(konnect.settings, konnect.egress).read_config()
    assert {entry.completeness for entry in snapshot.sections} == {Completeness.COMPLETE}
    assert snapshot.gateway_ref == f"control_plane:{konnect.plane()}"
    assert {entry.name for entry in snapshot.services} >= {"payments", "catalog"}
    assert {stage.name for stage in snapshot.stages} == {"acme-shop"}
    facts = {entry.name: entry.value for entry in snapshot.settings}
    assert (facts["edition"], facts["version"]) == ("konnect", "3.15.0.0")
    assert "admin_listen" not in facts
    assert "plugins.available" not in facts


@pytest.mark.parametrize("case", FAULTS, ids=lambda case: case.name)
def test_a_failed_read_is_never_an_empty_section(subject, case):
    conformance.check_failed_read(subject, case)


@pytest.mark.parametrize("case", FAULTS, ids=lambda case: case.name)
def test_a_misbehaving_konnect_becomes_the_fitting_error(subject, case):
    conformance.check_error(subject, case)


def test_blocks_follow_the_laws(subject):
    check_enforcement(subject)


def test_a_pushed_block_acts_at_the_data_plane_and_goes_again(konnect):
    enforce = Enforce(konnect.settings, konnect.egress)
    (target,) = enforce.targets(Config(konnect.settings, konnect.egress).read_config())
    state = enforce.read_state(target)
    program = enforce.compile(INTENTS[:2], target, state)
    applied = enforce.apply(enforce.diff(program, state), lambda change: None)
    assert konnect.call("GET", "/catalog/products", X_Real_IP="198.51.100.7") == 403
    assert konnect.call("GET", "/payments/p1") == 403
    enforce.restore(applied.before, lambda change: None)
    assert konnect.call("GET", "/catalog/products", X_Real_IP="198.51.100.7") == 502


def test_entries_in_the_customers_own_list_are_put_whole_since_konnect_cannot_patch(konnect):
    enforce = Enforce(konnect.settings, konnect.egress)
    status, theirs = konnect.entity(
        "POST",
        "/plugins",
        {"name": "ip-restriction", "config": {"deny": ["192.0.2.1"], "message": "Go away"}},
    )
    assert status == 201
    try:
        (target,) = enforce.targets(Config(konnect.settings, konnect.egress).read_config())
        state = enforce.read_state(target)
        applied = enforce.apply(
            enforce.diff(enforce.compile(INTENTS[:1], target, state), state), lambda change: None
        )
        _, now = konnect.entity("GET", f"/plugins/{theirs['id']}")
        assert now["config"] == {
            **theirs["config"],
            "deny": ["192.0.2.1", "198.51.100.7", "2001:db8::/48"],
        }
        assert applied.before.foreign_digest == applied.after.foreign_digest
        enforce.restore(applied.before, lambda change: None)
        _, again = konnect.entity("GET", f"/plugins/{theirs['id']}")
        assert {**again, "updated_at": 0} == {**theirs, "updated_at": 0}
    finally:
        konnect.entity("DELETE", f"/plugins/{theirs['id']}")


def test_the_documented_offline_undo_takes_ours_away_and_leaves_the_customers_list(konnect, tmp_path):
    enforce = Enforce(konnect.settings, konnect.egress)
    (target,) = enforce.targets(Config(konnect.settings, konnect.egress).read_config())
    config = {"deny": ["192.0.2.1"], "message": "Go away"}
    _, theirs = konnect.entity("POST", "/plugins", {"name": "ip-restriction", "config": config})
    try:
        before = enforce.read_state(target)
        program = enforce.compile(INTENTS[:2], target, before)
        assert enforce.apply(enforce.diff(program, before), lambda change: None).after.objects
        (script,) = commands("kong")
        entities = f"{konnect.double.control_url}/v2/control-planes/{konnect.plane()}/core-entities"
        run(script, tmp_path, KONG=entities, AUTH=f"Authorization: Bearer {TOKEN}")
        after = enforce.read_state(target)
        assert (after.objects, after.foreign_digest) == ((), before.foreign_digest)
    finally:
        konnect.entity("DELETE", f"/plugins/{theirs['id']}")


def test_a_token_that_may_only_read_writes_nothing_and_says_which_role_is_missing(konnect):
    enforce = Enforce(konnect.reader, konnect.egress)
    (target,) = enforce.targets(Config(konnect.reader, konnect.egress).read_config())
    state = enforce.read_state(target)
    diff = enforce.diff(enforce.compile(INTENTS[:1], target, state), state)
    with pytest.raises(PermissionMissing) as caught:
        enforce.apply(diff, lambda change: None)
    assert caught.value.missing.startswith("PUT /plugins/")
    assert enforce.read_state(target) == state


@pytest.mark.parametrize("name", ["everything", "cluster"])
def test_a_group_and_an_ingress_controllers_control_plane_are_read_but_not_written(konnect, name):
    settings = konnect.with_(control_plane=name)
    enforce = Enforce(settings, konnect.egress)
    (target,) = enforce.targets(Config(settings, konnect.egress).read_config())
    outcome = enforce.compile(INTENTS[:1], target, enforce.read_state(target)).outcomes[0]
    assert outcome.exactness is Exactness.REFUSED
    assert rows(settings, konnect)["PUT, DELETE /core-entities/routes"].grant is Grant.DENIED


def test_a_member_of_a_group_is_not_written_because_others_share_its_data_planes():
    with running("--in-group") as made:
        enforce = Enforce(made.settings, made.egress)
        (target,) = enforce.targets(Config(made.settings, made.egress).read_config())
        program = enforce.compile(INTENTS[:1], target, enforce.read_state(target))
        assert program.objects == ()
        assert "control plane group" in program.outcomes[0].reasons[0]
        assert "_format_version" in program.outcomes[0].reasons[-1]
        assert rows(made.settings, made)["PUT, DELETE /core-entities/routes"].grant is Grant.DENIED


def test_the_lowest_version_of_the_data_planes_counts():
    with running("--data-plane", "3.15.0.1", "--data-plane", "3.9.1.2", "--data-plane", "3.10.0.0") as made:
        api = ControlPlaneApi(made.settings, made.egress)
        assert api.versions() == ["3.9.1.2", "3.10.0.0", "3.15.0.1"]
        assert api.node()["version"] == "3.9.1.2"


def test_data_planes_are_read_to_the_last_page():
    options = [text for number in range(101) for text in ("--data-plane", f"3.10.0.{number}")]
    with running(*options) as made:
        assert len(ControlPlaneApi(made.settings, made.egress).versions()) == 101


def test_too_many_requests_are_reported_as_worth_trying_again_with_the_wait_konnect_asks_for():
    with running("--per-minute", "100") as made:
        for _ in range(100):
            made.ask("GET", "/v2/control-planes")
        with pytest.raises(TransientError) as caught:
            ControlPlaneApi(made.settings, made.egress).versions()
        assert caught.value.retry_after is not None
        assert 0 < caught.value.retry_after <= 60


def test_what_changed_in_konnect_is_not_known_and_says_so(konnect):
    with pytest.raises(SettingsError, match="webhook"):
        list(Changes(konnect.settings, konnect.egress).read_changes({}))


def test_the_texts_of_konnect_carry_our_token_and_grant_writing_apart():
    context = {"ingest_url": "https://acme.example/api/v1/ingest/con_1", "ingest_token": "tok-1"}
    texts = setup.texts({"reached_by": "konnect", "region": "eu"}, context)
    assert any("tok-1" in text.body for text in texts)
    assert {text.access for text in texts if "Route Admin" in text.body} == {"write"}
    assert "Admin API" not in " ".join(text.title for text in texts)


def test_a_strange_control_plane_document_is_an_error_and_not_an_empty_one(konnect):
    konnect.double.order(Fault(200, "GET /control-planes", body={"meta": {"page": {"total": 0}}, "data": {}}))
    with pytest.raises(ConnectorError, match="not a page of control planes"):
        Config(konnect.settings, konnect.egress).read_config()
    konnect.double.behave()
