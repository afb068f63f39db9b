"""What pushed rules do at the load balancer is what the evaluator says the intent means."""

from __future__ import annotations

import random
from datetime import UTC, datetime
from ipaddress import ip_network
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from connectors.base.calls import calls_table
from connectors.base.columns import plain_host
from connectors.base.enforcement import State, Target, VendorObject
from connectors.base.evaluate import matches
from connectors.base.intent import BlockAction, BlockIntent, Exactness, HeaderMatch, Match
from connectors.cloudarmor.compile import compile_program
from connectors.cloudarmor.draft import Layout
from connectors.cloudarmor.enforce import Enforce
from connectors.cloudarmor.rules import POLICY
from connectors.testkit.doubles.gcp.cel_evaluation import Asked
from connectors.testkit.doubles.gcp.decisions import Counters, decide
from connectors.testkit.doubles.gcp.rule_validity import check_rule
from tests.connectors.cloudarmor.world import SHOP

TARGET = Target(SHOP, "shop", POLICY)
EMPTY = State(
    TARGET, (), (VendorObject(POLICY, SHOP, "shop", {"regional": False, "rules": []}, ours=False),), "x"
)
LAYOUT = Layout(100, 2_000_000_000, 400, enterprise=False)
DEFAULT = {
    "priority": 2147483647,
    "action": "allow",
    "match": {"versionedExpr": "SRC_IPS_V1", "config": {"srcIpRanges": ["*"]}},
}

NETWORKS = (
    "198.51.100.0/24",
    "198.51.100.7/32",
    "203.0.113.0/25",
    "192.0.2.0/24",
    "2001:db8::/32",
    "2001:db8:1::/48",
)
ADDRESSES = (
    "198.51.100.7",
    "198.51.101.7",
    "203.0.113.9",
    "203.0.113.200",
    "192.0.2.1",
    "2001:db8::1",
    "2001:db9::1",
)
TEMPLATES = (
    "/payments/{id}",
    "/payments",
    "/",
    "/catalog/{rest+}",
    "/a.b/{x}/c",
    "/it's/{n}",
    "/tilde~/x-y",
    "/orders/{o}/items/{i}",
)
PATHS = (
    "/", "/payments", "/payments/", "/payments/p1", "/payments/p1/", "/payments/p1/refund", "/catalog", "/catalog/",
    "/catalog/x/y", "/a.b/1/c", "/aXb/1/c", "/it's/7", "/tilde~/x-y", "/tilde~/xy", "/orders/7/items/8", "/orders/7/items",
    "/x",
)  # fmt: skip
AGENTS = ("EvilBot/1", "evilbot/2", "my EvilBot/1", "a.b+c", "aXbbc", "curl/8", "it's \\ odd", "")
HOSTS = ("shop.acme.example", "SHOP.acme.example", "other.example")
SENT_HOSTS = (*HOSTS, "shop.acme.example:8443", "shop.acme.example.evil.test", "shopXacme.example")
HEADERS = (
    HeaderMatch("User-Agent", "evil", "contains"),
    HeaderMatch("user-agent", "EvilBot", "prefix"),
    HeaderMatch("User-Agent", "a.b+c"),
    HeaderMatch("User-Agent", "it's \\ odd"),
)


def _some(values: Any, most: int = 2) -> st.SearchStrategy[tuple[Any, ...]]:
    return st.lists(st.sampled_from(values), min_size=1, max_size=most, unique=True).map(tuple)


CONDITIONS: dict[str, st.SearchStrategy[Any]] = {
    "networks": _some([ip_network(text) for text in NETWORKS], 6),
    "methods": _some(["GET", "POST", "delete"]),
    "path_templates": _some(TEMPLATES, 3),
    "hosts": _some(HOSTS),
    "headers": _some(HEADERS, 1),
    "ja4": _some(["t13d1516h2_8daaf6152771_b186095e22b6", "t12d1516h2_8daaf6152771_b186095e22b6"]),
    "countries": _some(["KP", "US", "de"]),
    "asns": _some([64500, 64501, 64502, 64503, 64504, 64505], 6),
}
#: Few conditions hit some calls and miss others; many of them are there to see refusals and divided rules.
MATCHES = st.one_of(
    st.lists(st.sampled_from(sorted(CONDITIONS)), min_size=1, max_size=2, unique=True),
    st.lists(st.sampled_from(sorted(CONDITIONS)), min_size=1, max_size=6, unique=True),
).flatmap(lambda names: st.builds(Match, **{name: CONDITIONS[name] for name in names}))

CALLS = st.lists(
    st.fixed_dictionaries(
        {
            "method": st.sampled_from(["GET", "POST", "DELETE"]),
            "path": st.sampled_from(PATHS),
            "host": st.sampled_from(SENT_HOSTS),
            "client_ip": st.sampled_from(ADDRESSES),
            "user_agent": st.sampled_from(AGENTS),
            "country": st.sampled_from(["KP", "US", "FR"]),
            "asn": st.sampled_from([64500, 64505, 64999]),
            "ja4": st.sampled_from(["t13d1516h2_8daaf6152771_b186095e22b6", "other", ""]),
        }
    ),
    min_size=12,
    max_size=12,
)


