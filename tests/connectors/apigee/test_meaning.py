"""What a pushed block does at the proxies is what the evaluator says it means."""

from __future__ import annotations

import random
from datetime import UTC, datetime
from ipaddress import ip_network

import pytest

from connectors.apigee.config import Config
from connectors.apigee.enforce import Enforce
from connectors.base.calls import calls_table
from connectors.base.evaluate import matches
from connectors.base.intent import BlockAction, BlockIntent, HeaderMatch, Match
from connectors.testkit.enforcement_laws import _allow

ADDRESSES = ("198.51.100.7", "198.51.100.200", "203.0.113.9", "2001:db8::1", "2001:db9::1")
AGENTS = ("evilbot/1", "evilbot/2", "curl/8")
COUNTRIES, ASNS, APPS = ("KP", "DE", "US"), (64500, 64501, 1), ("partner-globex", "web-shop", "mobile-app")
METHODS = ("GET", "POST", "DELETE")
NETWORKS = tuple(map(ip_network, ("198.51.100.0/25", "203.0.113.9/32", "2001:db8::/32")))


def drawn(chosen):
    """A match of one or two kinds of conditions, each with one or two values."""
    kinds = {
        "networks": NETWORKS,
        "methods": METHODS,
        "countries": COUNTRIES,
        "asns": ASNS,
        "consumers": APPS,
        "headers": tuple(HeaderMatch("User-Agent", agent) for agent in AGENTS),
    }
    names = chosen.sample(sorted(kinds), chosen.choice((1, 2)))
    most = {"headers": 1}
    return Match(
        **{name: tuple(chosen.sample(kinds[name], chosen.randint(1, most.get(name, 2)))) for name in names}
    )


def asked(chosen, count=40):
    return [
        {
            "method": chosen.choice(METHODS),
            "path": chosen.choice(("/payments", "/payments/p1", "/catalog/products", "/accounts/me")),
            "host": "shop.acme.example",
            "client_ip": chosen.choice(ADDRESSES),
            "user_agent": chosen.choice(AGENTS),
            "country": chosen.choice(COUNTRIES),
            "asn": chosen.choice(ASNS),
            "consumer": chosen.choice(APPS),
        }
        for _ in range(count)
    ]


def status(gateway, call):
    headers = {
        "User_Agent": call["user_agent"],
        "X_Double_Country": call["country"],
        "X_Double_Asn": str(call["asn"]),
        "X_Double_App": call["consumer"],
    }
    return gateway.ask(call["path"], call["method"], call["host"], call["client_ip"], **headers)


def pushed(gateway, *matched):
    """The outcomes of blocks that now stand in the first environment."""
    ends = datetime(2996, 12, 1, tzinfo=UTC)
    blocks = [
        BlockIntent(f"blk_{n}", match, BlockAction.BLOCK, ends, "test") for n, match in enumerate(matched)
    ]
    enforce = Enforce(gateway.settings(), gateway.egress)
    target = enforce.targets(Config(gateway.settings(), gateway.egress).read_config())[0]
    state = enforce.read_state(target)
    program = enforce.compile(blocks, target, state)
    enforce.apply(enforce.diff(program, state), _allow)
    return program.outcomes


@pytest.mark.parametrize("seed", range(12))
def test_the_proxies_stop_exactly_what_the_evaluator_says(gateway, seed):
    chosen = random.Random(seed)
    wanted = [drawn(chosen), drawn(chosen)]
    outcomes = pushed(gateway, *wanted)
    # The only thing that may differ is the case of user agents, and these have none.
    assert all(outcome.exactness == "exact" or "user agent" in outcome.reasons[0] for outcome in outcomes), (
        outcomes
    )
    calls = asked(chosen)
    table = calls_table([{**call, "call_id": str(n), "ts": n} for n, call in enumerate(calls)])
    expected = [
        any(found) for found in zip(*(matches(match, table).to_pylist() for match in wanted), strict=True)
    ]
    wrong = [
        (call, blocked)
        for call, blocked in zip(calls, expected, strict=True)
        if (status(gateway, call) == 403) is not blocked
    ]
    assert wrong == []
    assert any(expected)


def test_a_template_over_whole_proxies_stops_them_and_no_other(gateway):
    (outcome,) = pushed(gateway, Match(path_templates=("/payments/{rest+}",), networks=NETWORKS[:1]))
    assert outcome.exactness == "approximated"
    assert outcome.coverage.covered == ("organizations/acme-apis/environments/prod/apis/payments",)
    assert gateway.ask("/payments/p1", address="198.51.100.7") == 403
    assert gateway.ask("/payments/p1", address="203.0.113.9") == 502
    assert gateway.ask("/catalog/products", address="198.51.100.7") == 502
    assert gateway.ask("/payments/p1", host="test.acme.example", address="198.51.100.7") == 502
