"""Blocks in Cloud Armor: what is written works, is ours alone, and can be taken back to the byte."""

from __future__ import annotations

from datetime import UTC, datetime
from ipaddress import ip_network
from typing import Any

import pytest

from connectors.base.enforcement import Target
from connectors.base.errors import (
    ConflictError,
    PermissionMissing,
    RefusedError,
    TransientError,
    VendorAnswerError,
)
from connectors.base.intent import BlockAction, BlockIntent, Exactness, Match, RateLimitSpec
from connectors.cloudarmor.config import Config
from connectors.cloudarmor.enforce import Enforce
from connectors.testkit.running import Fault
from tests.connectors.cloudarmor.world import EVERYTHING, PARTNERS, REPORTS, SHOP, running_cloud

TARGET = Target(SHOP, "shop", "security_policy")
ATTACKER = "198.51.100.7"
PASSED = 502


def intent(
    number: int = 1, action: BlockAction = BlockAction.BLOCK, rate: RateLimitSpec | None = None, **match: Any
) -> BlockIntent:
    match = {name: tuple(value) for name, value in match.items()}
    return BlockIntent(
        f"blk_{number:03}", Match(**match), action, datetime(2026, 12, 1, tzinfo=UTC), "test", rate
    )


def networks(*texts: str) -> Any:
    return tuple(ip_network(text) for text in texts)


def allow(change) -> None:
    """A guard that lets every change pass."""


@pytest.fixture
def enforce(cloud) -> Enforce:
    return Enforce(cloud.settings(), cloud.egress)


def push(enforce: Enforce, *intents: BlockIntent, target: Target = TARGET):
    state = enforce.read_state(target)
    program = enforce.compile(intents, target, state)
    return program, enforce.apply(enforce.diff(program, state), allow)


def ours(cloud, name: str = "shop") -> list[dict[str, Any]]:
    rules = cloud.policy(name)["rules"]
    return [rule for rule in rules if rule.get("description", "").startswith("portcullis")]


def test_a_blocked_address_gets_403_at_the_load_balancer_and_others_pass(cloud, enforce):
    program, applied = push(enforce, intent(networks=networks(f"{ATTACKER}/32", "203.0.113.0/24")))
    assert program.outcomes[0].exactness is Exactness.EXACT
    assert cloud.ask("/catalog/products", address=ATTACKER) == 403
    assert cloud.ask("/payments", address="203.0.113.250") == 403
    assert cloud.ask("/payments", address="198.51.100.8") == PASSED
    assert applied.before.foreign_digest == applied.after.foreign_digest


def test_networks_of_several_blocks_are_packed_ten_to_a_rule(cloud, enforce):
    blocks = [intent(n, networks=networks(f"198.51.{n}.1/32")) for n in range(25)]
    push(enforce, *blocks)
    assert [len(rule["match"]["config"]["srcIpRanges"]) for rule in ours(cloud)] == [10, 10, 5]


def test_ending_one_block_of_a_pack_changes_only_its_rule(cloud, enforce):
    blocks = [intent(n, networks=networks(f"198.51.{n}.1/32")) for n in range(25)]
    push(enforce, *blocks)
    _, applied = push(enforce, *blocks[:3], *blocks[4:])
    assert [(change.kind.value, change.name) for change in applied.changes] == [
        ("update", "portcullis addresses-block 1")
    ]
    assert cloud.ask("/payments", address="198.51.3.1") == PASSED
    assert cloud.ask("/payments", address="198.51.4.1") == 403


def test_descriptions_carry_the_intent_and_stay_within_64_characters(cloud, enforce):
    long = BlockIntent(
        "blk_" + "x" * 80, Match(asns=(64500,)), BlockAction.BLOCK, datetime(2026, 12, 1, tzinfo=UTC), "t"
    )
    push(enforce, intent(7, asns=(64501,)), long)
    described = [rule["description"] for rule in ours(cloud)]
    assert "portcullis blk_007 1" in described
    assert all(len(text) <= 64 for text in described)


