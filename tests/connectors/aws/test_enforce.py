"""Pushing blocks to the strict double: our objects and nothing else, under the lock, undone to the byte."""

from __future__ import annotations

import copy
from datetime import UTC, datetime
from ipaddress import ip_network

import pytest

from connectors.aws.enforce import Enforce
from connectors.base.enforcement import Change, ChangeKind, Diff, Target, VendorObject
from connectors.base.errors import ConflictError, ConnectorError, PermissionMissing, RefusedError
from connectors.base.intent import BlockAction, BlockIntent, HeaderMatch, Match, RateLimitSpec

UNTIL = datetime(2027, 1, 1, tzinfo=UTC)
VISIBILITY = {"SampledRequestsEnabled": True, "CloudWatchMetricsEnabled": True, "MetricName": "m"}
NETWORKS = Match(networks=(ip_network("198.51.100.7/32"), ip_network("2001:db8::/32")))
LOGIN = Match(
    networks=(ip_network("203.0.113.0/24"),),
    methods=("POST",),
    path_templates=("/login", "/orders/{orderId}"),
    headers=(HeaderMatch("User-Agent", "sqlmap", "contains"),),
)


def intent(number: int, match: Match, action: BlockAction = BlockAction.BLOCK, rate=None) -> BlockIntent:
    return BlockIntent(f"blk_{number}", match, action, UNTIL, "test", rate)


def agree(_change: Change) -> None:
    """A guard that lets everything pass."""


@pytest.fixture
def acl(double, request):
    """A customer's web ACL with two rules of its own; answers the target."""
    waf = double.admin("wafv2")
    name = f"main-{abs(hash(request.node.name)) % 10**8}"
    secret = {
        "ByteMatchStatement": {
            "SearchString": b"\xff origin",
            "FieldToMatch": {"SingleHeader": {"Name": "x-origin"}},
            "TextTransformations": [{"Priority": 0, "Type": "NONE"}],
            "PositionalConstraint": "EXACTLY",
        }
    }
    rules = [
        {
            "Name": "geo",
            "Priority": 3,
            "Action": {"Block": {}},
            "Statement": {"GeoMatchStatement": {"CountryCodes": ["KP"]}},
        },
        {"Name": "origin", "Priority": 7, "Action": {"Count": {}}, "Statement": secret},
    ]
    made = waf.create_web_acl(
        Name=name,
        Scope="REGIONAL",
        DefaultAction={"Allow": {}},
        Description="made by the customer",
        VisibilityConfig=VISIBILITY,
        Rules=[{**rule, "VisibilityConfig": {**VISIBILITY, "MetricName": rule["Name"]}} for rule in rules],
    )["Summary"]
    return Target(made["ARN"], name, "web_acl")


def enforce(double) -> Enforce:
    return Enforce(double.settings(), double.egress, session=double.session(), sleep=lambda _seconds: None)


def push(enforcer: Enforce, target: Target, *intents: BlockIntent, guard=agree):
    state = enforcer.read_state(target)
    program = enforcer.compile(intents, target, state)
    assert all(outcome.exactness != "refused" for outcome in program.outcomes), program.outcomes
    return enforcer.apply(enforcer.diff(program, state), guard)


def customer_acl(double, target: Target) -> dict:
    identifier = target.ref.rsplit("/", 1)[1]
    document = double.admin("wafv2").get_web_acl(Name=target.name, Id=identifier, Scope="REGIONAL")["WebACL"]
    return copy.deepcopy(document)


def test_a_push_is_read_back_and_a_second_one_has_nothing_to_do(double, acl):
    enforcer = enforce(double)
    intents = (
        intent(1, NETWORKS),
        intent(2, LOGIN, BlockAction.COUNT),
        intent(3, Match(path_templates=("/search",)), BlockAction.RATE_LIMIT, RateLimitSpec(100, 60)),
        intent(4, Match(countries=("RU",), asns=(64496,), hosts=("api.example",))),
    )
    applied = push(enforcer, acl, *intents)
    assert {change.kind for change in applied.changes} == {ChangeKind.CREATE}
    state = enforcer.read_state(acl)
    assert enforcer.diff(enforcer.compile(intents, acl, state), state).changes == ()


