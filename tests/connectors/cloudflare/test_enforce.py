"""Pushes at a running double: only ours, in front, read back, undone exactly; the edge does what was pushed."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from ipaddress import ip_network

import pytest

from connectors.base.errors import (
    ConflictError,
    PermissionMissing,
    RefusedError,
    TransientError,
    VendorAnswerError,
)
from connectors.base.intent import BlockAction, BlockIntent, Exactness, HeaderMatch, Match, RateLimitSpec
from connectors.cloudflare.config import Config
from connectors.cloudflare.enforce import Enforce
from connectors.testkit.running import Fault
from tests.connectors.cloudflare.conftest import ACCOUNT, CUSTOM, RATE, TOKEN, Refused
from tests.documented import commands, run

ITEMS = f"POST /accounts/{ACCOUNT}/rules/lists/<list_id>/items"
BULK = f"GET /accounts/{ACCOUNT}/rules/lists/bulk_operations/<operation_id>"


def intent(key: str, match: Match, action: BlockAction = BlockAction.BLOCK, rate=None) -> BlockIntent:
    return BlockIntent(key, match, action, datetime(2027, 1, 1, tzinfo=UTC), "test", rate)


ADDRESS = intent("blk_1", Match(networks=(ip_network("198.51.100.7/32"), ip_network("2001:db8::/64"))))
PATH = intent("blk_2", Match(methods=("GET",), path_templates=("/payments/{id}",)))
COUNT = intent("blk_3", Match(path_templates=("/payments/{id}",)), BlockAction.COUNT)
AGENT = intent(
    "blk_4", Match(headers=(HeaderMatch("User-Agent", "evil", "contains"),)), BlockAction.CHALLENGE
)
RATED = intent(
    "blk_5", Match(path_templates=("/accounts/login",)), BlockAction.RATE_LIMIT, RateLimitSpec(3, 10)
)
ALL = (ADDRESS, PATH, COUNT, AGENT, RATED)


class Push:
    """The enforce capability on one zone, with a guard that agrees."""

    def __init__(self, cloudflare, zone: str = "acme.example") -> None:
        self.enforce = Enforce(cloudflare.settings, cloudflare.egress, sleep=lambda seconds: time.sleep(0.02))
        snapshot = Config(cloudflare.settings, cloudflare.egress).read_config()
        (self.target,) = [t for t in self.enforce.targets(snapshot) if t.name == zone]

    def state(self):
        return self.enforce.read_state(self.target)

    def diff(self, *intents: BlockIntent):
        state = self.state()
        program = self.enforce.compile(intents, self.target, state)
        assert Exactness.REFUSED not in {outcome.exactness for outcome in program.outcomes}
        return self.enforce.diff(program, state)

    def apply(self, *intents: BlockIntent):
        return self.enforce.apply(self.diff(*intents), lambda change: None)


@pytest.fixture
def push(cloudflare) -> Push:
    return Push(cloudflare)


def refs(cloudflare, phase: str = CUSTOM) -> list[str]:
    return [rule["ref"] for rule in cloudflare.entry(phase)["rules"]]


def test_a_pushed_block_answers_403_and_is_told_as_an_event_of_ours(cloudflare, push):
    assert cloudflare.call("GET", "/payments", X_Double_Client_Ip="198.51.100.7") == 502
    push.apply(ADDRESS)
    assert cloudflare.call("GET", "/payments", X_Double_Client_Ip="198.51.100.7") == 403
    assert cloudflare.call("GET", "/payments", X_Double_Client_Ip="2001:db8::99") == 403
    assert cloudflare.call("GET", "/payments", X_Double_Client_Ip="198.51.100.8") == 502
    told = [event for event in cloudflare.events("ref clientIP") if event["clientIP"] == "2001:db8::99"]
    assert told == [{"ref": "portcullis_block_addresses", "clientIP": "2001:db8::99"}]
    push.apply()
    assert cloudflare.call("GET", "/payments", X_Double_Client_Ip="198.51.100.7") == 502
    assert cloudflare.send("GET", f"/accounts/{ACCOUNT}/rules/lists") == []


def test_a_rate_limit_answers_429_once_it_is_passed(cloudflare, push):
    push.apply(RATED)
    answers = [
        cloudflare.call("POST", "/accounts/login", X_Double_Client_Ip="198.51.100.50") for _ in range(5)
    ]
    assert answers == [502, 502, 502, 429, 429]
    assert cloudflare.call("POST", "/accounts/login", X_Double_Client_Ip="198.51.100.51") == 502


def test_ours_come_before_the_customers_rules_and_counting_before_blocking(cloudflare, push):
    push.apply(PATH, AGENT)
    push.apply(PATH, AGENT, COUNT)
    found = refs(cloudflare)
    assert found[0] == "portcullis_blk_3"
    assert set(found[1:3]) == {"portcullis_blk_2", "portcullis_blk_4"}
    assert found[3:] == ["acme_office", "acme_partners_mtls"]


def test_the_customers_rules_stay_as_they_were_down_to_ids_and_versions(cloudflare, push):
    before = cloudflare.entry()["rules"]
    applied = push.apply(*ALL)
    assert [
        rule for rule in cloudflare.entry()["rules"] if not rule["ref"].startswith("portcullis_")
    ] == before
    assert applied.after.foreign_digest == applied.before.foreign_digest
    push.apply()
    assert cloudflare.entry()["rules"] == before


def test_an_entry_point_is_never_replaced_and_made_only_where_there_is_none(cloudflare):
    zone = cloudflare.new_zone("fresh.example", "enterprise")
    with pytest.raises(Refused):
        cloudflare.entry(zone=zone)
    push = Push(cloudflare, "fresh.example")
    push.apply(*ALL)
    assert len(cloudflare.entry(zone=zone)["rules"]) == 4
    assert len(cloudflare.entry(RATE, zone)["rules"]) == 1
    push.apply(PATH)
    span = "since=2026-01-01&before=2100-01-01&limit=1000"
    trail = cloudflare.send("GET", f"/accounts/{ACCOUNT}/logs/audit?{span}")
    ours = [entry["raw"] for entry in trail if "Portcullis" in entry["raw"]["user_agent"]]
    assert ours
    assert not [raw for raw in ours if raw["method"] == "PUT" and "rulesets" in raw["uri"]]


def test_two_zones_of_one_account_keep_lists_of_their_own(cloudflare):
    first, second = Push(cloudflare), Push(cloudflare, "acme-labs.example")
    first.apply(ADDRESS)
    second.apply(intent("blk_9", Match(networks=(ip_network("203.0.113.9/32"),))))
    assert len(cloudflare.send("GET", f"/accounts/{ACCOUNT}/rules/lists")) == 2
    assert not first.diff(ADDRESS).changes
    digest = first.state().foreign_digest
    second.apply()
    assert first.state().foreign_digest == digest
    assert cloudflare.call("GET", "/payments", X_Double_Client_Ip="198.51.100.7") == 403
    first.apply()


def test_what_somebody_changed_by_hand_is_repaired(cloudflare, push):
    push.apply(ADDRESS, PATH)
    entry = cloudflare.entry()
    rules = f"/zones/{cloudflare.zone()}/rulesets/{entry['id']}/rules"
    ours = next(rule for rule in entry["rules"] if rule["ref"] == "portcullis_blk_2")
    cloudflare.send("DELETE", f"{rules}/{ours['id']}")
    (found,) = cloudflare.send("GET", f"/accounts/{ACCOUNT}/rules/lists")
    items = f"/accounts/{ACCOUNT}/rules/lists/{found['id']}/items"
    item = cloudflare.send("GET", items)[0]
    cloudflare.settled(cloudflare.send("DELETE", items, {"items": [{"id": item["id"]}]}))
    cloudflare.settled(cloudflare.send("POST", items, [{"ip": "203.0.113.1"}]))
    assert [change.object_kind for change in push.diff(ADDRESS, PATH).changes] == ["list", "rule"]
    push.apply(ADDRESS, PATH)
    assert not push.diff(ADDRESS, PATH).changes
    assert {entry["ip"] for entry in cloudflare.send("GET", items)} == {"198.51.100.7/32", "2001:db8::/64"}


def test_a_rule_that_moved_since_it_was_read_is_not_written_over(cloudflare, push):
    push.apply(PATH)
    diff = push.diff(intent("blk_2", Match(methods=("POST",))))
    entry = cloudflare.entry()
    rules = f"/zones/{cloudflare.zone()}/rulesets/{entry['id']}/rules"
    by_hand = {"action": "block", "expression": "(ssl)", "enabled": False}
    cloudflare.send("PATCH", f"{rules}/{entry['rules'][0]['id']}", by_hand)
    with pytest.raises(ConflictError):
        push.enforce.apply(diff, lambda change: None)
    assert cloudflare.entry()["rules"][0]["expression"] == "(ssl)"


def test_undo_and_redo_are_exact_from_any_state(cloudflare, push):
    push.apply(ADDRESS)
    applied = push.apply(*ALL)
    documents = lambda state: [(entry.ref, entry.document) for entry in state.objects]  # noqa: E731
    back = push.enforce.restore(applied.before, lambda change: None)
    assert documents(back.after) == documents(applied.before)
    forth = push.enforce.restore(applied.after, lambda change: None)
    assert documents(forth.after) == documents(applied.after)


def test_the_documented_commands_undo_everything_without_us(cloudflare, push, tmp_path):
    before = cloudflare.entry()["rules"]
    push.apply(*ALL)
    (script,) = commands("cloudflare")
    run(script, tmp_path, API=cloudflare.url, AUTH=f"Authorization: Bearer {TOKEN}", ACCOUNT=ACCOUNT)
    assert cloudflare.entry()["rules"] == before
    assert cloudflare.entry(RATE)["rules"] == []
    assert cloudflare.send("GET", f"/accounts/{ACCOUNT}/rules/lists") == []
    assert push.state().objects == ()


def test_the_guard_is_asked_before_each_write(cloudflare, push):
    asked = []

    def guard(change) -> None:
        asked.append(change.name)
        if len(asked) == 2:
            raise RefusedError("Enough.")

    with pytest.raises(RefusedError):
        push.enforce.apply(push.diff(ADDRESS, PATH), guard)
    assert len(asked) == 2
    assert refs(cloudflare) == ["acme_office", "acme_partners_mtls"]
    push.apply(ADDRESS, PATH)  # what was begun is finished
    assert not push.diff(ADDRESS, PATH).changes


def test_somebody_elses_change_during_a_push_is_kept_and_told(cloudflare, push):
    path = f"/zones/{cloudflare.zone()}/rulesets/{cloudflare.entry()['id']}/rules"

    def guard(change) -> None:
        cloudflare.send(
            "POST", path, {"action": "block", "expression": '(http.host eq "x")', "ref": "theirs"}
        )

    applied = push.enforce.apply(push.diff(PATH), guard)
    assert applied.notes
    assert "theirs" in refs(cloudflare)


def test_a_block_that_is_not_there_when_read_back_is_told(cloudflare, push):
    rules = f"/zones/{cloudflare.zone()}/rulesets/{cloudflare.entry()['id']}/rules"

    def guard(change) -> None:
        ours = [rule for rule in cloudflare.entry()["rules"] if rule["ref"].startswith("portcullis_")]
        if ours:  # the first rule is written: somebody switches it off before the second
            by_hand = {"action": "block", "expression": ours[0]["expression"], "enabled": False}
            cloudflare.send("PATCH", f"{rules}/{ours[0]['id']}", by_hand)

    with pytest.raises(VendorAnswerError):
        push.enforce.apply(push.diff(PATH, AGENT), guard)
    push.apply(PATH, AGENT)
    assert all(rule["enabled"] for rule in cloudflare.entry()["rules"][:2])


def test_a_skip_that_the_customer_puts_before_ours_is_seen(cloudflare, push):
    push.apply(PATH)
    skip = {
        "action": "skip",
        "action_parameters": {"ruleset": "current"},
        "expression": "(ip.src in {203.0.113.5})",
        "description": "Auditor",
        "position": {"index": 1},
    }
    cloudflare.send("POST", f"/zones/{cloudflare.zone()}/rulesets/{cloudflare.entry()['id']}/rules", skip)
    (outcome,) = push.enforce.compile([PATH], push.target, push.state()).outcomes
    assert outcome.exactness is Exactness.APPROXIMATED
    assert "Auditor" in outcome.reasons[0]
    assert cloudflare.call("GET", "/payments/1", X_Double_Client_Ip="203.0.113.5") == 502


def test_thousands_of_addresses_are_one_rule(fresh):
    cloudflare = fresh("--budget", "100000", "--bulk-delay", "0")
    cloudflare.new_zone("acme.example", "enterprise")
    push = Push(cloudflare)
    many = intent(
        "blk_1", Match(networks=tuple(ip_network(f"10.{n // 250}.{n % 250}.7/32") for n in range(2500)))
    )
    push.apply(many)
    assert not push.diff(many).changes
    assert refs(cloudflare) == ["portcullis_block_addresses"]
    assert cloudflare.call("GET", "/", "acme.example", X_Double_Client_Ip="10.9.249.7") == 403
    push.apply()


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        (Fault(403, ITEMS, body={"errors": [{"code": 10000, "message": "no"}]}), PermissionMissing),
        (Fault(400, ITEMS, body={"errors": [{"code": 10002, "message": "bad item"}]}), RefusedError),
        (Fault(429, ITEMS), TransientError),
        (Fault(500, ITEMS), TransientError),
        (Fault(200, ITEMS, body={"success": True, "result": {}}), VendorAnswerError),
        (
            Fault(200, BULK, body={"success": True, "result": {"status": "failed", "error": "x"}}),
            RefusedError,
        ),
        (Fault(200, BULK, body={"success": True, "result": {"status": "running"}}), TransientError),
        (
            Fault(200, "POST /zones/*/rules", body={"success": True, "result": {"rules": []}}),
            VendorAnswerError,
        ),
    ],
)
def test_a_write_that_fails_says_so_and_the_next_push_finishes_it(cloudflare, push, fault, error):
    with_fault = push.diff(ADDRESS)
    cloudflare.double.order(fault)
    with pytest.raises(error):
        push.enforce.apply(with_fault, lambda change: None)
    cloudflare.double.behave()
    time.sleep(0.1)  # a bulk operation that was begun ends by itself
    digest = push.state().foreign_digest
    push.apply(ADDRESS)
    assert not push.diff(ADDRESS).changes
    assert push.state().foreign_digest == digest


def test_a_state_that_cannot_be_read_whole_is_never_compiled_from(cloudflare, push):
    for operation in ("GET /zones/*/entrypoint", f"GET /accounts/{ACCOUNT}/rules/lists"):
        cloudflare.double.order(Fault(500, operation))
        with pytest.raises(TransientError):
            push.state()
        cloudflare.double.behave()


def test_what_customers_compare_with_headers_is_not_kept_in_the_state(cloudflare, push):
    secret = {"action": "block", "expression": 'any(http.request.headers["x-origin"][*] eq "hunter2hunter2")'}
    cloudflare.send("POST", f"/zones/{cloudflare.zone()}/rulesets/{cloudflare.entry()['id']}/rules", secret)
    assert "hunter2hunter2" not in str(push.state())
