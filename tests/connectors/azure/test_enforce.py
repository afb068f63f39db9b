"""Blocks in WAF policies: ours alone, in one write, never over somebody else's change, within Azure's limits."""

from __future__ import annotations

import copy
from datetime import UTC, datetime
from ipaddress import ip_network
from typing import Any

import pytest

from connectors.azure.client import Arm
from connectors.azure.compile import compile_program
from connectors.azure.config import Config
from connectors.azure.enforce import Enforce
from connectors.azure.waf_state import owner_prefix, state_of
from connectors.base.enforcement import Program, State, Target
from connectors.base.errors import ConflictError, PermissionMissing, RefusedError, VendorAnswerError
from connectors.base.intent import BlockAction, BlockIntent, Exactness, HeaderMatch, Match, RateLimitSpec
from connectors.testkit.doubles.azure.estate import CLIENT, EDGE_WAF, SHOP_HOST
from connectors.testkit.doubles.azure.estate_gateway import PARTNERS_HOST
from connectors.testkit.running import Fault
from tests.connectors.azure.conftest import EDGE_TARGET, GATEWAY_TARGET, VERSIONS

ADDRESS = Match(networks=(ip_network("198.51.100.7/32"),))
PATH = Match(path_templates=("/payments/{id}",))


def block(number: int, match: Match, action: BlockAction = BlockAction.BLOCK, **rate: int) -> BlockIntent:
    spec = (
        RateLimitSpec(rate.get("limit", 100), rate.get("seconds", 60))
        if action is BlockAction.RATE_LIMIT
        else None
    )
    return BlockIntent(f"blk_{number}", match, action, datetime(2027, 1, 1, tzinfo=UTC), "t", spec)


def allow(change: object) -> None:
    """A guard that lets everything pass."""


@pytest.fixture
def enforce(azure) -> Enforce:
    return Enforce(azure.settings, azure.egress)


def push(enforce: Enforce, target: Target, *intents: BlockIntent) -> Any:
    state = enforce.read_state(target)
    return enforce.apply(enforce.diff(enforce.compile(intents, target, state), state), allow)


def compiled(document: dict[str, Any], target: Target, *intents: BlockIntent) -> Program:
    """Compile against a policy that only exists here."""
    state = state_of({**document, "etag": "x"}, target, owner_prefix(CLIENT))
    return compile_program(intents, target, state, owner_prefix(CLIENT))


def edge_policy(
    tier: str = "Premium", mode: str = "Prevention", state: str = "Enabled", *rules: Any
) -> dict[str, Any]:
    settings = {"enabledState": state, "mode": mode}
    sku = {"name": f"{tier}_AzureFrontDoor"}
    return {"sku": sku, "properties": {"policySettings": settings, "customRules": {"rules": list(rules)}}}


def foreign(priority: int, action: str = "Block", **more: Any) -> dict[str, Any]:
    return {
        "name": f"theirs{priority}",
        "priority": priority,
        "action": action,
        "ruleType": "MatchRule",
        **more,
    }


def test_targets_are_the_policies_in_force_with_what_they_protect(azure, enforce):
    snapshot = Config(azure.settings, azure.egress).read_config()
    found = {target.name: target for target in enforce.targets(snapshot)}
    assert set(found) == {"acmeEdge", "acme-gw-waf", "acme-gw-reports"}  # not acmeTest: it protects nothing
    assert all(ref.endswith(("/store", "/acme-shop")) for ref in found["acmeEdge"].service_refs)
    assert [ref.rpartition("/")[2] for ref in found["acme-gw-reports"].service_refs] == ["reports"]
    known = {stage.ref for stage in snapshot.stages} | {route.ref for route in snapshot.routes}
    assert {ref for target in found.values() for ref in target.service_refs} <= known