def test_the_customers_rules_are_byte_equal_while_blocked_and_the_whole_acl_after_undo(double, acl):
    enforcer = enforce(double)
    original = customer_acl(double, acl)
    applied = push(enforcer, acl, intent(1, NETWORKS), intent(2, LOGIN))
    during = customer_acl(double, acl)
    assert [rule for rule in during["Rules"] if not rule["Name"].startswith("portcullis-")] == original[
        "Rules"
    ]
    assert applied.before.foreign_digest == applied.after.foreign_digest
    undone = enforcer.restore(applied.before, agree)
    after = customer_acl(double, acl)
    assert after["Rules"] == original["Rules"]
    assert {k: v for k, v in after.items() if k != "Capacity"} == {
        k: v for k, v in original.items() if k != "Capacity"
    }
    assert undone.after.objects == ()
    waf = double.admin("wafv2")
    ours = [
        s["Name"]
        for s in waf.list_ip_sets(Scope="REGIONAL")["IPSets"]
        + waf.list_rule_groups(Scope="REGIONAL")["RuleGroups"]
    ]
    assert [name for name in ours if name.startswith(applied.changes[0].name[:18])] == []


def test_one_more_address_changes_one_address_set_and_nothing_else(double, acl):
    enforcer = enforce(double)
    push(enforcer, acl, intent(1, Match(networks=(ip_network("198.51.100.7/32"),))))
    more = Match(networks=(ip_network("198.51.100.9/32"),))
    applied = push(
        enforcer, acl, intent(1, Match(networks=(ip_network("198.51.100.7/32"),))), intent(2, more)
    )
    assert [(change.kind, change.object_kind) for change in applied.changes] == [
        (ChangeKind.UPDATE, "ip_set")
    ]


def test_restore_brings_back_exactly_what_was_there_before_a_later_push(double, acl):
    enforcer = enforce(double)
    push(enforcer, acl, intent(1, NETWORKS), intent(2, LOGIN, BlockAction.COUNT))
    before = enforcer.read_state(acl)
    push(enforcer, acl, intent(3, Match(countries=("RU",))))
    enforcer.restore(before, agree)
    after = enforcer.read_state(acl)
    assert [(e.kind, e.name, e.document) for e in after.objects] == [
        (e.kind, e.name, e.document) for e in before.objects
    ]
    enforcer.restore(after, agree)


def test_a_lost_lock_is_taken_again(double, acl):
    enforcer = enforce(double)
    stale = {"__type": "WAFOptimisticLockException", "message": "stale"}
    for operation in ("UpdateWebACL", "CreateRuleGroup"):
        double.fault("wafv2", operation, status=400, times=2, body=stale)
    push(enforcer, acl, intent(1, NETWORKS))
    assert len(enforcer.read_state(acl).objects) == 4


def test_a_lock_lost_again_and_again_is_a_conflict_and_not_an_endless_loop(double, acl):
    enforcer = enforce(double)
    stale = {"__type": "WAFOptimisticLockException", "message": "stale"}
    double.fault("wafv2", "UpdateWebACL", status=400, times=50, body=stale)
    with pytest.raises(ConflictError):
        push(enforcer, acl, intent(1, NETWORKS))


def test_an_object_not_yet_known_everywhere_is_waited_for(double, acl):
    slept: list[float] = []
    enforcer = Enforce(double.settings(), double.egress, session=double.session(), sleep=slept.append)
    unknown = {"__type": "WAFUnavailableEntityException", "message": "try again"}
    double.fault("wafv2", "CreateRuleGroup", status=400, times=2, body=unknown)
    push(enforcer, acl, intent(1, NETWORKS))
    assert slept == [1.0, 2.0]


def test_a_change_the_customer_makes_meanwhile_survives(double, acl):
    enforcer = enforce(double)
    waf = double.admin("wafv2")
    identifier = acl.ref.rsplit("/", 1)[1]

    def meddling(change: Change) -> None:
        if change.object_kind == "web_acl_rule":
            answer = waf.get_web_acl(Name=acl.name, Id=identifier, Scope="REGIONAL")
            document = answer["WebACL"]
            waf.update_web_acl(
                Name=acl.name,
                Id=identifier,
                Scope="REGIONAL",
                LockToken=answer["LockToken"],
                DefaultAction={"Block": {}},
                VisibilityConfig=document["VisibilityConfig"],
                Rules=document["Rules"],
                Description="changed by hand",
            )

    applied = push(enforcer, acl, intent(1, NETWORKS), guard=meddling)
    now = customer_acl(double, acl)
    assert now["DefaultAction"] == {"Block": {}}
    assert now["Description"] == "changed by hand"
    assert "Somebody else changed" in applied.notes[0]


