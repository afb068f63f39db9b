"""The documented offline undo takes our rules away and nothing else."""

from __future__ import annotations

from datetime import UTC, datetime
from ipaddress import ip_network
from pathlib import Path

import pytest

from connectors.azure.enforce import Enforce
from connectors.base.intent import BlockAction, BlockIntent, Match
from connectors.testkit.doubles.azure.estate import EDGE_WAF
from tests.connectors.azure.conftest import EDGE_TARGET, GATEWAY_TARGET, GATEWAY_WAF, VERSIONS
from tests.documented import commands, run


@pytest.mark.parametrize(("target", "policy"), [(EDGE_TARGET, EDGE_WAF), (GATEWAY_TARGET, GATEWAY_WAF)])
def test_a_policy_is_as_it_was_after_the_documented_commands(azure, tmp_path: Path, target, policy):
    enforce = Enforce(azure.settings, azure.egress)
    before = azure.policy(policy)
    state = enforce.read_state(target)
    match = Match(networks=(ip_network("198.51.100.0/24"),))
    block = BlockIntent("blk_1", match, BlockAction.BLOCK, datetime(2027, 1, 1, tzinfo=UTC), "t")
    enforce.apply(enforce.diff(enforce.compile([block], target, state), state), lambda change: None)
    assert "portcullis" in str(azure.policy(policy))
    (script,) = commands("azure")
    token = azure.token()[1]["access_token"]
    run(script, tmp_path, ARM=azure.url, TOKEN=token, POLICY=policy, VERSION=VERSIONS[policy])
    azure.settle()
    after = azure.policy(policy)
    assert {k: v for k, v in after.items() if k != "etag"} == {k: v for k, v in before.items() if k != "etag"}