def test_a_counting_block_lets_requests_pass_and_is_seen_in_their_log(cloud, enforce):
    program, _ = push(enforce, intent(action=BlockAction.COUNT, networks=networks(f"{ATTACKER}/32")))
    assert program.outcomes[0].exactness is Exactness.EXACT
    assert cloud.ask("/payments", address=ATTACKER) == PASSED
    assert [rule["preview"] for rule in ours(cloud)] == [True]


def test_a_rate_limit_stands_behind_the_customers_rules_and_answers_429(cloud, enforce):
    limit = intent(
        action=BlockAction.RATE_LIMIT, rate=RateLimitSpec(2, 3600), path_templates=["/payments/{id}"]
    )
    program, _ = push(enforce, limit)
    assert program.outcomes[0].exactness is Exactness.APPROXIMATED
    assert [cloud.ask("/payments/1", address="198.18.9.9") for _ in range(3)] == [PASSED, PASSED, 429]
    assert cloud.ask("/payments/1?q=1%20union%20select", address="198.18.9.8") == 403


def test_a_rate_limit_in_front_of_a_default_rule_that_denies_is_refused(enforce):
    target = Target(PARTNERS, "partners", "security_policy")
    limit = intent(
        action=BlockAction.RATE_LIMIT, rate=RateLimitSpec(2, 60), path_templates=["/partners/stock"]
    )
    program = enforce.compile([limit], target, enforce.read_state(target))
    assert program.objects == ()
    assert "the default rule" in program.outcomes[0].reasons[0]


def test_a_rule_of_the_customer_that_would_be_skipped_makes_a_rate_limit_refused(cloud, enforce):
    cloud.add_rule(2_100_000_000, "deny(403)")
    limit = intent(action=BlockAction.RATE_LIMIT, rate=RateLimitSpec(2, 60), path_templates=["/payments"])
    program = enforce.compile([limit], TARGET, enforce.read_state(TARGET))
    assert program.outcomes[0].exactness is Exactness.REFUSED
    assert "rule 2100000000" in program.outcomes[0].reasons[0]


@pytest.mark.parametrize("action", ["allow", "throttle"])
def test_a_rule_that_lets_requests_pass_before_ours_is_named(cloud, enforce, action):
    limits = {
        "conformAction": "allow",
        "exceedAction": "deny(429)",
        "rateLimitThreshold": {"count": 9, "intervalSec": 60},
    }
    cloud.add_rule(5, action, **({"rateLimitOptions": limits} if action == "throttle" else {}))
    program, _ = push(enforce, intent(networks=networks(f"{ATTACKER}/32")))
    outcome = program.outcomes[0]
    assert outcome.exactness is Exactness.APPROXIMATED
    assert "rule 5" in outcome.reasons[-1]
    assert cloud.ask("/catalog/x", address=ATTACKER) == PASSED


def test_a_previewed_allow_rule_before_ours_changes_nothing(cloud, enforce):
    cloud.add_rule(5, "allow", preview=True)
    program, _ = push(enforce, intent(networks=networks(f"{ATTACKER}/32")))
    assert program.outcomes[0].exactness is Exactness.EXACT
    assert cloud.ask("/catalog/x", address=ATTACKER) == 403


def test_a_challenge_is_approximated_and_refused_in_a_regional_policy(cloud, enforce):
    block = intent(action=BlockAction.CHALLENGE, asns=(64500,))
    program, _ = push(enforce, block)
    assert program.outcomes[0].exactness is Exactness.APPROXIMATED
    assert cloud.ask("/catalog/x", X_Double_Asn="64500") == 302
    regional = Target(REPORTS, "reports", "security_policy")
    refused = enforce.compile([block], regional, enforce.read_state(regional)).outcomes[0]
    assert refused.exactness is Exactness.REFUSED


