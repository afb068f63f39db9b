"""Blocks at a Kong: what is written works, is ours alone, and can be taken back to the byte."""

from __future__ import annotations

from datetime import UTC, datetime
from ipaddress import ip_network

import pytest

from connectors.base.enforcement import Diff, Program
from connectors.base.errors import ConflictError, ConnectorError, RefusedError
from connectors.base.intent import BlockAction, BlockIntent, Exactness, HeaderMatch, Match, RateLimitSpec
from connectors.kong.config import Config
from connectors.kong.enforce import Enforce
from connectors.kong.form import KongSettings
from connectors.testkit.running import Fault

ATTACKER = "198.51.100.7"


def intent(
    number: int = 1, action: BlockAction = BlockAction.BLOCK, rate: RateLimitSpec | None = None, **match
) -> BlockIntent:
    match = {name: tuple(value) for name, value in match.items()}
    expires = datetime(2026, 12, 1, tzinfo=UTC)
    return BlockIntent(f"blk_{number:03}", Match(**match), action, expires, "test", rate)


def networks(*texts: str):
    return tuple(ip_network(text) for text in texts)


@pytest.fixture
def enforce(kong) -> Enforce:
    return Enforce(kong.settings, kong.egress)


@pytest.fixture
def target(kong, enforce):
    (found,) = enforce.targets(Config(kong.settings, kong.egress).read_config())
    return found


def allow(change) -> None:
    """A guard that lets every change pass."""


def push(enforce: Enforce, target, *intents: BlockIntent):
    state = enforce.read_state(target)
    program = enforce.compile(intents, target, state)
    return program, enforce.apply(enforce.diff(program, state), allow)


def test_an_address_is_blocked_everywhere_by_one_global_plugin(kong, enforce, target):
    program, applied = push(enforce, target, intent(networks=networks(f"{ATTACKER}/32", "203.0.113.0/24")))
    assert program.outcomes[0].exactness is Exactness.EXACT
    assert len(program.outcomes[0].coverage.covered) == 14
    assert kong.call("GET", "/catalog/products", X_Real_IP=ATTACKER) == 403
    assert kong.call("GET", "/catalog/products", X_Real_IP="203.0.113.250") == 403
    assert kong.call("GET", "/catalog/products", X_Real_IP="198.51.100.8") == 502
    assert applied.before.foreign_digest == applied.after.foreign_digest


def test_two_address_blocks_share_the_one_instance_kong_allows(kong, enforce, target):
    program, _ = push(
        enforce,
        target,
        intent(1, networks=networks("198.51.100.7/32")),
        intent(2, networks=networks("198.51.100.9/32")),
    )
    (ours,) = program.objects
    assert ours.document["config"]["deny"] == ["198.51.100.7", "198.51.100.9"]


def test_pushing_twice_writes_nothing_the_second_time(enforce, target):
    blocks = (
        intent(1, networks=networks("198.51.100.7/32")),
        intent(2, methods=("GET",), path_templates=("/payments/{id}",)),
        intent(3, consumers=("mobile-app",)),
    )
    push(enforce, target, *blocks)
    _, again = push(enforce, target, *blocks)
    assert again.changes == ()


def test_compiling_is_pure_and_does_not_depend_on_the_order_of_intents(enforce, target):
    state = enforce.read_state(target)
    blocks = [intent(1, networks=networks("198.51.100.7/32")), intent(2, path_templates=("/payments",))]
    assert (
        enforce.compile(blocks, target, state).objects == enforce.compile(blocks[::-1], target, state).objects
    )


def test_a_path_and_method_is_blocked_and_its_neighbours_are_not(kong, enforce, target):
    program, _ = push(enforce, target, intent(methods=("GET",), path_templates=("/catalog/products/{id}",)))
    assert program.outcomes[0].exactness is Exactness.EXACT
    assert kong.call("GET", "/catalog/products/17") == 403
    assert kong.call("GET", "/catalog/products") == 502
    assert kong.call("GET", "/catalog/products/17/reviews") == 502
    assert kong.call("POST", "/catalog/products/17") == 502


