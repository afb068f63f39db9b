"""What each plan can say of an intent: exact, approximated or refused with its reason. Never weakened."""

from __future__ import annotations

from datetime import UTC, datetime
from ipaddress import ip_network

import pytest

from connectors.base.enforcement import State, VendorObject
from connectors.base.intent import BlockAction, BlockIntent, Exactness, HeaderMatch, Match, RateLimitSpec
from connectors.cloudflare.compile import compile_program
from connectors.cloudflare.target import ZoneTarget
from connectors.testkit.doubles.cloudflare.expression_parser import parse

ZONE = "0123456789abcdef" * 2
TARGET = ZoneTarget(ZONE, "acme.example", "cloudflare_zone", (ZONE,), "", ("legacy.acme.example",))


def state(plan: str = "enterprise", **facts: object) -> State:
    document = {"plan": plan, "paused": False, "rules": {}, "lists": 0, "skips": [], **facts}
    return State(TARGET, (), (VendorObject("zone", ZONE, "acme.example", document, ours=False),), "digest")


def intent(
    match: Match, action: BlockAction = BlockAction.BLOCK, key: str = "blk_1", rate=None
) -> BlockIntent:
    return BlockIntent(key, match, action, datetime(2027, 1, 1, tzinfo=UTC), "test", rate)


def compiled(*intents: BlockIntent, plan: str = "enterprise", bot_management: bool = False, **facts: object):
    return compile_program(intents, TARGET, state(plan, **facts), bot_management=bot_management)


def rules(program) -> list[dict]:
    return [dict(entry.document) for entry in program.objects if entry.kind == "rule"]


def networks(*texts: str) -> Match:
    return Match(networks=tuple(ip_network(text) for text in texts))


def test_plain_addresses_share_one_list_and_one_rule_per_action():
    program = compiled(
        intent(networks("198.51.100.7/32"), key="a"),
        intent(networks("203.0.113.0/24", "2001:db8::/64"), key="b"),
        intent(networks("192.0.2.1/32"), BlockAction.CHALLENGE, "c"),
    )
    lists = {entry.name: entry.document["items"] for entry in program.objects if entry.kind == "list"}
    assert lists == {
        "portcullis_0123456789ab_block": ["198.51.100.7/32", "2001:db8::/64", "203.0.113.0/24"],
        "portcullis_0123456789ab_challenge": ["192.0.2.1/32"],
    }
    assert [(rule["action"], rule["expression"]) for rule in rules(program)] == [
        ("block", "(ip.src in $portcullis_0123456789ab_block)"),
        ("managed_challenge", "(ip.src in $portcullis_0123456789ab_challenge)"),
    ]
    assert {outcome.exactness for outcome in program.outcomes} == {Exactness.EXACT}


@pytest.mark.parametrize("text", ["2001:db8::7/128", "2001:db8::/65", "16.0.0.0/6"])
def test_networks_no_list_takes_are_written_into_a_rule_exactly(text):
    program = compiled(intent(networks(text)))
    assert [entry.kind for entry in program.objects] == ["rule"]
    assert rules(program)[0]["expression"] == f"(ip.src in {{{text}}})"
    assert program.outcomes[0].exactness is Exactness.EXACT


def test_without_room_for_a_list_the_addresses_are_in_the_rule_while_they_fit():
    few = compiled(intent(networks("198.51.100.7/32")), plan="free", lists=1)
    assert rules(few)[0]["expression"] == "(ip.src in {198.51.100.7/32})"
    many = Match(networks=tuple(ip_network(f"198.{a}.{b}.7/32") for a in (18, 19) for b in range(256)))
    program = compiled(
        intent(networks("198.51.100.7/32"), key="a"), intent(many, key="b"), plan="free", lists=1
    )
    assert [outcome.exactness for outcome in program.outcomes] == [Exactness.EXACT, Exactness.REFUSED]
    assert "characters" in program.outcomes[1].reasons[0]


def test_every_expression_is_one_the_strict_parser_takes():
    match = Match(
        networks=(ip_network("2001:db8::7/128"),),
        methods=("get", "POST"),
        path_templates=("/a/{x}", '/b"c'),
        hosts=("A.example",),
        headers=(HeaderMatch("X-A", 'v"\\'), HeaderMatch("user-agent", "x", "prefix")),
        ja4=("t13d1516h2_8daaf6152771_b0da82dd1658",),
        countries=("de",),
        asns=(64496, 1),
    )
    (rule,) = rules(compiled(intent(match), bot_management=True))
    assert parse(rule["expression"])[1].fields == {
        "ip.src", "http.request.method", "http.request.uri.path", "http.host", "http.request.headers",
        "http.user_agent", "cf.bot_management.ja4", "ip.src.country", "ip.src.asnum",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("match", "plan", "words"),
    [
        (Match(), "enterprise", "every request"),
        (Match(consumers=("mobile",)), "enterprise", "consumers"),
        (Match(principals=("ab12",)), "enterprise", "principal"),
        (Match(ja4=("t13d",)), "enterprise", "Bot Management"),
        (Match(countries=("Germany",)), "enterprise", "ISO 3166"),
        (Match(headers=(HeaderMatch("x", "ü"),)), "enterprise", "non-ASCII"),
        (Match(headers=(HeaderMatch("x", "v", "like"),)), "enterprise", "compare a header"),
        (Match(headers=(HeaderMatch('x"] eq "', "v"),)), "enterprise", "name of a header"),
        (Match(networks=(ip_network("0.0.0.0/0"),)), "enterprise", "every address"),
        (Match(path_templates=("/a-{id}",)), "pro", "Business"),
        (Match(hosts=("legacy.acme.example",)), "enterprise", "not proxied"),
        (Match(hosts=tuple(f"h{n}.example" for n in range(400))), "enterprise", "characters"),
    ],
)
def test_what_cannot_be_said_is_refused_with_its_reason_and_writes_nothing(match, plan, words):
    program = compiled(intent(match), plan=plan)
    assert program.objects == ()
    (outcome,) = program.outcomes
    assert outcome.exactness is Exactness.REFUSED
    assert words in outcome.reasons[0]