@pytest.mark.parametrize(("target", "host"), [(EDGE_TARGET, SHOP_HOST), (GATEWAY_TARGET, PARTNERS_HOST)])
def test_a_block_stops_requests_and_its_undo_lets_them_pass(azure, enforce, target, host):
    assert azure.call("GET", "/payments/1", host) == 502
    applied = push(enforce, target, block(1, PATH))
    assert azure.call("GET", "/payments/1", host) == 403
    assert azure.call("GET", "/payments", host) == 502
    enforce.restore(applied.before, allow)
    assert azure.call("GET", "/payments/1", host) == 502


def test_counting_lets_requests_pass_and_logs_the_rule(azure, enforce):
    applied = push(enforce, EDGE_TARGET, block(1, PATH, BlockAction.COUNT))
    assert azure.call("GET", "/payments/1", SHOP_HOST) == 502
    rows = [entry["row"] for entry in azure.ask("GET", "/_double/logs")[1]]
    said = {row["ruleName_s"]: row["action_s"] for row in rows if "ruleName_s" in row}
    assert said == {entry.name: "Log" for entry in applied.after.objects}


def test_everything_else_of_the_policy_is_written_back_as_it_was(azure, enforce):
    before = azure.policy()
    push(enforce, EDGE_TARGET, block(1, ADDRESS), block(2, PATH))
    after = azure.policy()
    mark = owner_prefix(CLIENT)
    rules = [r for r in after["properties"]["customRules"]["rules"] if not r["name"].startswith(mark)]
    after["properties"]["customRules"]["rules"] = rules
    assert {k: v for k, v in after.items() if k != "etag"} == {k: v for k, v in before.items() if k != "etag"}


def test_many_blocks_are_one_write(azure, enforce):
    before = len(azure.ask("GET", "/_double/writes")[1])
    push(
        enforce,
        EDGE_TARGET,
        *(block(n, Match(networks=(ip_network(f"198.51.{n}.0/24"),))) for n in range(9)),
        block(90, PATH),
    )
    assert len(azure.ask("GET", "/_double/writes")[1]) == before + 1


def test_a_change_of_others_between_reading_and_writing_is_kept(azure, enforce):
    """The customer's change comes after our first look; the second look, just before the write, finds it."""
    state = enforce.read_state(EDGE_TARGET)
    program = enforce.compile([block(1, ADDRESS)], EDGE_TARGET, state)
    changed = azure.policy()
    changed["tags"]["team"] = "security"
    theirs = copy.deepcopy(changed["properties"]["customRules"]["rules"][0]) | {
        "name": "JustNow",
        "priority": 77,
    }
    changed["properties"]["customRules"]["rules"].append(theirs)
    done: list[object] = []

    def guard(change: object) -> None:
        if not done:
            azure.replace(changed)
        done.append(change)

    applied = enforce.apply(enforce.diff(program, state), guard)
    now = azure.policy()
    assert now["tags"]["team"] == "security"
    names = [rule["name"] for rule in now["properties"]["customRules"]["rules"]]
    assert "JustNow" in names
    assert applied.after.objects[0].name in names
    azure.replace({**now, "tags": {"team": "platform"}})


def test_a_policy_that_others_are_writing_is_not_written(azure, enforce):
    state = enforce.read_state(EDGE_TARGET)
    diff = enforce.diff(enforce.compile([block(1, ADDRESS)], EDGE_TARGET, state), state)
    held = {k: v for k, v in azure.policy().items() if k not in ("etag", "id", "name", "type")}
    assert azure.admin("PUT", EDGE_WAF, VERSIONS[EDGE_WAF], held)[0] == 202  # still running
    with pytest.raises(ConflictError, match="being changed by somebody else"):
        enforce.apply(diff, allow)
    azure.settle()
    assert enforce.read_state(EDGE_TARGET).objects == ()