def test_a_diff_made_from_an_old_state_is_a_conflict_before_anything_is_written(double, acl):
    enforcer = enforce(double)
    state = enforcer.read_state(acl)
    old = enforcer.diff(enforcer.compile([intent(1, NETWORKS)], acl, state), state)
    push(enforcer, acl, intent(2, Match(networks=(ip_network("203.0.113.9/32"),))))
    seen = enforcer.read_state(acl)
    with pytest.raises(ConflictError, match="changed at AWS"):
        enforcer.apply(old, agree)
    assert enforcer.read_state(acl).objects == seen.objects


def test_a_guard_that_refuses_stops_the_push(double, acl):
    enforcer = enforce(double)

    def refuse(_change: Change) -> None:
        raise RefusedError("protected network")

    with pytest.raises(RefusedError, match="protected"):
        push(enforcer, acl, intent(1, NETWORKS), guard=refuse)
    assert enforcer.read_state(acl).objects == ()


def test_what_is_not_ours_is_never_written(double, acl):
    enforcer = enforce(double)
    foreign = VendorObject(
        "ip_set", "", "partners", {"Name": "partners", "Scope": "REGIONAL", "Addresses": []}
    )
    diff = Diff(acl, (Change(ChangeKind.CREATE, "ip_set", "partners", None, foreign),))
    with pytest.raises(RefusedError, match="not ours"):
        enforcer.apply(diff, agree)


def test_without_a_blocking_role_nothing_is_written_and_it_is_said(double, acl):
    settings = double.settings(blocking_role_arn="")
    enforcer = Enforce(settings, double.egress, session=double.session(settings))
    with pytest.raises(ConnectorError, match="blocking role"):
        push(enforcer, acl, intent(1, NETWORKS))


def test_a_missing_write_permission_names_the_action(double, acl):
    nothing = {"Sid": "Nothing", "Effect": "Deny", "Action": ["wafv2:CreateIPSet"], "Resource": ["*"]}
    double.grant("write", policy={"Version": "2012-10-17", "Statement": [nothing]})
    with pytest.raises(PermissionMissing) as caught:
        push(enforce(double), acl, intent(1, NETWORKS))
    assert caught.value.missing == "wafv2:CreateIPSet"
    assert caught.value.unchanged == "Nothing was changed."


def test_a_deleted_object_of_ours_is_made_again(double, acl):
    enforcer = enforce(double)
    applied = push(enforcer, acl, intent(1, NETWORKS))
    group = next(entry for entry in applied.after.objects if entry.kind == "rule_group")
    waf = double.admin("wafv2")
    listed = waf.list_rule_groups(Scope="REGIONAL")["RuleGroups"]
    identifier = next(entry["Id"] for entry in listed if entry["Name"] == group.name)
    answer = waf.get_rule_group(Name=group.name, Id=identifier, Scope="REGIONAL")
    waf.update_rule_group(
        Name=group.name,
        Id=answer["RuleGroup"]["Id"],
        Scope="REGIONAL",
        LockToken=answer["LockToken"],
        VisibilityConfig=VISIBILITY,
        Rules=[],
    )
    again = push(enforcer, acl, intent(1, NETWORKS))
    assert [(change.kind, change.object_kind) for change in again.changes] == [
        (ChangeKind.UPDATE, "rule_group")
    ]


def test_a_crash_half_way_is_repaired_by_the_next_push(double, acl):
    enforcer = enforce(double)
    double.fault("wafv2", "UpdateWebACL", status=500, times=20, body="")
    with pytest.raises(ConnectorError):
        push(enforcer, acl, intent(1, NETWORKS))
    double.behave()
    applied = push(enforcer, acl, intent(1, NETWORKS))
    assert [change.object_kind for change in applied.changes] == ["web_acl_rule"]
