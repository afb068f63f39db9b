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
from connectors.apigee.flow.compile import wanted_content
from connectors.apigee.permissions import FLOW, READ, WRITE, needed
from connectors.apigee.setup import texts
from connectors.base.capabilities import Grant
from connectors.base.enforcement import Target
from connectors.base.errors import ConnectorError
from connectors.base.intent import BlockAction, BlockIntent, Match
from connectors.base.model import Completeness
from tests.connectors.apigee.world import EVERYTHING, NAME
from tests.documented import run

FLOWS = Target(f"{NAME}/environments/prod/sharedflows/portcullis-enforcer", "prod", "environment_flow")
PROD = Target(f"{NAME}/environments/prod", "prod", "environment")


def block(address):
    match = Match(networks=(ip_network(address),))
    return BlockIntent("blk_1", match, BlockAction.BLOCK, datetime(2996, 1, 1, tzinfo=UTC), "test")


def push(enforce, target, *blocks):
    state = enforce.read_state(target)
    enforce.apply(enforce.diff(enforce.compile(blocks, target, state), state), lambda change: None)


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
    enforce = Enforce(settings, gateway.egress, sleep=lambda seconds: None)
    places = {"security_actions": (PROD,), "shared_flow": (FLOWS,), "both": (PROD, FLOWS)}[settings.enforcer]
    for target in places:
        for blocks in ((block("198.51.100.7/32"),), (block("198.51.100.9/32"),), ()):
            attempt(lambda target=target, blocks=blocks: push(enforce, target, *blocks))
    return wrong


@pytest.mark.parametrize("enforcer", ["security_actions", "shared_flow", "both"])
def test_exactly_the_permissions_of_the_chosen_enforcer_suffice(gateway, enforcer):
    names = [need.action for need in needed(enforcer)]
    settings = gateway.settings(names, message_log="x", enforcer=enforcer)
    assert use_everything(gateway, settings) == []
    rows = Access(settings, gateway.egress).check()
    assert [row.action for row in rows] == names
    assert {row.grant for row in rows} == {Grant.GRANTED}


@pytest.mark.parametrize("missing", EVERYTHING)
def test_no_permission_is_asked_for_in_vain_and_a_missing_one_is_named(gateway, missing):
    settings = gateway.settings(
        [name for name in EVERYTHING if name != missing], message_log="x", enforcer="both"
    )
    wrong = use_everything(gateway, settings)
    assert wrong, f"nothing needs {missing}"
    assert all(missing in sentence for sentence in wrong), wrong
    rows = {row.action: row for row in Access(settings, gateway.egress).check()}
    assert rows[missing].grant is Grant.DENIED
    assert f"--add-permissions={missing}" in rows[missing].fix
    assert {row.grant for action, row in rows.items() if action != missing} == {Grant.GRANTED}


def test_the_set_up_texts_grant_the_manifests_permissions_read_and_write_apart():
    found = texts({"organization": "acme-apis", "enforcer": "both"}, {})
    for kind, needs in (("Read access", READ), ("Blocking", WRITE), ("Blocking by a shared flow", FLOW)):
        for tool in ("gcloud", "Terraform"):
            body = next(text.body for text in found if text.title == f"{kind}: {tool}")
            named = set(re.findall(r"(?:apigee|logging)\.[A-Za-z]+\.[A-Za-z]+", body)) - {
                "logging.googleapis.com"
            }
            assert named == {need.action for need in needs}


@pytest.mark.parametrize(
    ("enforcer", "blocking"),
    [
        ("security_actions", {"Blocking: gcloud", "Blocking: Terraform", "Switch security actions on"}),
        (
            "shared_flow",
            {
                "Blocking by a shared flow: gcloud",
                "Blocking by a shared flow: Terraform",
                "Beside your own flow hook",
            },
        ),
    ],
)
def test_the_set_up_texts_ask_for_nothing_that_the_chosen_enforcer_does_not_use(enforcer, blocking):
    found = texts({"organization": "acme-apis", "enforcer": enforcer}, {})
    assert {text.title for text in found if text.access == "write"} == blocking


def test_the_set_up_text_for_a_taken_hook_deploys_what_we_look_for(gateway, tmp_path):
    text = next(
        t
        for t in texts({"organization": "acme-apis", "enforcer": "shared_flow"}, {})
        if "own flow" in t.title
    )
    script = text.body.replace("https://apigee.googleapis.com", gateway.base)
    script = script.replace("ENVIRONMENT=ENVIRONMENT", "ENVIRONMENT=prod")
    script = script.replace("TOKEN=$(gcloud auth print-access-token)\n", "")
    run(script, tmp_path, TOKEN=gateway.token)
    enforce = Enforce(gateway.settings(enforcer="shared_flow"), gateway.egress)
    seen = [enforce.read_state(FLOWS).foreign[0].document["content"] for _ in range(2)]
    assert seen == ["", wanted_content()], "not before it is ready"