def test_a_rule_of_ours_that_somebody_changed_is_a_conflict(azure, enforce):
    push(enforce, EDGE_TARGET, block(1, ADDRESS))
    state = enforce.read_state(EDGE_TARGET)
    diff = enforce.diff(enforce.compile([block(1, PATH)], EDGE_TARGET, state), state)
    tampered = azure.policy()
    ours = next(
        r for r in tampered["properties"]["customRules"]["rules"] if r["name"].startswith("portcullis")
    )
    ours["action"] = "Log"
    azure.replace(tampered)
    with pytest.raises(ConflictError):
        enforce.apply(diff, allow)


def test_an_undo_does_not_push_aside_a_rule_that_took_the_priority_meanwhile(azure, enforce):
    applied = push(enforce, EDGE_TARGET, block(1, ADDRESS))
    push(enforce, EDGE_TARGET)
    taken = azure.policy()
    rule = copy.deepcopy(taken["properties"]["customRules"]["rules"][0])
    number = applied.after.objects[0].document["priority"]
    taken["properties"]["customRules"]["rules"].append({**rule, "name": "Took", "priority": number})
    azure.replace(taken)
    with pytest.raises(RefusedError, match=f"Priority {number}"):
        enforce.restore(applied.after, allow)


def test_rules_of_another_portcullis_application_are_foreign(azure, enforce):
    settings = azure.settings_with(client_id="11111111-2222-4333-8444-555555555555")  # another mark
    other = Enforce(settings, azure.egress, arm=Arm(azure.settings, azure.egress))
    mine = push(enforce, EDGE_TARGET, block(1, ADDRESS))
    push(other, EDGE_TARGET, block(1, PATH))
    push(other, EDGE_TARGET)
    assert enforce.read_state(EDGE_TARGET).objects[0].document == mine.after.objects[0].document


def test_a_guard_that_says_no_leaves_the_policy_untouched(azure, enforce):
    before = azure.policy()
    state = enforce.read_state(EDGE_TARGET)

    def refuse(change: object) -> None:
        raise RefusedError("no")

    with pytest.raises(RefusedError):
        enforce.apply(enforce.diff(enforce.compile([block(1, ADDRESS)], EDGE_TARGET, state), state), refuse)
    assert azure.policy() == before


def test_a_write_that_azure_gives_up_is_said_and_may_be_in_force(azure, enforce):
    operation = "GET Microsoft.Network/locations/operations"
    body = {"status": "Failed", "error": {"code": "InternalServerError", "message": "sorry"}}
    azure.double.order(Fault(200, operation, "arm", body=body))
    with pytest.raises(VendorAnswerError, match="sorry") as caught:
        push(enforce, GATEWAY_TARGET, block(1, ADDRESS))
    assert caught.value.unchanged == "The change was sent and may be in force."


def test_a_write_whose_end_may_not_be_seen_says_that_it_was_sent(azure, enforce):
    azure.roles(
        {"actions": ["*/read", "Microsoft.Network/*/write"], "notActions": ["Microsoft.Network/locations/*"]}
    )
    with pytest.raises(PermissionMissing) as caught:
        push(enforce, GATEWAY_TARGET, block(1, ADDRESS))
    assert caught.value.missing == "Microsoft.Network/locations/operations/read"
    assert caught.value.unchanged == "The change was sent and may be in force."


def test_members_of_the_newest_api_version_survive_our_write(azure, enforce):
    policy = azure.policy()
    exceptions = {"exceptions": [{"matchVariable": "RequestHeaderNames", "selectorMatchOperator": "Equals"}]}
    policy["properties"]["managedRules"]["exceptionsList"] = exceptions
    azure.replace(policy)
    push(enforce, EDGE_TARGET, block(1, ADDRESS))
    assert azure.policy()["properties"]["managedRules"]["exceptionsList"] == exceptions


def test_without_the_write_permission_the_missing_action_is_named_and_nothing_written(azure, enforce):
    azure.roles({"actions": ["*/read"], "notActions": []})
    before = azure.policy()
    with pytest.raises(PermissionMissing) as caught:
        push(enforce, EDGE_TARGET, block(1, ADDRESS))
    assert caught.value.missing == "Microsoft.Network/frontDoorWebApplicationFirewallPolicies/write"
    assert azure.policy() == before


