"""Conditions of Kong Enterprise 3.15 and Konnect mean what the evaluator says."""

from __future__ import annotations

import random
from ipaddress import ip_address, ip_network
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connectors.base.calls import calls_table
from connectors.base.evaluate import matches
from connectors.base.intent import HeaderMatch, Match
from connectors.kong.conditions import MOST_CHARACTERS, Inexpressible, expression, joined
from connectors.testkit.doubles.kong.conditions import invalid, parse
from connectors.testkit.doubles.kong.exchange import Exchange

IDS = {"mobile-app": "0f3f9b64-6a3c-4f0f-9d0f-0d0c3a2f5b11", "globex": "8c6c1d0a-8c0a-4d5e-8f2b-77a3a4a0be02"}
ADDRESSES = ("198.51.100.7", "198.51.100.64", "198.51.100.200", "198.5.100.7", "203.0.113.9", "2001:db8::1")
PATHS = ("/orders", "/orders/", "/orders/7", "/orders/7/lines", "/a.b/x", "/aXb/x", "/a[b]/x", '/q"x', "/")
AGENTS = ("EvilBot/1", "evilbot/2", "a.b+c", "aXbbc", "curl/8", None)
HOSTS = ("shop.example", "SHOP.example", "shopXexample", "other.example")


def calls(seed: int, count: int = 60) -> list[dict[str, Any]]:
    chosen = random.Random(seed)
    return [
        {
            "call_id": str(number),
            "ts": number,
            "method": chosen.choice(("GET", "POST", "DELETE")),
            "path": chosen.choice(PATHS),
            "host": chosen.choice(HOSTS),
            "client_ip": chosen.choice(ADDRESSES),
            "user_agent": chosen.choice(AGENTS),
            "consumer": chosen.choice((*IDS, None)),
        }
        for number in range(count)
    ]


def exchange(call: dict[str, Any]) -> Exchange:
    """The request of a call, as it stands before Request Termination."""
    agent, consumer = call["user_agent"], call["consumer"]
    headers = [] if agent is None else [("User-Agent", agent)]
    made = Exchange(
        call["method"], "http", call["host"], call["path"], "", headers, b"", call["client_ip"], 0
    )
    made.consumer = {"id": IDS[consumer], "username": consumer} if consumer else None
    return made


networks = st.lists(
    st.builds(
        lambda address, length: ip_network(f"{address}/{length}", strict=False),
        st.sampled_from([text for text in ADDRESSES if ":" not in text]),
        st.integers(1, 32),
    ),
    max_size=3,
)
headers = st.lists(
    st.builds(
        HeaderMatch,
        st.sampled_from(("User-Agent", "user-agent", "host")),
        st.sampled_from(("EvilBot", "evilbot/2", "a.b+c", "shop.example", "b", "^a", "c\\")),
        st.sampled_from(("equals", "contains", "prefix")),
    ),
    max_size=2,
)
matching = st.builds(
    lambda nets, consumers, methods, paths, hosts, heads: Match(
        networks=tuple(nets),
        consumers=tuple(consumers),
        methods=tuple(methods),
        path_templates=tuple(paths),
        hosts=tuple(hosts),
        headers=tuple(heads),
    ),
    networks,
    st.lists(st.sampled_from(sorted(IDS)), max_size=2),
    st.lists(st.sampled_from(("GET", "post", "DELETE")), max_size=2),
    st.lists(
        st.sampled_from(("/orders", "/orders/{id}", "/orders/{rest+}", "/a.b/{x}", "/a[b]/{x}", '/q"x', "/")),
        max_size=2,
    ),
    st.lists(st.sampled_from(("shop.example", "Other.Example")), max_size=2),
    headers,
).filter(lambda match: not match.is_empty())


@settings(max_examples=150, deadline=None)
@given(match=matching, other=matching, seed=st.integers(0, 50))
def test_a_condition_holds_for_exactly_the_requests_the_match_means(match, other, seed):
    texts = [expression(one, [IDS[name] for name in one.consumers]) for one in (match, other)]
    asked = calls(seed)
    table = calls_table(asked)
    meant = [
        [bool(found) for found in matches(one, table).to_pylist()] for one in (match, other)
    ]  # nobody and no header is "not hit"
    for text, expected in zip(texts, meant, strict=True):
        assert [parse(text)(exchange(call)) for call in asked] == expected, text
    both = joined(texts)
    if len(both) <= MOST_CHARACTERS:
        assert invalid(both) is None
        assert [parse(both)(exchange(call)) for call in asked] == [
            a or b for a, b in zip(*meant, strict=True)
        ]


@pytest.mark.parametrize("length", range(1, 33))
def test_a_network_of_any_length_is_told_by_its_text_to_the_last_address(length):
    network = ip_network(f"198.51.100.77/{length}", strict=False)
    condition = parse(expression(Match(networks=(network,)), []))
    first, last = int(network.network_address), int(network.broadcast_address)
    chosen = random.Random(length)
    tried = {first, last, *(chosen.randint(first, last) for _ in range(50))}
    outside = {first - 1, last + 1, *(chosen.randrange(2**32) for _ in range(50))}
    call = calls(0, 1)[0]
    for number in tried | {value for value in outside if 0 <= value < 2**32}:
        asked = exchange({**call, "client_ip": str(ip_address(number))})
        assert condition(asked) is (first <= number <= last), ip_address(number)


@pytest.mark.parametrize(
    ("match", "reason"),
    [
        (Match(networks=(ip_network("2001:db8::/32"),)), "IPv6"),
        (Match(networks=(ip_network("0.0.0.0/0"),)), "every address"),
        (Match(methods=('GET" || true',)), "no HTTP method"),
        (Match(headers=(HeaderMatch("X_Client", "a"),)), "cannot name the header"),
        (Match(headers=(HeaderMatch("X-Client", "ä"),)), "printable ASCII"),
        (Match(headers=(HeaderMatch("X-Client", "a", "suffix"),)), "suffix"),
        (Match(path_templates=("/a\n",)), "printable ASCII"),
    ],
)
def test_what_kong_does_not_document_is_not_said(match, reason):
    with pytest.raises(Inexpressible, match=reason):
        expression(match, [])


def test_nothing_in_a_value_gets_out_of_its_text():
    value = '") || true || http.path.matches("'
    text = joined([expression(Match(headers=(HeaderMatch("X-Client", value),)), [])])
    assert invalid(text) is None
    assert parse(text)(exchange(calls(0, 1)[0])) is False


def test_a_host_by_its_header_is_the_host_with_any_port():
    condition = parse(expression(Match(headers=(HeaderMatch("Host", "shop.example"),)), []))
    hosts = ("shop.example", "SHOP.example:8443", "shop.example.org", "shop.example:x", "a.shop.example")
    held = [condition(exchange({**calls(0, 1)[0], "host": host})) for host in hosts]
    assert held == [True, True, False, False, False]
