"""Blocks with conditions at running Kongs that have them: Enterprise 3.15, its hybrid mode, and Konnect."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from ipaddress import ip_network

import orjson
import pytest

from connectors.base.capabilities import Capability
from connectors.base.errors import ConnectorError, RefusedError, VendorAnswerError
from connectors.base.intent import BlockAction, BlockIntent, Exactness, HeaderMatch, Match
from connectors.base.registry import implementation
from connectors.kong.config import Config
from connectors.kong.enforce import Enforce
from connectors.testkit.conformance import Subject
from connectors.testkit.doubles.kong.estate import PARTNER_KEYS
from connectors.testkit.enforcement_laws import check_enforcement
from connectors.testkit.running import Fault, running_double
from tests.connectors.kong.conftest import Kong
from tests.connectors.kong.konnect import Konnect, running

ATTACKER, NEIGHBOUR = "198.51.100.7", "198.51.100.8"
GLOBEX, INITECH = PARTNER_KEYS["partner-globex"], PARTNER_KEYS["partner-initech"]
PARTNERS = "partners.acme.example"


def enterprise(*options: str):
    """A Kong Enterprise with the sample company's estate."""
    module, ports = "connectors.testkit.doubles.kong", ("--admin-port", "--proxy-port")
    return running_double(module, ["--admin-token", "t0ken", "--seed", *options], ports)


@pytest.fixture(params=["enterprise", "konnect"], scope="module")
def gateway(request) -> Iterator[Kong | Konnect]:
    if request.param == "konnect":
        with running() as made:
            yield made
    else:
        with enterprise("--enterprise", "3.15.0.0") as double:
            yield Kong(double)


def intent(number: int, **match) -> BlockIntent:
    expires = datetime(2026, 12, 1, tzinfo=UTC)
    return BlockIntent(f"blk_{number}", Match(**match), BlockAction.BLOCK, expires, "test")


ADDRESS_AND_PATH = intent(
    1, networks=(ip_network(f"{ATTACKER}/32"),), path_templates=("/catalog/products",), methods=("GET",)
)
CONSUMER_AND_PATH = intent(2, consumers=("partner-globex",), path_templates=("/partners/stock",))
HEADER_TWICE = intent(
    3, headers=(HeaderMatch("X-Client", "evil", "prefix"), HeaderMatch("x-client", "2", "contains"))
)
INTENTS = (ADDRESS_AND_PATH, CONSUMER_AND_PATH, HEADER_TWICE)


def push(gateway: Kong | Konnect, *intents: BlockIntent):
    enforce = Enforce(gateway.settings, gateway.egress)
    (target,) = enforce.targets(Config(gateway.settings, gateway.egress).read_config())
    state = enforce.read_state(target)
    program = enforce.compile(intents, target, state)
    return program, enforce.apply(enforce.diff(program, state), lambda change: None)


def test_a_pushed_condition_stops_those_requests_and_no_others(gateway):
    program, applied = push(gateway, *INTENTS)
    try:
        assert [found.exactness for found in program.outcomes] == [
            Exactness.EXACT,
            Exactness.EXACT,
            Exactness.APPROXIMATED,  # a header
        ]
        assert gateway.call("GET", "/catalog/products", X_Real_IP=ATTACKER) == 403
        assert gateway.call("GET", "/catalog/products", X_Real_IP=NEIGHBOUR) == 502
        assert gateway.call("GET", "/catalog/products/7", X_Real_IP=ATTACKER) == 502
        assert gateway.call("GET", "/partners/stock", PARTNERS, apikey=GLOBEX) == 403
        assert gateway.call("GET", "/partners/stock", PARTNERS, apikey=INITECH) == 502
        assert gateway.call("GET", "/partners/orders", PARTNERS, apikey=GLOBEX) == 502
        assert gateway.call("GET", "/catalog/products", X_Client="EVIL/2") == 403
        assert gateway.call("GET", "/catalog/products", X_Client="EVIL/1") == 502
        assert gateway.call("GET", "/catalog/products") == 502
        assert applied.before.foreign_digest == applied.after.foreign_digest
    finally:
        push(gateway)
    assert gateway.call("GET", "/catalog/products", X_Real_IP=ATTACKER) == 502


def test_blocks_with_conditions_follow_the_laws(gateway):
    def make(capability: Capability) -> object:
        return implementation("kong", capability)(gateway.settings, gateway.egress)

    double = gateway.double
    subject = Subject("kong", make, double.order, double.behave, lambda: None, intents=INTENTS)
    check_enforcement(subject)


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        (("--data-plane", "3.15.0.1", "--data-plane", "3.15.2.0"), Exactness.EXACT),
        (("--data-plane", "3.15.0.1", "--data-plane", "3.14.0.0"), Exactness.REFUSED),
    ],
    ids=["all_new", "one_old"],
)
def test_in_hybrid_mode_the_oldest_data_plane_decides(options, expected):
    with enterprise("--enterprise", "3.15.0.0", *options) as double:
        program, _ = push(Kong(double), ADDRESS_AND_PATH)
        assert program.outcomes[0].exactness is expected


