"""What a pushed block does at the edge and at the gateway is what the evaluator says it means."""

from __future__ import annotations

import random
from datetime import UTC, datetime
from ipaddress import ip_network

import pytest
import re2
from hypothesis import given
from hypothesis import strategies as st

from connectors.azure.conditions import path_pattern
from connectors.azure.enforce import Enforce
from connectors.base.calls import calls_table
from connectors.base.evaluate import matches, template_pattern
from connectors.base.intent import BlockAction, BlockIntent, HeaderMatch, Match
from connectors.testkit.doubles.azure.estate import ENDPOINT_HOST, SHOP_HOST
from connectors.testkit.doubles.azure.estate_gateway import INTERNAL_HOST, PARTNERS_HOST
from tests.connectors.azure.conftest import EDGE_TARGET, GATEWAY_TARGET

PATHS = (
    "/payments",
    "/payments/",
    "/payments/p1",
    "/payments/p1/refund",
    "/payments/p1/refund/x",
    "/catalog/",
    "/catalog/products",
    "/catalog/products/7",
    "/v1.0/a+b",
    "/other",
    "/",
)
QUERIES = ("", "?q=/payments/p1", "?x=1&y=/catalog/x", "?")
MATCHES = (
    Match(networks=(ip_network("198.51.100.0/24"), ip_network("2001:db8::/32"))),
    Match(path_templates=("/payments/{id}", "/catalog/{rest+}")),
    Match(methods=("POST", "delete"), path_templates=("/payments/{id}/refund", "/payments")),
    Match(methods=("DELETE",)),
    Match(path_templates=("/",)),
    Match(path_templates=("/v1.0/a+b",)),
    Match(headers=(HeaderMatch("User-Agent", "evil", "contains"),)),
    Match(
        headers=(HeaderMatch("User-Agent", "EvilBot", "prefix"), HeaderMatch("user-agent", "/2", "contains"))
    ),
    Match(headers=(HeaderMatch("User-Agent", "a.b+c"),)),
    Match(countries=("BR", "KP"), methods=("GET", "POST")),
    Match(
        networks=(ip_network("203.0.113.0/24"),),
        path_templates=("/payments/{id}", "/{any}"),
        countries=("BR",),
    ),
    Match(networks=tuple(ip_network(f"10.{n // 256}.{n % 256}.0/25") for n in range(700)), methods=("GET",)),
    Match(path_templates=(*(f"/nowhere{n}" for n in range(14)), "/other")),
)
PLACES = ((EDGE_TARGET, (SHOP_HOST, ENDPOINT_HOST)), (GATEWAY_TARGET, (PARTNERS_HOST, INTERNAL_HOST)))


def requests(seed: int, hosts: tuple[str, ...], count: int = 60) -> list[dict[str, str]]:
    chosen = random.Random(seed)
    return [
        {
            "method": chosen.choice(("GET", "POST", "DELETE")),
            "path": chosen.choice(PATHS),
            "query": chosen.choice(QUERIES),
            "host": chosen.choice(hosts),
            "client_ip": chosen.choice(("198.51.100.7", "203.0.113.9", "2001:db8::1", "10.2.100.7")),
            "country": chosen.choice(("BR", "DE", "KP")),
            "user_agent": chosen.choice(("EvilBot/1", "evilbot/2", "a.b+c", "aXbbc", "curl/8")),
        }
        for _ in range(count)
    ]


@pytest.mark.parametrize("place", range(len(PLACES)))
@pytest.mark.parametrize("number", range(len(MATCHES) + 1))
def test_the_firewall_blocks_exactly_what_the_evaluator_says(azure, number, place):
    target, hosts = PLACES[place]
    match = MATCHES[number] if number < len(MATCHES) else Match(hosts=(hosts[0].upper(),), methods=("GET",))
    block = BlockIntent("blk_1", match, BlockAction.BLOCK, datetime(2026, 12, 1, tzinfo=UTC), "test")
    enforce = Enforce(azure.settings, azure.egress)
    state = enforce.read_state(target)
    program = enforce.compile([block], target, state)
    assert program.outcomes[0].exactness == "exact", program.outcomes[0]
    enforce.apply(enforce.diff(program, state), lambda change: None)
    asked = requests(number, hosts)
    table = calls_table([{**call, "call_id": str(n), "ts": n} for n, call in enumerate(asked)])
    expected = matches(block.match, table).to_pylist()
    wrong = []
    for call, blocked in zip(asked, expected, strict=True):
        told = {"X_Double_Client_Ip": call["client_ip"], "X_Double_Country": call["country"]}
        path = call["path"] + call["query"]
        status = azure.call(call["method"], path, call["host"], User_Agent=call["user_agent"], **told)
        if (status == 403) != blocked:
            wrong.append((call, blocked, status))
    assert wrong == []
    assert any(expected)
    assert not all(expected)


@pytest.mark.parametrize(("target", "hosts"), PLACES)
@pytest.mark.parametrize(
    "path",
    [
        pytest.param("/%70ayments/p1", id="an encoded letter"),
        pytest.param("/payments/a%2Fb", id="an encoded slash"),
        pytest.param("/payments/p1?x=https://a.example/other", id="an address in the query"),
    ],
)
def test_writing_a_path_otherwise_does_not_evade_a_block(azure, target, hosts, path):
    match = Match(path_templates=("/payments/{id}",))
    block = BlockIntent("blk_1", match, BlockAction.BLOCK, datetime(2026, 12, 1, tzinfo=UTC), "test")
    enforce = Enforce(azure.settings, azure.egress)
    state = enforce.read_state(target)
    enforce.apply(enforce.diff(enforce.compile([block], target, state), state), lambda change: None)
    assert azure.call("GET", path, hosts[0]) == 403
    assert azure.call("GET", "/elsewhere?x=https://a.example/payments/p1", hosts[0]) == 502


SEGMENT = st.text("ab.+*|()[]^$-_~%1é", min_size=1, max_size=4)
TEMPLATE = st.lists(st.one_of(SEGMENT, st.sampled_from(("{id}", "v{n}", "{rest+}"))), max_size=3)
PATH = st.lists(st.one_of(SEGMENT, st.just("")), max_size=4)


@given(
    TEMPLATE,
    PATH,
    st.sampled_from(("", "?", "?a=/b/1", "?u=https://h/a/b")),
    st.sampled_from(("", "https://h.example:443")),
)
def test_a_pattern_holds_for_an_address_exactly_when_its_path_fits_the_template(template, path, query, start):
    wanted, asked = "/" + "/".join(template), "/" + "/".join(path)
    expected = re2.search(template_pattern(wanted), asked) is not None
    assert (re2.search(path_pattern(wanted), start + asked + query) is not None) == expected