def test_counting_needs_an_enterprise_plan():
    match = Match(methods=("DELETE",))
    assert rules(compiled(intent(match, BlockAction.COUNT)))[0]["action"] == "log"
    for plan in ("free", "pro", "business"):
        program = compiled(intent(match, BlockAction.COUNT), plan=plan)
        assert program.objects == ()
        assert "Enterprise" in program.outcomes[0].reasons[0]


def test_a_paused_zone_refuses_all():
    program = compiled(
        intent(networks("198.51.100.7/32")), intent(Match(methods=("GET",)), key="b"), paused=True
    )
    assert {outcome.exactness for outcome in program.outcomes} == {Exactness.REFUSED}


def test_no_more_rules_are_wanted_than_the_plan_has_room_for():
    intents = [intent(Match(hosts=(f"h{n}.example",)), key=f"blk_{n}") for n in range(4)]
    program = compiled(*intents, plan="free", rules={"http_request_firewall_custom": 3})
    assert len(program.objects) == 2
    assert [outcome.exactness for outcome in program.outcomes].count(Exactness.REFUSED) == 2
    assert "no room" in program.outcomes[3].reasons[0]


def test_a_list_without_room_for_its_rule_is_not_wanted():
    program = compiled(
        intent(networks("198.51.100.7/32")), plan="free", rules={"http_request_firewall_custom": 5}
    )
    assert program.objects == ()
    assert program.outcomes[0].exactness is Exactness.REFUSED


@pytest.mark.parametrize(
    ("plan", "asked", "written"),
    [
        ("enterprise", RateLimitSpec(100, 60), (100, 60)),
        ("enterprise", RateLimitSpec(100, 86_400), (4, 3600)),
        ("enterprise", RateLimitSpec(100, 70), (85, 60)),
        ("business", RateLimitSpec(600, 3600), (100, 600)),
        ("pro", RateLimitSpec(600, 3600), (10, 60)),
        ("free", RateLimitSpec(60, 60), (10, 10)),
        ("free", RateLimitSpec(1, 3600), (1, 10)),
        ("enterprise", RateLimitSpec(5, 1), (5, 10)),
    ],
)
def test_a_rate_is_put_into_a_period_of_the_plan_and_never_more_generous(plan, asked, written):
    program = compiled(
        intent(Match(path_templates=("/login",)), BlockAction.RATE_LIMIT, rate=asked), plan=plan
    )
    (rule,) = rules(program)
    rate = rule["ratelimit"]
    assert (rate["requests_per_period"], rate["period"]) == written
    assert rate["characteristics"] == ["ip.src", "cf.colo.id"]
    (outcome,) = program.outcomes
    assert outcome.exactness is Exactness.APPROXIMATED
    assert "data centre" in outcome.reasons[0]
    assert (len(outcome.reasons) == 2) is (written[1] != asked.window_seconds)


@pytest.mark.parametrize(
    ("plan", "match", "taken"),
    [
        ("free", Match(path_templates=("/a",)), True),
        ("free", Match(hosts=("a.example",)), False),
        ("pro", Match(hosts=("a.example",)), True),
        ("pro", Match(methods=("POST",)), False),
        ("business", Match(networks=(ip_network("198.51.100.0/24"),), methods=("POST",)), True),
        ("business", Match(headers=(HeaderMatch("user-agent", "x"),)), True),
        ("business", Match(headers=(HeaderMatch("x-key", "x"),)), False),
        ("business", Match(countries=("DE",)), False),
        ("enterprise", Match(headers=(HeaderMatch("x-key", "x"),), countries=("DE",)), True),
    ],
)
def test_a_rate_looks_only_at_what_the_plan_lets_it(plan, match, taken):
    program = compiled(intent(match, BlockAction.RATE_LIMIT, rate=RateLimitSpec(10, 10)), plan=plan)
    assert bool(program.objects) is taken
    assert taken or plan in program.outcomes[0].reasons[0]


def test_hosts_that_do_not_pass_cloudflare_are_uncovered():
    (outcome,) = compiled(intent(Match(hosts=("shop.acme.example", "legacy.acme.example")))).outcomes
    assert outcome.exactness is Exactness.APPROXIMATED
    assert outcome.coverage.uncovered[0][0] == "legacy.acme.example"


def test_a_skip_that_stands_before_ours_is_named():
    (outcome,) = compiled(intent(Match(methods=("GET",))), skips=["Office"]).outcomes
    assert outcome.exactness is Exactness.APPROXIMATED
    assert "Office" in outcome.reasons[0]


def test_blocks_whose_ids_look_alike_keep_rules_of_their_own():
    program = compiled(
        intent(Match(methods=("GET",)), key="blk-1"),
        intent(Match(methods=("PUT",)), key="blk_1"),
        intent(Match(methods=("POST",)), key="BLK_1"),
    )
    assert len({entry.ref for entry in program.objects}) == 3