def test_a_block_outranks_a_challenge(cloud, enforce):
    push(enforce, intent(1, BlockAction.CHALLENGE, asns=(64500,)), intent(2, methods=("DELETE",)))
    assert cloud.ask("/catalog/x", "DELETE", X_Double_Asn="64500") == 403


def test_a_regional_policy_is_written_by_its_own_methods(cloud, enforce):
    target = Target(REPORTS, "reports", "security_policy")
    push(enforce, intent(networks=networks(f"{ATTACKER}/32")), target=target)
    assert cloud.ask("/", host="reports.acme.example", address=ATTACKER) == 403


@pytest.mark.parametrize("name", ["principals", "consumers"])
def test_what_cloud_armor_does_not_know_is_refused_with_what_to_do(enforce, name):
    match: dict[str, Any] = {name: ("x",)}
    outcome = enforce.compile([intent(**match)], TARGET, enforce.read_state(TARGET)).outcomes[0]
    assert outcome.exactness is Exactness.REFUSED
    assert "Block the addresses" in outcome.reasons[0]


def test_a_block_that_would_take_too_many_rules_is_refused_with_what_to_do(enforce):
    many = networks(*[f"10.{n}.0.0/16" for n in range(200)])
    block = intent(networks=many, path_templates=("/payments",))
    outcome = enforce.compile([block], TARGET, enforce.read_state(TARGET)).outcomes[0]
    assert outcome.exactness is Exactness.REFUSED
    assert "Enterprise" in outcome.reasons[0]


def test_priorities_of_the_customers_rules_are_left_free(cloud, enforce):
    cloud.add_rule(100, "deny(404)", preview=True)
    push(enforce, intent(networks=networks(f"{ATTACKER}/32")))
    assert [rule["priority"] for rule in ours(cloud)] == [101]


def test_a_rule_put_at_our_priority_meanwhile_is_a_conflict_and_stays(cloud, enforce):
    state = enforce.read_state(TARGET)
    program = enforce.compile([intent(networks=networks(f"{ATTACKER}/32"))], TARGET, state)
    cloud.add_rule(100, "deny(404)", preview=True)
    with pytest.raises(ConflictError):
        enforce.apply(enforce.diff(program, state), allow)
    standing = {rule["priority"]: rule for rule in cloud.policy()["rules"]}
    assert standing[100]["description"] == "customer"


def test_a_rule_of_ours_that_lost_its_mark_is_left_alone(cloud, enforce):
    push(enforce, intent(networks=networks(f"{ATTACKER}/32")))
    state = enforce.read_state(TARGET)
    diff = enforce.diff(enforce.compile([], TARGET, state), state)
    cloud.owner("POST", "global/securityPolicies/shop/patchRule?priority=100", {"description": "mine now"})
    with pytest.raises(ConflictError):
        enforce.apply(diff, allow)
    assert cloud.ask("/catalog/x", address=ATTACKER) == 403


def test_the_mark_is_looked_at_again_right_before_a_rule_is_removed(cloud, enforce):
    push(enforce, intent(1, asns=(64500,)))
    state = enforce.read_state(TARGET)
    diff = enforce.diff(enforce.compile([], TARGET, state), state)

    def meanwhile(change) -> None:
        cloud.owner(
            "POST", "global/securityPolicies/shop/patchRule?priority=100", {"description": "mine now"}
        )

    with pytest.raises(RefusedError, match="not ours any more"):
        enforce.apply(diff, meanwhile)
    assert 100 in {rule["priority"] for rule in cloud.policy()["rules"]}


def test_a_change_that_google_forgets_is_told(cloud, enforce):
    operation = {"kind": "compute#operation", "name": "operation-1", "status": "DONE"}
    cloud.double.order(Fault(200, "POST shop/addRule", body=operation))
    with pytest.raises(VendorAnswerError, match="shows something else"):
        push(enforce, intent(networks=networks(f"{ATTACKER}/32")))