def test_a_path_block_outranks_routes_with_patterns_and_methods_of_their_own(kong, enforce, target):
    push(enforce, target, intent(path_templates=("/payments/{id}/refund",)))
    assert kong.call("POST", "/payments/p1/refund") == 403


def test_a_host_limits_a_path_block(kong, enforce, target):
    push(enforce, target, intent(hosts=("partners.acme.example",), path_templates=("/partners/stock",)))
    assert kong.call("GET", "/partners/stock", host="partners.acme.example") == 403
    assert kong.call("GET", "/partners/stock", host="shop.acme.example") == 502


def test_our_route_without_its_plugin_lets_nothing_through(kong, enforce, target):
    push(enforce, target, intent(path_templates=("/catalog/search",)))
    ours = next(plugin for plugin in kong.all("plugins") if "portcullis" in (plugin["tags"] or []))
    kong.admin("DELETE", f"/plugins/{ours['id']}")
    assert kong.call("GET", "/catalog/search") == 503


def test_a_consumer_is_blocked_by_name(kong, enforce, target):
    program, _ = push(enforce, target, intent(consumers=("partner-globex",)))
    assert program.outcomes[0].exactness is Exactness.EXACT
    status = kong.call("GET", "/partners/stock", host="partners.acme.example", apikey="kg-9f2c51d07a6b4e38")
    other = kong.call("GET", "/partners/stock", host="partners.acme.example", apikey="ki-41b7a9e2c05d4f66")
    assert (status, other) == (403, 502)


def test_an_unknown_consumer_is_refused_by_name(enforce, target):
    outcome = enforce.compile([intent(consumers=("nobody",))], target, enforce.read_state(target)).outcomes[0]
    assert outcome.exactness is Exactness.REFUSED
    assert "nobody" in outcome.reasons[0]


def test_a_user_agent_is_blocked_without_regard_to_case(kong, enforce, target):
    program, _ = push(enforce, target, intent(headers=(HeaderMatch("User-Agent", "EvilBot/1.", "prefix"),)))
    assert program.objects[0].document["name"] == "bot-detection"
    assert kong.call("GET", "/catalog/products", User_Agent="evilbot/1.7 (x)") == 403
    assert kong.call("GET", "/catalog/products", User_Agent="GoodBot/1.0") == 502


def test_a_rate_limit_is_approximated_and_works(kong, enforce, target):
    rate = RateLimitSpec(3, 60)
    program, _ = push(
        enforce, target, intent(action=BlockAction.RATE_LIMIT, rate=rate, path_templates=("/catalog/search",))
    )
    outcome = program.outcomes[0]
    assert outcome.exactness is Exactness.APPROXIMATED
    assert any("other paths" in reason for reason in outcome.reasons)
    answers = [kong.call("GET", "/catalog/search", X_Real_IP=ATTACKER) for _ in range(4)]
    assert answers.count(429) >= 1 or answers[-1] == 429


def test_counting_writes_nothing_and_says_so(enforce, target):
    state = enforce.read_state(target)
    program = enforce.compile(
        [intent(action=BlockAction.COUNT, networks=networks("198.51.100.7/32"))], target, state
    )
    assert program.outcomes[0].exactness is Exactness.APPROXIMATED
    assert "nothing is written" in program.outcomes[0].reasons[0]
    assert enforce.diff(program, state).changes == ()


@pytest.mark.parametrize(
    "match",
    [{"countries": ("RU",)}, {"asns": (64500,)}, {"ja4": ("t13d",)}, {"principals": ("abc",)}, {}],
)
def test_what_kong_cannot_say_is_refused(enforce, target, match):
    outcome = enforce.compile([intent(**match)], target, enforce.read_state(target)).outcomes[0]
    assert outcome.exactness is Exactness.REFUSED


