"""What we ask for is what we use: exactly the manifest's permissions suffice, and each missing one is named."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from ipaddress import ip_network
from typing import Any

import pytest

from connectors.base.capabilities import Grant
from connectors.base.enforcement import Target
from connectors.base.errors import ConnectorError, SettingsError, TransientError
from connectors.base.intent import BlockAction, BlockIntent, Match
from connectors.base.model import Completeness
from connectors.cloudarmor.access import Access
from connectors.cloudarmor.calls import Calls
from connectors.cloudarmor.changes import Changes
from connectors.cloudarmor.config import Config
from connectors.cloudarmor.enforce import Enforce
from connectors.cloudarmor.manifest import MANIFEST, CloudArmorSettings
from connectors.cloudarmor.permissions import ALL, GROUPS, READ, WRITE
from connectors.cloudarmor.setup import ROLES, texts
from connectors.testkit.running import Fault
from tests.connectors.cloudarmor.world import EVERYTHING, REPORTS, SHOP

TARGETS = (Target(SHOP, "shop", "security_policy"), Target(REPORTS, "reports", "security_policy"))


def block(number: int, **match: Any) -> BlockIntent:
    return BlockIntent(
        f"blk_{number}", Match(**match), BlockAction.BLOCK, datetime(2027, 1, 1, tzinfo=UTC), "t"
    )


def use_everything(cloud, settings: CloudArmorSettings) -> list[str]:
    """Read configuration, calls and changes, push blocks, change them and take them away; what went wrong."""
    wrong: list[str] = []

    def attempt(what: Any) -> None:
        try:
            what()
        except ConnectorError as error:
            wrong.append(error.sentence())

    snapshot = Config(settings, cloud.egress).read_config()
    wrong += [
        f"{s.name}: {s.reason}" for s in snapshot.sections if s.completeness is not Completeness.COMPLETE
    ]
    later = datetime.now(UTC) + timedelta(hours=1)
    attempt(lambda: list(Calls(settings, cloud.egress, clock=lambda: later).read_calls({}, snapshot)))
    attempt(lambda: list(Changes(settings, cloud.egress).read_changes({})))
    enforce = Enforce(settings, cloud.egress)
    programs: tuple[list[BlockIntent], ...] = (
        [block(1, networks=(ip_network("198.51.100.7/32"),)), block(2, asns=(64500,))],
        [block(1, networks=(ip_network("198.51.100.9/32"),)), block(2, asns=(64501,))],
        [],
    )
    for target in TARGETS:
        for intents in programs:
            attempt(lambda target=target, intents=intents: _push(enforce, target, intents))
    return wrong


def _push(enforce: Enforce, target: Target, intents: list[BlockIntent]) -> None:
    state = enforce.read_state(target)
    enforce.apply(enforce.diff(enforce.compile(intents, target, state), state), lambda change: None)


@pytest.mark.asvs("13.2.2")
def test_exactly_the_permissions_of_the_manifest_suffice(cloud):
    assert use_everything(cloud, cloud.settings(EVERYTHING, logs="pull", enterprise=True)) == []


@pytest.mark.asvs("13.2.2")
def test_reading_and_blocking_without_enterprise_need_no_address_groups(cloud):
    granted = [need.action for need in (*READ, *WRITE)]
    assert use_everything(cloud, cloud.settings(granted, logs="pull")) == []


@pytest.mark.parametrize("missing", EVERYTHING)
@pytest.mark.asvs("13.2.2")
def test_no_permission_is_asked_for_in_vain_and_a_missing_one_is_named(cloud, missing):
    granted = [name for name in EVERYTHING if name != missing]
    settings = cloud.settings(granted, logs="pull", enterprise=True)
    wrong = use_everything(cloud, settings)
    assert wrong, f"nothing needs {missing}"
    assert all(missing in sentence for sentence in wrong if "changed since" not in sentence), wrong
    # What the narrow account left behind, one with everything takes away.
    tidy = Enforce(cloud.settings(enterprise=True), cloud.egress)
    for target in TARGETS:
        _push(tidy, target, [])
    rows = {row.action: row for row in Access(settings, cloud.egress).check()}
    assert rows[missing].grant is Grant.DENIED
    assert f"--add-permissions={missing}" in rows[missing].fix
    assert {row.grant for action, row in rows.items() if action != missing} == {Grant.GRANTED}


def test_the_read_role_cannot_write(cloud):
    rows = Access(cloud.settings([need.action for need in READ]), cloud.egress).check()
    assert {row.grant for row in rows if row.access == "read"} == {Grant.GRANTED}
    assert {row.grant for row in rows if row.access == "write"} == {Grant.DENIED}
    assert all("Enterprise" in row.detail for row in rows if row.action in {need.action for need in GROUPS})


def test_the_set_up_texts_grant_the_manifests_permissions_read_and_write_apart():
    found = texts({"project_id": "acme-shop"}, {"ingest_url": "https://x.example/i", "ingest_token": "t"})
    known = {need.action for need in MANIFEST.permissions}
    needs = {role.name: role.needs for role in ROLES}
    for role, titles in (
        ("read", ("Read access: gcloud", "Read access: Terraform")),
        ("write", ("Blocking: gcloud", "Blocking: Terraform")),
        ("groups", ("Blocking with address groups (Enterprise)",)),
    ):
        for text in found:
            if text.title in titles:
                named = set(
                    re.findall(r"(?:compute|networksecurity|logging)\.[A-Za-z]+\.[A-Za-z]+", text.body)
                )
                assert named & known == {need.action for need in needs[role]}, text.title
                assert text.access == ("read" if role == "read" else "write")
    assert {need for role in ("read", "write", "groups") for need in needs[role]} == set(ALL)


def test_a_switched_off_resource_manager_leaves_permissions_unknown_with_the_command_that_helps(cloud):
    body = {"error": {"code": 403, "message": "disabled", "errors": [{"reason": "accessNotConfigured"}]}}
    cloud.double.order(Fault(403, "POST *testIamPermissions", service="iam", body=body))
    rows = Access(cloud.settings(), cloud.egress).check()
    assert {row.grant for row in rows} == {Grant.UNKNOWN}
    assert "gcloud services enable cloudresourcemanager.googleapis.com" in rows[0].fix


def test_an_iam_that_cannot_be_reached_is_an_error_and_no_denial(cloud):
    cloud.double.order(Fault(503, "POST *testIamPermissions", service="iam"))
    with pytest.raises(TransientError):
        Access(cloud.settings(), cloud.egress).check()


def test_a_connection_that_only_takes_pushes_has_nothing_to_test(cloud):
    rows = Access(CloudArmorSettings(), cloud.egress).check()
    assert {row.grant for row in rows} == {Grant.UNKNOWN}


@pytest.mark.parametrize("text", ["no json", "[]", '{"type": "authorized_user"}', '{"client_email": 7}'])
def test_a_key_that_is_none_is_refused_without_repeating_it(cloud, text):
    settings = CloudArmorSettings.model_validate(
        {
            "project_id": "acme-shop",
            "service_account_key": text + "never-shown"[: 0 if text.endswith("}") else 11],
        }
    )
    with pytest.raises(SettingsError) as caught:
        Access(settings, cloud.egress).check()
    assert text not in caught.value.sentence()
    assert "never-shown" not in caught.value.sentence()