def _block(match: Match) -> BlockIntent:
    return BlockIntent("blk_1", match, BlockAction.BLOCK, datetime(2026, 12, 1, tzinfo=UTC), "test")


def _asked(call: dict[str, Any]) -> Asked:
    headers = {"host": call["host"], "user-agent": call["user_agent"]}
    return Asked(
        call["method"],
        call["path"],
        "",
        "https",
        headers,
        call["client_ip"],
        call["country"],
        call["asn"],
        call["ja4"],
    )


@settings(
    max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much]
)
@given(match=MATCHES, calls=CALLS)
def test_compiled_rules_are_taken_and_mean_what_the_evaluator_says_or_the_intent_is_refused(match, calls):
    program = compile_program([_block(_upper(match))], TARGET, EMPTY, LAYOUT)
    outcome = program.outcomes[0]
    if outcome.exactness is Exactness.REFUSED:
        assert program.objects == ()
        assert "conditions" in outcome.reasons[0] or "rules" in outcome.reasons[0]
        return
    rules = [dict(entry.document) for entry in program.objects]
    for rule in rules:
        check_rule(rule, "CLOUD_ARMOR", False, lambda name: False)
    policy = {"name": "shop", "rules": [*rules, DEFAULT]}
    # What a log says of the host has no port.
    logged = [{**call, "host": plain_host(call["host"])} for call in calls]
    table = calls_table([{**call, "call_id": str(n), "ts": n} for n, call in enumerate(logged)])
    expected = matches(_upper(match), table).to_pylist()
    decided = [
        decide(policy, _asked(call), lambda name: [], Counters(), "web")[0].status == 403 for call in calls
    ]
    assert decided == expected


def _upper(match: Match) -> Match:
    """The evaluator compares countries as they are written."""
    countries = tuple(code.upper() for code in match.countries)
    return Match(**{name: getattr(match, name) for name in match.__slots__} | {"countries": countries})


FIXED = (
    Match(networks=(ip_network("198.51.100.0/24"), ip_network("2001:db8::/32"))),
    Match(path_templates=("/payments/{id}", "/catalog/{rest+}")),
    Match(methods=("POST", "DELETE"), path_templates=("/payments/{id}/refund", "/payments")),
    Match(hosts=("shop.acme.example",), path_templates=("/payments/{id}",)),
    Match(headers=(HeaderMatch("User-Agent", "evil", "contains"),), methods=("GET",)),
    Match(networks=tuple(ip_network(text) for text in NETWORKS), path_templates=("/payments/{id}",)),
    Match(countries=("KP",), asns=(64500,)),
    Match(headers=(HeaderMatch("User-Agent", "EvilBot", "prefix"),)),
    Match(headers=(HeaderMatch("User-Agent", "EvilBot/1"),)),
)


@pytest.fixture
def pushed(cloud: Any) -> Any:
    """Push one block to the shop's policy, ahead of the customer's own rules."""
    enforce = Enforce(cloud.settings(), cloud.egress)

    def push(match: Match) -> Any:
        state = enforce.read_state(TARGET)
        program = enforce.compile([_block(match)], TARGET, state)
        enforce.apply(enforce.diff(program, state), lambda change: None)
        return program.outcomes[0]

    return push


@pytest.mark.parametrize("number", range(len(FIXED)))
def test_the_load_balancer_blocks_exactly_what_the_evaluator_says(cloud, pushed, number):
    match = FIXED[number]
    assert pushed(match).exactness is Exactness.EXACT
    chosen = random.Random(number)
    calls = [
        {
            "method": chosen.choice(("GET", "POST", "DELETE")),
            "path": chosen.choice(("/payments", "/payments/p1", "/payments/p1/refund", "/catalog/a/b", "/x")),
            "host": chosen.choice(("shop.acme.example", "partners.acme.example")),
            "client_ip": chosen.choice(ADDRESSES),
            "user_agent": chosen.choice(("EvilBot/1", "my EvilBot/1", "curl/8")),
            "country": chosen.choice(("KP", "US")),
            "asn": chosen.choice((64500, 64501)),
        }
        for _ in range(120)
    ]
    table = calls_table([{**call, "call_id": str(n), "ts": n} for n, call in enumerate(calls)])
    expected = matches(match, table).to_pylist()
    wrong = []
    for call, hit in zip(calls, expected, strict=True):
        if call["host"] != "shop.acme.example":
            continue  # another policy stands before the partners
        headers = {
            "User_Agent": call["user_agent"],
            "X_Double_Country": call["country"],
            "X_Double_Asn": str(call["asn"]),
        }
        status = cloud.ask(call["path"], call["method"], call["host"], call["client_ip"], **headers)
        if (status == 403) is not hit:
            wrong.append((call, hit, status))
    assert wrong == []
    seen = [hit for call, hit in zip(calls, expected, strict=True) if call["host"] == "shop.acme.example"]
    assert any(seen)
    assert not all(seen)


def test_an_encoded_path_does_not_evade_a_block(cloud, pushed):
    pushed(Match(path_templates=("/payments/{id}",)))
    assert cloud.ask("/%70ayments/1") == 403
    assert cloud.ask("/payments/a%2Fb") == 403
    assert cloud.ask("/payments/a/b") == 502