def test_an_address_on_part_of_a_route_is_refused_with_advice(enforce, target):
    block = intent(networks=networks("198.51.100.7/32"), path_templates=("/catalog/products/{id}",))
    outcome = enforce.compile([block], target, enforce.read_state(target)).outcomes[0]
    assert outcome.exactness is Exactness.REFUSED
    assert "expressions router" in outcome.reasons[-1]


def test_an_address_on_whole_routes_is_blocked_there_only(kong, enforce, target):
    block = intent(networks=networks(f"{ATTACKER}/32"), hosts=("partners.acme.example",))
    program, _ = push(enforce, target, block)
    assert len(program.outcomes[0].coverage.covered) == 2
    stock = kong.call("GET", "/partners/stock", host="partners.acme.example", X_Real_IP=ATTACKER, apikey="x")
    assert stock in (401, 403)
    assert kong.call("GET", "/catalog/products", X_Real_IP=ATTACKER) == 502


def test_routes_with_an_ip_restriction_of_their_own_are_reported_as_uncovered(kong, enforce, target):
    route = next(entry for entry in kong.all("routes") if entry["name"] == "catalog-list")
    kong.admin(
        "POST",
        "/plugins",
        {"name": "ip-restriction", "route": {"id": route["id"]}, "config": {"deny": ["192.0.2.1"]}},
    )
    program, _ = push(enforce, target, intent(networks=networks(f"{ATTACKER}/32")))
    outcome = program.outcomes[0]
    assert outcome.exactness is Exactness.APPROXIMATED
    assert [ref for ref, _ in outcome.coverage.uncovered] == [route["id"]]
    assert kong.call("GET", "/catalog/products", X_Real_IP=ATTACKER) == 502
    assert kong.call("GET", "/catalog/search", X_Real_IP=ATTACKER) == 403


def test_a_customers_global_list_keeps_its_entries_and_gets_them_back_exactly(kong, enforce, target):
    theirs = kong.admin(
        "POST", "/plugins", {"name": "ip-restriction", "tags": ["team"], "config": {"deny": ["192.0.2.1"]}}
    )
    _, applied = push(enforce, target, intent(networks=networks(f"{ATTACKER}/32", "192.0.2.1/32")))
    assert applied.before.foreign_digest == applied.after.foreign_digest
    assert kong.call("GET", "/catalog/products", X_Real_IP=ATTACKER) == 403
    assert kong.call("GET", "/catalog/products", X_Real_IP="192.0.2.1") == 403
    enforce.restore(applied.before, allow)
    now = kong.admin("GET", f"/plugins/{theirs['id']}")
    assert {**now, "updated_at": 0} == {**theirs, "updated_at": 0}


def test_an_allow_list_of_the_customer_is_left_alone_beside_our_deny(kong, enforce, target):
    theirs = kong.admin(
        "POST", "/plugins", {"name": "ip-restriction", "config": {"allow": ["198.51.100.0/24"]}}
    )
    push(enforce, target, intent(networks=networks(f"{ATTACKER}/32")))
    assert kong.call("GET", "/catalog/products", X_Real_IP=ATTACKER) == 403
    assert kong.call("GET", "/catalog/products", X_Real_IP="198.51.100.8") == 502
    push(enforce, target)
    now = kong.admin("GET", f"/plugins/{theirs['id']}")
    assert {**now, "updated_at": 0} == {**theirs, "updated_at": 0}


def test_a_switched_off_global_list_is_not_switched_on(kong, enforce, target):
    kong.admin(
        "POST", "/plugins", {"name": "ip-restriction", "enabled": False, "config": {"deny": ["192.0.2.1"]}}
    )
    outcome = enforce.compile(
        [intent(networks=networks(f"{ATTACKER}/32"))], target, enforce.read_state(target)
    ).outcomes[0]
    assert outcome.exactness is Exactness.REFUSED