def test_a_rate_limit_stops_a_client_beyond_it_and_nobody_else(azure, enforce):
    push(
        enforce, GATEWAY_TARGET, block(1, Match(path_templates=("/orders",)), BlockAction.RATE_LIMIT, limit=3)
    )
    told = {"X_Double_Client_Ip": "203.0.113.5", "X_Double_Time": "1790000000000"}
    statuses = [azure.call("GET", "/orders", PARTNERS_HOST, **told) for _ in range(5)]
    assert statuses == [502, 502, 502, 403, 403]
    assert azure.call("GET", "/orders", PARTNERS_HOST, **{**told, "X_Double_Client_Ip": "203.0.113.6"}) == 502


def test_behind_another_proxy_the_forwarded_address_is_compared(azure):
    enforce = Enforce(azure.settings_with(behind_proxy=True), azure.egress)
    push(enforce, EDGE_TARGET, block(1, ADDRESS))
    assert azure.call("GET", "/payments", SHOP_HOST, X_Forwarded_For="198.51.100.7") == 403
    limited = enforce.compile(
        [block(2, PATH, BlockAction.RATE_LIMIT)], EDGE_TARGET, enforce.read_state(EDGE_TARGET)
    )
    assert limited.outcomes[0].exactness is Exactness.REFUSED


@pytest.mark.parametrize(
    ("match", "action", "document", "says"),
    [
        (Match(), BlockAction.BLOCK, edge_policy(), "names nothing"),
        (Match(principals=("x",)), BlockAction.BLOCK, edge_policy(), "principals"),
        (Match(consumers=("x",)), BlockAction.BLOCK, edge_policy(), "consumers"),
        (Match(asns=(64496,)), BlockAction.BLOCK, edge_policy(), "network owners"),
        (Match(ja4=("t13d",)), BlockAction.BLOCK, edge_policy(), "fingerprints"),
        (Match(networks=(ip_network("0.0.0.0/0"),)), BlockAction.BLOCK, edge_policy(), "every address"),
        (Match(headers=(HeaderMatch("X", "é"),)), BlockAction.BLOCK, edge_policy(), "non-ASCII"),
        (Match(headers=(HeaderMatch("X", "y" * 257),)), BlockAction.BLOCK, edge_policy(), "256 characters"),
        (Match(headers=(HeaderMatch("X", "y", "regex"),)), BlockAction.BLOCK, edge_policy(), "'regex'"),
        (Match(path_templates=("/" + "x" * 250,)), BlockAction.BLOCK, edge_policy(), "256 characters"),
        (Match(countries=("Brazil",)), BlockAction.BLOCK, edge_policy(), "two-letter"),
        (ADDRESS, BlockAction.CHALLENGE, edge_policy("Standard"), "Premium"),
        (ADDRESS, BlockAction.BLOCK, edge_policy("Premium", "Detection"), "detection mode"),
        (ADDRESS, BlockAction.COUNT, edge_policy("Premium", "Prevention", "Disabled"), "disabled"),
        (
            ADDRESS,
            BlockAction.BLOCK,
            edge_policy("Premium", "Prevention", "Enabled", *(foreign(n) for n in range(1, 101))),
            "0 of the 100",
        ),
    ],
)
def test_what_azure_cannot_say_is_refused_with_the_reason(match, action, document, says):
    (outcome,) = compiled(document, EDGE_TARGET, block(1, match, action)).outcomes
    assert outcome.exactness is Exactness.REFUSED
    assert says in outcome.reasons[0]
    assert outcome.coverage.uncovered


