"""What we ask for is what we use: a token of exactly these permission groups does it all, without one it is told."""

from __future__ import annotations

from datetime import UTC, datetime
from ipaddress import ip_network

import pytest

from connectors.base.capabilities import Grant
from connectors.base.errors import PermissionMissing, SettingsError
from connectors.base.intent import BlockAction, BlockIntent, Match
from connectors.base.model import Completeness
from connectors.cloudflare.access import Access
from connectors.cloudflare.calls import Calls
from connectors.cloudflare.changes import Changes
from connectors.cloudflare.config import Config
from connectors.cloudflare.enforce import Enforce
from connectors.cloudflare.permissions import (
    ANALYTICS,
    AUDIT,
    CERTIFICATES,
    DNS,
    LISTS,
    LOGS,
    READ,
    SETTINGS,
    SHIELD,
    WAF,
    WRITE,
    WRITE_LISTS,
    WRITE_WAF,
    ZONE,
)
from connectors.testkit.running import Fault

BLOCK = BlockIntent(
    "blk_1",
    Match(networks=(ip_network("198.51.100.7/32"),)),
    BlockAction.BLOCK,
    datetime(2027, 1, 1, tzinfo=UTC),
    "test",
)


def settings_with(cloudflare, *scopes: str, **more: object):
    token = cloudflare.token("-".join(sorted(scopes)) or "none", *scopes)
    return cloudflare.settings.model_validate(
        {**cloudflare.settings.model_dump(), "api_token": token, "zones": ["acme.example"], **more}
    )


def names(needs) -> tuple[str, ...]:
    return tuple(need.action for need in needs)


def rows(cloudflare, *scopes: str):
    return {row.action: row for row in Access(settings_with(cloudflare, *scopes), cloudflare.egress).check()}


def test_a_token_of_exactly_the_manifest_does_everything(cloudflare):
    settings = settings_with(cloudflare, *names(READ), *names(WRITE), pull_events=True)
    access = Access(settings, cloudflare.egress).check()
    assert {row.action for row in access if row.grant is not Grant.GRANTED} == set()
    snapshot = Config(settings, cloudflare.egress).read_config()
    assert {section.completeness for section in snapshot.sections} == {Completeness.COMPLETE}
    list(Changes(settings, cloudflare.egress).read_changes({}))
    list(Calls(settings, cloudflare.egress).read_calls({}, None))
    enforce = Enforce(settings, cloudflare.egress)
    (target,) = enforce.targets(snapshot)
    state = enforce.read_state(target)
    applied = enforce.apply(enforce.diff(enforce.compile([BLOCK], target, state), state), lambda change: None)
    assert len(applied.changes) == 2
    enforce.restore(applied.before, lambda change: None)


def test_reading_needs_no_right_to_write(cloudflare):
    snapshot = Config(settings_with(cloudflare, *names(READ)), cloudflare.egress).read_config()
    assert {section.completeness for section in snapshot.sections} == {Completeness.COMPLETE}
    found = rows(cloudflare, *names(READ))
    assert {found[name].grant for name in names(WRITE)} == {Grant.DENIED}


@pytest.mark.parametrize("missing", [*names(READ), *names(WRITE)])
def test_the_check_names_the_one_permission_that_is_missing(cloudflare, missing):
    kept = [name for name in (*names(READ), *names(WRITE)) if name != missing]
    if missing in (WAF, LISTS):  # Write includes Read
        kept = [name for name in kept if name not in (WRITE_WAF, WRITE_LISTS)]
    found = rows(cloudflare, *kept)
    assert found[missing].grant is Grant.DENIED
    assert missing in found[missing].fix
    others = {name for name in kept if found[name].grant is not Grant.GRANTED}
    assert others == (set() if missing != ZONE else others)
    assert all(found[name].grant is Grant.UNKNOWN for name in others)


