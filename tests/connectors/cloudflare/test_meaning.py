"""What a pushed block does at the edge is what the evaluator says it means, whatever text is in it."""

from __future__ import annotations

import random
import string
from dataclasses import replace
from datetime import UTC, datetime
from ipaddress import ip_network
from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connectors.base.calls import calls_table
from connectors.base.evaluate import matches
from connectors.base.intent import BlockAction, BlockIntent, HeaderMatch, Match
from connectors.cloudflare.config import Config
from connectors.cloudflare.enforce import Enforce
from connectors.cloudflare.expressions import expression_of
from connectors.cloudflare.limits import PLANS
from connectors.cloudflare.strings import Inexpressible
from connectors.testkit.doubles.cloudflare.evaluation import EdgeRequest, holds
from connectors.testkit.doubles.cloudflare.expression_parser import parse

PATHS = (
    "/payments",
    "/payments/",
    "/payments/p1",
    "/payments/p1/refund",
    "/payments/p1/refund/x",
    "/catalog/products",
    "/catalog/products/7/reviews",
    "/accounts/12",
    "/other",
)
MATCHES = (
    Match(networks=(ip_network("198.51.100.0/24"), ip_network("2001:db8::/48"))),
    Match(networks=(ip_network("2001:db8::1/128"), ip_network("203.0.113.9/32"))),
    Match(path_templates=("/payments/{id}", "/catalog/{rest+}")),
    Match(path_templates=("/payments", "/other")),
    Match(methods=("POST", "DELETE"), path_templates=("/payments/{id}/refund", "/payments")),
    Match(hosts=("shop.acme.example",), path_templates=("/accounts/{id}",)),
    Match(headers=(HeaderMatch("User-Agent", "evil", "contains"),)),
    Match(
        headers=(HeaderMatch("User-Agent", "EvilBot", "prefix"), HeaderMatch("user-agent", "/2", "contains"))
    ),
    Match(headers=(HeaderMatch("User-Agent", 'a"b\\c'),)),
    Match(countries=("DE", "nl".upper()), networks=(ip_network("0.0.0.0/1"), ip_network("128.0.0.0/1"))),
    Match(asns=(64496,), methods=("get",)),
)


def requests(seed: int, count: int = 60) -> list[dict[str, object]]:
    chosen = random.Random(seed)
    return [
        {
            "method": chosen.choice(("GET", "POST", "DELETE")),
            "path": chosen.choice(PATHS),
            "host": chosen.choice(("shop.acme.example", "api.acme.example")),
            "client_ip": chosen.choice(("198.51.100.7", "203.0.113.9", "2001:db8::1", "2001:db8::2")),
            "user_agent": chosen.choice(("EvilBot/1", "evilbot/2", 'A"b\\c', "curl/8")),
            "country": chosen.choice(("DE", "NL", "US")),
            "asn": chosen.choice((64496, 64497)),
        }
        for _ in range(count)
    ]


def table(calls: list[dict[str, object]]):
    return calls_table([{**call, "call_id": str(n), "ts": n} for n, call in enumerate(calls)])


@pytest.mark.parametrize("number", range(len(MATCHES)))
def test_the_edge_blocks_exactly_what_the_evaluator_says(cloudflare, number):
    expires = datetime(2027, 1, 1, tzinfo=UTC)
    block = BlockIntent("blk_1", MATCHES[number], BlockAction.BLOCK, expires, "test")
    enforce = Enforce(cloudflare.settings, cloudflare.egress)
    target = enforce.targets(Config(cloudflare.settings, cloudflare.egress).read_config())[0]
    state = enforce.read_state(target)
    program = enforce.compile([block], target, state)
    assert program.outcomes[0].exactness == "exact", program.outcomes[0]
    enforce.apply(enforce.diff(program, state), lambda change: None)
    asked = requests(number)
    expected = matches(block.match, table(asked)).to_pylist()
    wrong = []
    for call, blocked in zip(asked, expected, strict=True):
        headers = {
            "X_Double_Client_Ip": call["client_ip"],
            "X_Double_Country": call["country"],
            "X_Double_Asn": str(call["asn"]),
            "User_Agent": call["user_agent"],
        }
        status = cloudflare.call(call["method"], call["path"], call["host"], **headers)
        if status != (403 if blocked else 502):
            wrong.append((call, blocked, status))
    assert wrong == []
    assert any(expected)
    assert not all(expected)


