"""What we ask for is what we use: exactly the manifest's actions suffice, and each missing one is named."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from ipaddress import ip_network

import pytest

from connectors.azure.access import Access, allowed
from connectors.azure.calls import Calls
from connectors.azure.changes import Changes
from connectors.azure.config import Config
from connectors.azure.enforce import Enforce
from connectors.azure.manifest import MANIFEST, AzureSettings
from connectors.azure.permissions import LOGS, READ, WRITE
from connectors.azure.setup import texts
from connectors.base.capabilities import Grant
from connectors.base.errors import SettingsError
from connectors.base.intent import BlockAction, BlockIntent, Match
from connectors.base.model import Completeness
from tests.connectors.azure.conftest import EDGE_TARGET, GATEWAY_TARGET

NEEDS = {"read": READ, "write": WRITE}
ACTIONS = [need.action for need in MANIFEST.permissions]


def role(*actions: str) -> dict[str, list[str]]:
    return {"actions": list(actions), "notActions": []}


def use_everything(azure) -> None:
    """Every verb of the connector, with everything it reads complete."""
    snapshot = Config(azure.settings, azure.egress).read_config()
    for section in snapshot.sections:
        assert section.completeness is Completeness.COMPLETE, section
    list(Calls(azure.settings, azure.egress).read_calls({"until": datetime.now(UTC).isoformat()}, snapshot))
    list(Changes(azure.settings, azure.egress).read_changes({"until": datetime.now(UTC).isoformat()}))
    networks = (ip_network("198.51.100.7/32"),)
    block = BlockIntent(
        "blk_1", Match(networks=networks), BlockAction.BLOCK, datetime(2027, 1, 1, tzinfo=UTC), "t"
    )
    enforce = Enforce(azure.settings, azure.egress)
    for target in (EDGE_TARGET, GATEWAY_TARGET):
        state = enforce.read_state(target)
        applied = enforce.apply(
            enforce.diff(enforce.compile([block], target, state), state), lambda change: None
        )
        enforce.restore(applied.before, lambda change: None)


def test_exactly_the_manifests_actions_suffice_and_all_of_them_are_used(azure):
    azure.roles(role(*(need.action for need in READ)), role(*(need.action for need in WRITE)))
    use_everything(azure)
    Access(azure.settings, azure.egress).check()
    used = {action.lower() for action in azure.ask("GET", "/_double/roles")[1]}
    assert used == {action.lower() for action in ACTIONS}


@pytest.mark.parametrize("missing", ACTIONS)
def test_each_missing_action_is_denied_by_name_with_its_fix(azure, missing):
    azure.roles(role(*(action for action in ACTIONS if action != missing)))
    rows = {row.action: row for row in Access(azure.settings, azure.egress).check()}
    assert rows[missing].grant is Grant.DENIED, rows[missing]
    assert missing in rows[missing].fix
    denied = {action for action, row in rows.items() if row.grant is Grant.DENIED}
    assert denied == {missing}


def test_with_every_action_every_row_is_granted(azure):
    azure.roles(role(*ACTIONS))
    rows = Access(azure.settings, azure.egress).check()
    assert [row.action for row in rows] == ACTIONS
    assert {row.grant for row in rows} == {Grant.GRANTED}


def test_an_exception_of_one_role_takes_nothing_from_another(azure):
    everything_but = {"actions": ["*"], "notActions": ["Microsoft.Network/*/write"]}
    azure.roles(everything_but)
    rows = {row.action: row.grant for row in Access(azure.settings, azure.egress).check()}
    assert [action for action, grant in rows.items() if grant is Grant.DENIED] == [
        n.action for n in WRITE[:2]
    ]
    azure.roles(everything_but, role(*(need.action for need in WRITE)))
    rows = {row.action: row.grant for row in Access(azure.settings, azure.egress).check()}
    assert set(rows.values()) == {Grant.GRANTED}


@pytest.mark.parametrize(
    ("actions", "denied", "expected"),
    [
        (["*"], [], True),
        (["*/read"], [], True),
        (["MICROSOFT.CDN/Profiles/Read"], [], True),
        (["Microsoft.Cdn/*"], ["Microsoft.Cdn/profiles/*"], False),
        (["Microsoft.Cdn/profile/read"], [], False),
        (["Microsoft.Cdn/profiles/read/more"], [], False),
        ([], [], False),
    ],
)
def test_actions_are_compared_as_azure_does(actions, denied, expected):
    assert allowed("Microsoft.Cdn/profiles/read", [{"actions": actions, "notActions": denied}]) is expected


def test_without_a_workspace_its_rows_are_neither_granted_nor_denied(azure):
    settings = azure.settings_with(workspace_id="")
    rows = {row.action: row for row in Access(settings, azure.egress).check()}
    assert {rows[need.action].grant for need in LOGS} == {Grant.UNKNOWN}
    assert {rows[need.action].grant for need in READ if need not in LOGS} == {Grant.GRANTED}


def test_a_wrong_secret_is_an_error_and_no_list_of_denials(azure):
    with pytest.raises(SettingsError, match="AADSTS7000215"):
        Access(azure.settings_with(client_secret="wrong"), azure.egress).check()


def test_without_an_application_nothing_is_called_granted_or_denied(azure):
    assert {row.grant for row in Access(AzureSettings(), azure.egress).check()} == {Grant.UNKNOWN}


@pytest.mark.parametrize("access", ["read", "write"])
@pytest.mark.parametrize("language", ["bash", "terraform"])
def test_every_text_grants_exactly_the_permissions_we_need(access, language):
    settings = {"subscriptions": ["5f8f3a0e-2c4b-4c0e-9a51-7a0d6a4f1c2b"], "workspace_id": "x"}
    text = next(t.body for t in texts(settings, {}) if (t.access, t.language) == (access, language))
    assert set(re.findall(r'"(Microsoft\.[\w.]+/[\w/]+)"', text)) == {need.action for need in NEEDS[access]}
    assert "/subscriptions/5f8f3a0e-2c4b-4c0e-9a51-7a0d6a4f1c2b" in text


def test_the_role_of_the_command_line_text_is_one_the_double_enforces(azure):
    body = next(t.body for t in texts({"workspace_id": "x"}, {}) if t.title == "Read: Azure CLI")
    definition = json.loads(body.partition("<<'EOF'\n")[2].partition("\nEOF")[0])
    azure.roles({"actions": definition["Actions"], "notActions": definition["NotActions"]})
    snapshot = Config(azure.settings, azure.egress).read_config()
    assert {section.completeness for section in snapshot.sections} == {Completeness.COMPLETE}


def test_without_a_workspace_the_role_asks_for_no_logs():
    body = next(t.body for t in texts({}, {}) if t.title == "Read: Azure CLI")
    assert "OperationalInsights" not in body
