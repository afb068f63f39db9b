"""What we ask for is what we use: exactly the manifest's permissions suffice, and each missing one is named."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from ipaddress import ip_network

import pytest

from connectors.apigee.access import Access
from connectors.apigee.calls import Calls
from connectors.apigee.changes import Changes
from connectors.apigee.config import Config
from connectors.apigee.enforce import Enforce
from connectors.apigee.permissions import READ, WRITE
from connectors.apigee.setup import texts
from connectors.base.capabilities import Grant
from connectors.base.enforcement import Target
from connectors.base.errors import ConnectorError
from connectors.base.intent import BlockAction, BlockIntent, Match
from connectors.base.model import Completeness
from tests.connectors.apigee.world import EVERYTHING, NAME

PROD = Target(f"{NAME}/environments/prod", "prod", "environment")


def block(address):
    match = Match(networks=(ip_network(address),))
    return BlockIntent("blk_1", match, BlockAction.BLOCK, datetime(2996, 1, 1, tzinfo=UTC), "test")


def push(enforce, *blocks):
    state = enforce.read_state(PROD)
    enforce.apply(enforce.diff(enforce.compile(blocks, PROD, state), state), lambda change: None)


def use_everything(gateway, settings):
    """Read configuration, calls and changes, push blocks, change them and take them away; what went wrong."""
    wrong = []

    def attempt(what):
        try:
            what()
        except ConnectorError as error:
            wrong.append(error.sentence())

    snapshot = Config(settings, gateway.egress).read_config()
    wrong += [
        f"{s.name}: {s.reason}" for s in snapshot.sections if s.completeness is not Completeness.COMPLETE
    ]
    attempt(lambda: list(Calls(settings, gateway.egress).read_calls({}, snapshot)))
    attempt(lambda: list(Changes(settings, gateway.egress).read_changes({})))
    enforce = Enforce(settings, gateway.egress)
    for blocks in ((block("198.51.100.7/32"),), (block("198.51.100.9/32"),), ()):
        attempt(lambda blocks=blocks: push(enforce, *blocks))
    return wrong


def test_exactly_the_permissions_of_the_manifest_suffice(gateway):
    assert use_everything(gateway, gateway.settings(EVERYTHING, message_log="x")) == []


@pytest.mark.parametrize("missing", EVERYTHING)
def test_no_permission_is_asked_for_in_vain_and_a_missing_one_is_named(gateway, missing):
    settings = gateway.settings([name for name in EVERYTHING if name != missing], message_log="x")
    wrong = use_everything(gateway, settings)
    assert wrong, f"nothing needs {missing}"
    assert all(missing in sentence for sentence in wrong), wrong
    rows = {row.action: row for row in Access(settings, gateway.egress).check()}
    assert rows[missing].grant is Grant.DENIED
    assert f"--add-permissions={missing}" in rows[missing].fix
    assert {row.grant for action, row in rows.items() if action != missing} == {Grant.GRANTED}


def test_the_set_up_texts_grant_the_manifests_permissions_read_and_write_apart():
    found = texts({"organization": "acme-apis"}, {})
    for kind, needs in (("Read access", READ), ("Blocking", WRITE)):
        for tool in ("gcloud", "Terraform"):
            body = next(text.body for text in found if text.title == f"{kind}: {tool}")
            named = set(re.findall(r"(?:apigee|logging)\.[A-Za-z]+\.[A-Za-z]+", body)) - {
                "logging.googleapis.com"
            }
            assert named == {need.action for need in needs}
