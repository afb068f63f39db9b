"""What a control plane is to others in Konnect: members of its group, and the one the settings led to before."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from ipaddress import ip_network

import pytest

from connectors.base.enforcement import Target
from connectors.base.errors import RefusedError
from connectors.base.intent import BlockAction, BlockIntent, Match
from connectors.base.model import Completeness
from connectors.kong.config import Config
from connectors.kong.enforce import Enforce
from connectors.kong.form import KongSettings
from connectors.testkit.running import Fault
from tests.connectors.kong.konnect import Konnect, running

ADDRESS = Match(networks=(ip_network("198.51.100.7/32"),))
INTENT = BlockIntent("blk_1", ADDRESS, BlockAction.BLOCK, datetime(2026, 12, 1, tzinfo=UTC), "test")


@pytest.fixture(scope="module")
def konnect() -> Iterator[Konnect]:
    with running() as made:
        yield made


def test_a_target_is_refused_when_the_settings_lead_to_another_control_plane_by_now(konnect):
    enforce = Enforce(konnect.settings, konnect.egress)
    (target,) = enforce.targets(Config(konnect.settings, konnect.egress).read_config())
    state = enforce.read_state(target)
    diff = enforce.diff(enforce.compile([INTENT], target, state), state)
    moved = Enforce(konnect.with_(control_plane="team-001"), konnect.egress)
    for act in (
        lambda: moved.read_state(target),
        lambda: moved.apply(diff, lambda change: None),
        lambda: moved.restore(state, lambda change: None),
    ):
        with pytest.raises(RefusedError, match="team-001"):
            act()
    _, plugins = konnect.ask("GET", f"/v2/control-planes/{konnect.plane('team-001')}/core-entities/plugins")
    assert plugins["data"] == []


def test_a_target_in_konnect_is_no_workspace_of_a_kong_of_ones_own(konnect):
    settings = KongSettings(admin_url=konnect.double.control_url, admin_token="t0ken")
    target = Target(f"control_plane:{konnect.plane()}", "acme-shop", "kong_workspace")
    with pytest.raises(RefusedError, match="workspaces at"):
        Enforce(settings, konnect.egress).read_state(target)


def test_what_other_members_of_a_group_add_to_a_member_is_not_known(konnect):
    alone = Config(konnect.settings, konnect.egress).read_config()
    assert all(route.auth_known for route in alone.routes)
    assert alone.completeness("plugins") is Completeness.COMPLETE
    with running("--in-group") as made:
        member = Config(made.settings, made.egress).read_config()
    assert not any(route.auth_known for route in member.routes)
    assert {stage.access_log for stage in member.stages} == {None}
    assert {route.validated for route in member.routes} <= {True, None}
    assert member.completeness("plugins") is Completeness.PARTIAL


def test_a_membership_that_cannot_be_read_leaves_authentication_unknown(konnect):
    konnect.double.order(Fault(200, "GET /group-member-status", body={}))
    found = Config(konnect.settings, konnect.egress).read_config()
    konnect.double.behave()
    assert not any(route.auth_known for route in found.routes)
    assert found.completeness("plugins") is Completeness.PARTIAL