@pytest.mark.parametrize(
    ("missing", "sections"),
    [
        (SETTINGS, {"settings", "upstreams"}),
        (DNS, {"dns", "upstreams"}),
        (WAF, {"waf"}),
        (LOGS, {"waf_logging"}),
        (SHIELD, {"routes", "auth", "discovered_operations"}),
        (CERTIFICATES, {"auth"}),
    ],
)
def test_without_a_permission_its_section_is_unknown_and_says_why(cloudflare, missing, sections):
    kept = [name for name in names(READ) if name != missing]
    snapshot = Config(settings_with(cloudflare, *kept), cloudflare.egress).read_config()
    incomplete = {s.name: s for s in snapshot.sections if s.completeness is not Completeness.COMPLETE}
    assert set(incomplete) == sections
    for section in incomplete.values():
        assert section.completeness is Completeness.UNKNOWN
        assert "refused" in section.reason
    (stage,) = snapshot.stages
    if missing == WAF:
        assert (stage.waf_ref, stage.throttled, snapshot.waf_policies) == (None, None, ())
    if missing == LOGS:
        assert stage.access_log is None
        assert snapshot.waf_policies[0].logging is None
    if missing == CERTIFICATES:
        assert all(not route.auth_known for route in snapshot.routes)


def test_without_the_zones_nothing_is_read_and_the_permission_is_named(cloudflare):
    settings = settings_with(cloudflare, *(name for name in names(READ) if name != ZONE))
    with pytest.raises(PermissionMissing) as caught:
        Config(settings, cloudflare.egress).read_config()
    assert caught.value.missing == ZONE


def test_without_the_audit_permission_changes_are_refused_not_empty(cloudflare):
    settings = settings_with(cloudflare, *(name for name in names(READ) if name != AUDIT))
    with pytest.raises(PermissionMissing) as caught:
        list(Changes(settings, cloudflare.egress).read_changes({}))
    assert caught.value.missing == AUDIT


def test_without_analytics_pulling_is_refused_not_empty(cloudflare):
    kept = [name for name in names(READ) if name != ANALYTICS]
    settings = settings_with(cloudflare, *kept, pull_events=True)
    with pytest.raises(PermissionMissing) as caught:
        list(Calls(settings, cloudflare.egress).read_calls({}, None))
    assert caught.value.missing == ANALYTICS


@pytest.mark.parametrize("missing", names(WRITE))
def test_without_a_write_permission_a_push_names_it_and_nothing_foreign_changes(cloudflare, missing):
    kept = [*names(READ), *(name for name in names(WRITE) if name != missing)]
    enforce = Enforce(settings_with(cloudflare, *kept), cloudflare.egress)
    target = enforce.targets(Config(cloudflare.settings, cloudflare.egress).read_config())[0]
    state = enforce.read_state(target)
    with pytest.raises(PermissionMissing) as caught:
        enforce.apply(enforce.diff(enforce.compile([BLOCK], target, state), state), lambda change: None)
    assert caught.value.missing == missing
    assert enforce.read_state(target).foreign_digest == state.foreign_digest


@pytest.mark.asvs("16.5.1")
def test_a_wrong_token_is_a_settings_error_that_does_not_repeat_it(cloudflare):
    settings = cloudflare.settings.model_validate(
        {**cloudflare.settings.model_dump(), "api_token": "wr0ng-s3cret"}
    )
    with pytest.raises(SettingsError) as caught:
        Access(settings, cloudflare.egress).check()
    assert "wr0ng-s3cret" not in caught.value.sentence()


def test_what_the_plan_refuses_is_unknown_and_not_called_a_missing_permission(cloudflare):
    settings = settings_with(cloudflare, *names(READ), *names(WRITE), zones=["acme-labs.example"])
    found = {row.action: row for row in Access(settings, cloudflare.egress).check()}
    assert found[SHIELD].grant is Grant.UNKNOWN
    assert "plan" in found[SHIELD].detail


def test_a_failing_endpoint_is_unknown_and_neither_granted_nor_denied(cloudflare):
    cloudflare.double.order(Fault(status=500, operation="GET /zones/*/settings"))
    assert rows(cloudflare, *names(READ), *names(WRITE))[SETTINGS].grant is Grant.UNKNOWN
