"""What an intent means on calls."""

from __future__ import annotations

from ipaddress import ip_address, ip_network

import pyarrow as pa
import pyarrow.compute as pc
import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.base.calls import calls_table
from connectors.base.evaluate import address_in, matches, template_pattern, unevaluable
from connectors.base.intent import HeaderMatch, Match


def calls(*rows: dict[str, object]) -> pa.Table:
    return calls_table(
        {"call_id": str(i), "ts": 1, "method": "GET", "path": "/", **row} for i, row in enumerate(rows)
    )


def test_all_conditions_must_hold_and_one_value_of_each_is_enough() -> None:
    match = Match(
        networks=(ip_network("198.18.0.0/24"), ip_network("2001:db8::/64")), methods=("get", "POST")
    )
    table = calls(
        {"client_ip": "198.18.0.9"},
        {"client_ip": "2001:db8::7", "method": "POST"},
        {"client_ip": "198.18.0.9", "method": "DELETE"},
        {"client_ip": "198.18.1.9"},
    )
    assert matches(match, table).to_pylist() == [True, True, False, False]


def test_an_empty_match_is_refused_because_it_would_hit_everything() -> None:
    with pytest.raises(ValueError, match="every call"):
        matches(Match(), calls({}))


def test_a_missing_value_is_unknown_unless_another_condition_rules_the_call_out() -> None:
    match = Match(networks=(ip_network("198.18.0.0/24"),), methods=("POST",))
    table = calls({"client_ip": None, "method": "POST"}, {"client_ip": None, "method": "GET"})
    assert matches(match, table).to_pylist() == [None, False]
    assert [(entry.field, entry.calls) for entry in unevaluable(match, table)] == [("networks", 2)]


@pytest.mark.parametrize(
    ("template", "path", "expected"),
    [
        ("/orders/{id}", "/orders/7", True),
        ("/orders/{id}", "/orders/7/", True),
        ("/orders/{id}", "/orders/7/items", False),
        ("/orders/{id}", "/orders/", False),
        ("/orders", "/orders/", True),
        ("/a.b/{x}", "/a-b/1", False),
        ("/files/{rest+}", "/files/a/b/c", True),
        ("/", "/", True),
        ("/", "/x", False),
    ],
)
def test_templates_match_whole_paths(template: str, path: str, expected: bool) -> None:
    assert matches(Match(path_templates=(template,)), calls({"path": path})).to_pylist() == [expected]


def test_a_user_agent_compares_without_case_and_other_headers_are_unknown() -> None:
    table = calls({"user_agent": "SQLMap/1.7"})
    assert matches(Match(headers=(HeaderMatch("User-Agent", "sqlmap", "prefix"),)), table).to_pylist() == [
        True
    ]
    assert matches(Match(headers=(HeaderMatch("X-Other", "1"),)), table).to_pylist() == [None]


@given(st.integers(0, 2**32 - 1), st.integers(0, 2**32 - 1), st.integers(0, 32))
def test_address_membership_agrees_with_the_standard_library(address: int, base: int, prefix: int) -> None:
    network = ip_network((base, prefix), strict=False)
    text = str(ip_address(address))
    expected = ip_address(address) in network
    assert address_in(text, [network]) is expected
    assert address_in(f"::ffff:{text}", [network]) is expected


def test_unreadable_addresses_are_unknown() -> None:
    assert address_in("unknown", [ip_network("0.0.0.0/0")]) is None
    assert address_in(None, [ip_network("0.0.0.0/0")]) is None


@given(st.text(alphabet="abc/{}.+*-_~", max_size=30))
@pytest.mark.asvs("1.2.9")
def test_any_text_makes_a_valid_pattern(template: str) -> None:
    pattern = template_pattern("/" + template)
    assert pc.match_substring_regex(pa.array(["/x"]), pattern).to_pylist() in ([True], [False])