def test_ours_come_before_the_customers_allow_rules_or_say_that_they_do_not():
    free = edge_policy("Premium", "Prevention", "Enabled", foreign(5, "Allow"))
    full = edge_policy("Premium", "Prevention", "Enabled", foreign(1, "Allow"), foreign(2))
    off = edge_policy("Premium", "Prevention", "Enabled", foreign(1, "Allow", enabledState="Disabled"))
    first = compiled(free, EDGE_TARGET, block(1, ADDRESS))
    assert first.outcomes[0].exactness is Exactness.EXACT
    assert first.objects[0].document["priority"] == 1
    behind = compiled(full, EDGE_TARGET, block(1, ADDRESS))
    assert behind.outcomes[0].exactness is Exactness.APPROXIMATED
    assert "theirs1" in behind.outcomes[0].reasons[0]
    assert behind.objects[0].document["priority"] == 3
    assert compiled(off, EDGE_TARGET, block(1, ADDRESS)).outcomes[0].exactness is Exactness.EXACT


@pytest.mark.parametrize(
    ("asked", "said"),
    [((100, 60), (1, 100)), ((10, 10), (1, 60)), ((100, 120), (5, 250)), ((600, 600), (5, 300))],
)
def test_rate_limits_become_windows_of_one_or_five_minutes(asked, said):
    intent = block(1, PATH, BlockAction.RATE_LIMIT, limit=asked[0], seconds=asked[1])
    program = compiled(edge_policy(), EDGE_TARGET, intent)
    rule = program.objects[0].document
    assert (rule["rateLimitDurationInMinutes"], rule["rateLimitThreshold"]) == said
    assert program.outcomes[0].exactness is Exactness.APPROXIMATED
    assert any("becomes" in reason for reason in program.outcomes[0].reasons) == (asked[1] not in (60, 300))


@pytest.mark.parametrize(
    ("sets", "sizes"), [([("OWASP", "3.2")], [600, 100]), ([("OWASP", "3.1")], [540, 160])]
)
def test_addresses_are_packed_as_far_as_the_engine_takes_them(sets, sizes):
    managed = [{"ruleSetType": kind, "ruleSetVersion": version} for kind, version in sets]
    properties = {"policySettings": {"state": "Enabled"}, "managedRules": {"managedRuleSets": managed}}
    networks = tuple(ip_network(f"10.{n // 256}.{n % 256}.0/25") for n in range(700))
    program = compiled({"properties": properties}, GATEWAY_TARGET, block(1, Match(networks=networks)))
    found = [len(entry.document["matchConditions"][0]["matchValues"]) for entry in program.objects]
    assert found == sizes


def test_a_rate_limit_without_a_number_is_refused_and_never_a_block():
    intent = BlockIntent(
        "blk_1", ADDRESS, BlockAction.RATE_LIMIT, datetime(2027, 1, 1, tzinfo=UTC), "t", None
    )
    program = compiled(edge_policy(), EDGE_TARGET, intent)
    assert program.outcomes[0].exactness is Exactness.REFUSED
    assert program.objects == ()


def test_when_room_is_short_the_blocks_that_fit_stay():
    document = edge_policy("Premium", "Prevention", "Enabled", *(foreign(n) for n in range(1, 100)))
    small = block(1, ADDRESS)
    huge = block(2, Match(networks=tuple(ip_network(f"10.{n // 256}.{n % 256}.0/25") for n in range(700))))
    near = block(3, Match(networks=(ip_network("198.51.100.6/32"),)))
    counted = block(4, PATH, BlockAction.COUNT)
    outcomes = compiled(document, EDGE_TARGET, counted, huge, near, small).outcomes
    exact = {outcome.intent_id for outcome in outcomes if outcome.exactness is Exactness.EXACT}
    assert exact == {"blk_1", "blk_3"}
    assert {o.intent_id for o in outcomes if o.exactness is Exactness.REFUSED} == {"blk_2", "blk_4"}


def test_a_state_tells_nothing_of_what_customers_rules_contain(enforce):
    state: State = enforce.read_state(EDGE_TARGET)
    assert "198.18.0.10" not in str(state.foreign)
    assert "AllowMonitoring" in str(state.foreign)