def test_an_empty_program_removes_everything_of_ours_and_nothing_else(kong, enforce, target):
    before = {kind: kong.all(kind) for kind in ("services", "routes", "plugins", "consumers")}
    push(
        enforce,
        target,
        intent(1, networks=networks("198.51.100.7/32")),
        intent(2, path_templates=("/payments",)),
        intent(3, consumers=("mobile-app",)),
    )
    push(enforce, target)
    assert {kind: kong.all(kind) for kind in before} == before


def test_undo_brings_back_the_state_before_exactly(kong, enforce, target):
    _, first = push(enforce, target, intent(1, networks=networks("198.51.100.7/32")))
    _, second = push(enforce, target, intent(2, path_templates=("/payments",)))
    restored = enforce.restore(second.before, allow)
    documents = [{**entry.document} for entry in restored.after.objects]
    assert documents == [{**entry.document} for entry in first.after.objects]


def test_an_object_changed_by_hand_is_a_conflict_and_nothing_is_written(kong, enforce, target):
    _, applied = push(enforce, target, intent(networks=networks("198.51.100.7/32")))
    ours = applied.after.objects[0]
    stale = enforce.diff(Program(target, (), ()), applied.after)
    kong.admin("PATCH", f"/plugins/{ours.ref}", {"config": {"message": "changed"}})
    with pytest.raises(ConflictError):
        enforce.apply(stale, allow)
    assert kong.admin("GET", f"/plugins/{ours.ref}")["config"]["message"] == "changed"


def test_a_drifted_object_is_written_back(kong, enforce, target):
    block = intent(networks=networks(f"{ATTACKER}/32"))
    _, applied = push(enforce, target, block)
    kong.admin("PATCH", f"/plugins/{applied.after.objects[0].ref}", {"enabled": False})
    assert kong.call("GET", "/catalog/products", X_Real_IP=ATTACKER) == 502
    _, again = push(enforce, target, block)
    assert len(again.changes) == 1
    assert kong.call("GET", "/catalog/products", X_Real_IP=ATTACKER) == 403


def test_an_object_that_lost_our_tag_is_never_touched(kong, enforce, target):
    push(enforce, target, intent(networks=networks("198.51.100.7/32")))
    state = enforce.read_state(target)
    removal = enforce.diff(Program(target, (), ()), state)
    kong.admin("PATCH", f"/plugins/{state.objects[0].ref}", {"tags": ["mine-now"]})
    with pytest.raises((ConflictError, RefusedError)):
        enforce.apply(removal, allow)
    assert kong.admin("GET", f"/plugins/{state.objects[0].ref}")["tags"] == ["mine-now"]


def test_a_guard_that_says_no_stops_before_the_write(kong, enforce, target):
    state = enforce.read_state(target)
    program = enforce.compile([intent(networks=networks("198.51.100.7/32"))], target, state)

    def refuse(change) -> None:
        raise RefusedError("no")

    with pytest.raises(RefusedError):
        enforce.apply(enforce.diff(program, state), refuse)
    assert enforce.read_state(target).objects == ()


def test_a_state_that_cannot_be_read_whole_is_an_error_not_an_empty_state(kong, enforce, target):
    kong.double.order(Fault(status=403, operation="GET /consumers"))
    with pytest.raises(ConnectorError):
        enforce.read_state(target)


def test_under_gitops_a_block_is_a_patch_and_nothing_is_written(kong, target):
    settings = KongSettings(admin_url=kong.settings.admin_url, admin_token="t0ken", managed_by="gitops")
    enforce = Enforce(settings, kong.egress)
    state = enforce.read_state(target)
    program = enforce.compile([intent(networks=networks("198.51.100.7/32"))], target, state)
    assert program.outcomes[0].exactness is Exactness.REFUSED
    assert "_format_version" in program.outcomes[0].reasons[-1]
    assert enforce.diff(program, state) == Diff(target)