def test_an_operation_that_failed_is_told_in_googles_words(cloud, enforce):
    operation = {
        "name": "operation-1",
        "status": "DONE",
        "error": {"errors": [{"code": "X", "message": "no room"}]},
    }
    cloud.double.order(Fault(200, "POST shop/addRule", body=operation))
    with pytest.raises(VendorAnswerError, match="no room"):
        push(enforce, intent(networks=networks(f"{ATTACKER}/32")))


def test_a_policy_that_is_busy_is_waited_for(cloud):
    waited: list[float] = []
    enforce = Enforce(cloud.settings(), cloud.egress, sleep=waited.append)
    body = {"error": {"code": 400, "message": "not ready", "errors": [{"reason": "resourceNotReady"}]}}
    cloud.double.order(Fault(400, "POST shop/addRule", body=body, times=3))
    push(Enforce(cloud.settings(), cloud.egress), intent(2, networks=networks("198.51.100.9/32")))
    cloud.double.order(Fault(400, "POST shop/addRule", body=body))
    with pytest.raises(TransientError, match="not ready"):
        push(enforce, intent(1, networks=networks("198.51.100.9/32")), intent(2, asns=(1,)))
    assert len(waited) > 5


def test_a_quota_that_is_used_up_is_a_refusal_with_what_to_do():
    with running_cloud("--rules", "5") as cloud:
        enforce = Enforce(cloud.settings(), cloud.egress)
        with pytest.raises(RefusedError, match="SECURITY_POLICY_RULES") as caught:
            push(enforce, intent(1, asns=(1,)), intent(2, asns=(2,)))
        assert "quota" in caught.value.action


def test_undo_restores_the_rules_of_before_and_redo_those_of_after(cloud, enforce):
    first = intent(1, networks=networks(f"{ATTACKER}/32"))
    push(enforce, first, intent(2, asns=(64500,)))
    before = cloud.policy()["rules"]
    _, applied = push(
        enforce, intent(1, networks=networks("198.51.100.9/32")), intent(3, methods=("DELETE",))
    )
    after = cloud.policy()["rules"]
    enforce.restore(applied.before, allow)
    assert cloud.policy()["rules"] == before
    enforce.restore(applied.after, allow)
    assert cloud.policy()["rules"] == after


def test_with_enterprise_networks_stand_in_address_groups_and_leave_none_behind(cloud):
    enforce = Enforce(cloud.settings(enterprise=True), cloud.egress)
    many = networks(*[f"198.51.{n}.0/25" for n in range(60)], "2001:db8::/48")
    program, _ = push(
        enforce, intent(networks=many), intent(2, networks=networks("192.0.2.0/24"), methods=("POST",))
    )
    assert len(ours(cloud)) == 2
    assert {entry.kind for entry in program.objects} == {"rule", "address_group"}
    assert cloud.ask("/catalog/x", address="198.51.59.7") == 403
    assert cloud.ask("/catalog/x", address="2001:db8::7") == 403
    assert cloud.ask("/catalog/x", address="192.0.2.7") == PASSED
    assert cloud.ask("/catalog/x", "POST", address="192.0.2.7") == 403
    push(enforce)
    assert enforce.read_state(TARGET).objects == ()


def test_targets_are_the_policies_of_backends_and_say_what_they_protect(cloud, enforce):
    found = {
        target.name: target
        for target in enforce.targets(Config(cloud.settings(), cloud.egress).read_config())
    }
    assert set(found) == {"shop", "partners", "reports"}
    assert len(found["shop"].service_refs) == 3


def test_a_missing_write_permission_is_named_before_anything_is_written(cloud):
    narrow = cloud.settings([name for name in EVERYTHING if name != "compute.securityPolicies.update"])
    with pytest.raises(PermissionMissing) as caught:
        push(Enforce(narrow, cloud.egress), intent(networks=networks(f"{ATTACKER}/32")))
    assert caught.value.missing == "compute.securityPolicies.update"
    assert ours(cloud) == []
