"""The whole way on the sample company's estate: read, pull, block what comes in, undo."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from ipaddress import ip_network

import pytest
import urllib3

from connectors.aws.calls import Calls
from connectors.aws.config import Config
from connectors.aws.enforce import Enforce
from connectors.aws.permissions import policy_document
from connectors.base.intent import BlockAction, BlockIntent, Match
from connectors.base.model import Completeness

ATTACKER, CLIENT = "198.18.4.7", "198.18.9.9"


@pytest.fixture(scope="module")
def double_options() -> list[str]:
    """This module's double starts with the sample company's estate."""
    return ["--seed", "--region", "us-east-1"]


@pytest.fixture(autouse=True)
def all_log_groups(double):
    """The estate's log groups have names of their own."""
    double.grant("read", policy=policy_document("read", "123456789012", ("*",)))


@pytest.fixture
def send(double):
    """Send a request to the deployed APIs; answers the status."""
    pool = urllib3.PoolManager(retries=False)

    def request(path: str, address: str = CLIENT, host: str = "api.acme.example") -> int:
        headers = {
            "Host": host,
            "X-Double-Client-Ip": address,
            "X-Double-Country": "DE",
            "User-Agent": "acme/1",
        }
        return pool.request("GET", f"{double.data_url}{path}", headers=headers).status

    yield request
    pool.clear()


def read_config(double):
    settings = double.settings(regions=["us-east-1"])
    return Config(settings, double.egress, session=double.session(settings)).read_config()


def pulled(double, snapshot) -> list[dict]:
    settings = double.settings(access_log_groups=["*"], regions=["us-east-1"])
    clock = lambda: datetime.now(UTC) + timedelta(seconds=500)  # noqa: E731
    reader = Calls(settings, double.egress, session=double.session(settings), clock=clock)
    rows: list[dict] = []
    for batch, _ in reader.read_calls({}, snapshot):
        found = reader.normalise(batch)
        assert found.quarantined == ()
        rows += found.table.to_pylist()
    return rows


def test_the_estate_is_read_completely(double):
    snapshot = read_config(double)
    assert {
        entry.name for entry in snapshot.sections if entry.completeness is not Completeness.COMPLETE
    } == set()
    kinds = {service.name: service.kind for service in snapshot.services}
    assert kinds["orders"] == "rest_api"
    assert "http_api" in kinds.values()
    assert any(policy.name == "acme-main" and policy.logging for policy in snapshot.waf_policies)


def test_each_request_is_one_call_with_what_both_logs_know(double, send):
    snapshot = read_config(double)
    statuses = [send(f"/orders/{number}?expand=items&n={number}") for number in range(5)]
    deadline = time.monotonic() + 20
    found: list[dict] = []
    while time.monotonic() < deadline and len(found) < 5:
        time.sleep(0.3)
        found = [
            row for row in pulled(double, snapshot) if (row["query"] or "").startswith("expand=items&n=")
        ]
    assert sorted(row["query"] for row in found) == [f"expand=items&n={number}" for number in range(5)]
    assert {row["status"] for row in found} == set(statuses)
    for row in found:
        assert row["client_ip"] == CLIENT
        assert row["country"] == "DE"
        assert row["waf_action"] == "ALLOW"
        assert row["declared_route"]
    assert len({row["call_id"] for row in found}) == 5


def test_a_pushed_block_stops_the_address_and_only_it_until_undone(double, send):
    snapshot = read_config(double)
    settings = double.settings(regions=["us-east-1"])
    enforcer = Enforce(settings, double.egress, session=double.session(settings), sleep=lambda _s: None)
    (target,) = [entry for entry in enforcer.targets(snapshot) if entry.name == "acme-main"]
    match = Match(
        networks=(ip_network(f"{ATTACKER}/32"),), path_templates=("/orders/{orderId}",), methods=("GET",)
    )
    expires = datetime(2027, 1, 1, tzinfo=UTC)
    state = enforcer.read_state(target)
    assert send("/orders/1", ATTACKER) != 403

    def push(action: BlockAction):
        now = enforcer.read_state(target)
        program = enforcer.compile([BlockIntent("blk_1", match, action, expires, "test")], target, now)
        assert target.service_refs[0] in program.outcomes[0].coverage.covered
        return enforcer.apply(enforcer.diff(program, now), lambda _change: None)

    push(BlockAction.COUNT)
    assert send("/orders/1", ATTACKER) != 403
    push(BlockAction.BLOCK)
    assert [send("/orders/1", ATTACKER), send("/orders/2/", ATTACKER), send("/%6frders/1", ATTACKER)] == [
        403,
        403,
        403,
    ]
    assert send("/orders/1", CLIENT) != 403
    assert send("/customers/1", ATTACKER) != 403
    undone = enforcer.restore(state, lambda _change: None)
    assert send("/orders/1", ATTACKER) != 403
    assert undone.after.foreign_digest == state.foreign_digest