@pytest.mark.parametrize(
    "fault",
    [
        Fault(503, "GET /clustering", body={"message": "no"}),
        Fault(403, "GET /clustering", body={"message": "no"}),
        Fault(200, "GET /clustering", body={"data": []}),
    ],
    ids=["failing", "forbidden", "restarting"],
)
def test_data_planes_that_cannot_be_read_leave_a_standing_block_and_refuse_a_new_one(fault):
    with enterprise("--enterprise", "3.15.0.0", "--data-plane", "3.15.0.1") as double:
        kong = Kong(double)
        push(kong, ADDRESS_AND_PATH)
        double.order(fault)
        program, applied = push(kong, ADDRESS_AND_PATH, HEADER_TWICE)
        exactness = {found.intent_id: found.exactness for found in program.outcomes}
        assert exactness == {"blk_1": Exactness.EXACT, "blk_3": Exactness.REFUSED}
        assert applied.changes == ()
        assert kong.call("GET", "/catalog/products", X_Real_IP=ATTACKER) == 403


def test_data_planes_of_konnect_that_cannot_be_read_leave_a_standing_block():
    with running() as made:
        push(made, ADDRESS_AND_PATH)
        made.double.order(Fault(200, "GET /nodes", body={"items": [], "page": {"total": 0}}))
        _, applied = push(made, ADDRESS_AND_PATH)
        assert applied.changes == ()
        made.double.behave()
        made.double.order(Fault(403, "GET /nodes", body={"message": "no"}))
        enforce = Enforce(made.settings, made.egress)
        with pytest.raises(ConnectorError):
            enforce.read_state(applied.after.target)
        assert made.call("GET", "/catalog/products", X_Real_IP=ATTACKER) == 403


def test_a_condition_that_kong_does_not_keep_is_never_in_force():
    options = ("--enterprise", "3.15.0.0", "--audit-log", "--forget-conditions")
    with enterprise(*options) as double:
        kong = Kong(double)
        with pytest.raises(VendorAnswerError, match="without its condition"):
            push(kong, ADDRESS_AND_PATH)
        assert [plugin for plugin in kong.all("plugins") if "portcullis" in (plugin["tags"] or [])] == []
        asked = kong.admin("GET", "/audit/requests?size=1000")["data"]
        put = [orjson.loads(entry["payload"]) for entry in asked if entry["method"] == "PUT"]
        assert [document["enabled"] for document in put if "condition" in document] == [False]
        assert kong.call("GET", "/catalog/products", X_Real_IP=NEIGHBOUR) == 502


def test_a_condition_is_not_written_when_an_older_data_plane_joined_since_it_was_compiled():
    with running() as made:
        enforce = Enforce(made.settings, made.egress)
        (target,) = enforce.targets(Config(made.settings, made.egress).read_config())
        state = enforce.read_state(target)
        diff = enforce.diff(enforce.compile([ADDRESS_AND_PATH], target, state), state)
        old = {"items": [{"version": "3.15.0.0"}, {"version": "3.14.0.0"}], "page": {"total": 2}}
        made.double.order(Fault(200, "GET /nodes", body=old))
        with pytest.raises(RefusedError, match="was not written"):
            enforce.apply(diff, lambda change: None)
        made.double.behave()
        assert enforce.read_state(target).objects == ()


def test_in_konnect_the_oldest_data_plane_decides():
    with running("--data-plane", "3.15.0.1", "--data-plane", "3.9.1.0") as made:
        program, _ = push(made, ADDRESS_AND_PATH)
        assert program.objects == ()
        assert program.outcomes[0].exactness is Exactness.REFUSED


def test_authentication_under_a_condition_counts_as_optional(gateway):
    snapshot = Config(gateway.settings, gateway.egress).read_config()
    before = {route.ref: route.auth for route in snapshot.routes}
    made = {"name": "basic-auth", "condition": 'http.method == "POST"', "config": {}}
    if isinstance(gateway, Konnect):
        _, plugin = gateway.entity("POST", "/plugins", made)
    else:
        plugin = gateway.admin("POST", "/plugins", made)
    try:
        snapshot = Config(gateway.settings, gateway.egress).read_config()
        added = [
            auth for route in snapshot.routes for auth in route.auth if auth.source == "plugin basic-auth"
        ]
        assert len(added) == len(before)
        assert all(auth.optional for auth in added)
    finally:
        if isinstance(gateway, Konnect):
            gateway.entity("DELETE", f"/plugins/{plugin['id']}")
        else:
            gateway.admin("DELETE", f"/plugins/{plugin['id']}")