ASKED = EdgeRequest("GET", "h.example", "/", "", (("user-agent", "x"),), "198.51.100.7", "DE", 1, "")
HOSTILE = st.text(alphabet='"\\#r$*()[]{}|^.+?/ aA1-~', min_size=1, max_size=12)
SEGMENTS = st.lists(
    st.one_of(st.just("{id}"), st.text(alphabet='"\\#*()[]|^.+?aA1-~ $', min_size=1, max_size=6)),
    min_size=1,
    max_size=3,
)


@settings(max_examples=400, deadline=None)
@given(
    value=HOSTILE,
    operator=st.sampled_from(("equals", "contains", "prefix")),
    around=HOSTILE,
    exact=st.booleans(),
)
def test_whatever_is_in_a_header_it_is_compared_as_text(value, operator, around, exact):
    match = Match(headers=(HeaderMatch("User-Agent", value, operator),))
    for sent in {value, value.upper(), value + around, around + value, around}:
        call = {"method": "GET", "path": "/", "user_agent": sent}
        (expected,) = matches(match, table([call])).to_pylist()
        assert _edge(match, user_agent=sent) is expected, (value, sent)


@settings(max_examples=400, deadline=None)
@given(segments=SEGMENTS, filler=st.text(alphabet=string.ascii_lowercase + "/", min_size=0, max_size=4))
def test_whatever_is_in_a_path_template_only_placeholders_stand_for_more(segments, filler):
    template = "/" + "/".join(segments)
    match = Match(path_templates=(template,))
    for path in {
        template,
        template.replace("{id}", filler),
        template.replace("{id}", "7") + filler,
        "/" + filler,
    }:
        call = {"method": "GET", "path": path, "user_agent": "x"}
        (expected,) = matches(match, table([call])).to_pylist()
        assert _edge(match, path=path) is expected, (template, path)


def all_paths(parts: tuple[str, ...], longest: int) -> list[str]:
    """Every path of up to so many segments."""
    return ["/" + "/".join(chosen) for n in range(1, longest + 1) for chosen in product(parts, repeat=n)]


@pytest.mark.parametrize(
    "template", [*all_paths(("{id}", "{rest+}", "a", "a*", "b\\"), 2), "/a/{id}/a", "/{id}/a/{x}"]
)
def test_wildcards_mean_what_patterns_do_or_are_refused(template):
    match, asked = Match(path_templates=(template,)), all_paths(("", "a", "a*", "ax", "b\\"), 4)
    try:
        expression = parse(expression_of(match, PLANS["pro"], bot_management=False))[0]
    except Inexpressible:
        assert "{rest+}" in template
        return
    expected = matches(match, table([{"method": "GET", "path": path} for path in asked])).to_pylist()
    told = [holds(expression, replace(ASKED, path=path), {}) for path in asked]
    assert [path for path, one, two in zip(asked, expected, told, strict=True) if one is not two] == []


@settings(max_examples=200, deadline=None)
@given(value=st.text(min_size=1, max_size=8))
def test_a_text_cloudflare_would_not_compare_alike_is_refused(value):
    match = Match(headers=(HeaderMatch("x-key", value),))
    plain = all(" " <= character <= "~" for character in value)
    try:
        parse(expression_of(match, PLANS["enterprise"], bot_management=False))
    except Inexpressible:
        assert not plain
    else:
        assert plain


def _edge(match: Match, path: str = "/", user_agent: str = "x") -> bool:
    expression = expression_of(match, PLANS["enterprise"], bot_management=False)
    asked = replace(ASKED, path=path, headers=(("user-agent", user_agent),))
    return holds(parse(expression)[0], asked, {})
