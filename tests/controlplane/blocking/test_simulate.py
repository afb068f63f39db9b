"""The simulation says what a match would have done, and what it cannot know."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from ipaddress import ip_network

import pyarrow as pa

from connectors.base.calls import CALL_SCHEMA
from connectors.base.intent import HeaderMatch, Match
from controlplane.blocking.simulate import COLUMNS, simulate


def calls(rows: Sequence[Mapping[str, object]]) -> pa.Table:
    base = {
        "connection": "con_1",
        "received_at": 0,
        "method": "GET",
        "path": "/orders/1",
        "status": 200,
        "signature_score": 0,
    }
    full = [{**base, "call_id": str(i), "ts": i * 1_000_000, **row} for i, row in enumerate(rows)]
    return pa.Table.from_pylist(full, schema=CALL_SCHEMA).select(COLUMNS)


def label(host: str | None, method: str, path: str) -> str:
    return f"{method} {path}"


ATTACKER = Match(networks=(ip_network("198.18.4.7/32"),))


def test_counts_requests_and_known_good_requests_apart() -> None:
    bad: list[dict[str, object]] = [{"client_ip": "198.18.4.7", "status": 401, "principal": None}] * 20
    good: list[dict[str, object]] = [{"client_ip": "198.18.9.9", "principal": "p1"}] * 80
    effect = simulate(ATTACKER, calls([*bad, *good]), frozenset(), label)
    assert (effect.requests, effect.good_requests, effect.good_total) == (20, 0, 80)
    assert effect.share_of_traffic == 0.2
    assert effect.share_of_good == 0.0


def test_a_good_caller_behind_the_same_address_counts_as_good() -> None:
    rows = [{"client_ip": "198.18.4.7", "principal": "p1"}] * 10 + [
        {"client_ip": "198.18.9.9", "principal": "p2"}
    ] * 90
    effect = simulate(ATTACKER, calls(rows), frozenset(), label)
    assert effect.good_requests == 10
    assert effect.share_of_good == 0.1


def test_suspects_are_not_good_traffic() -> None:
    rows = [{"client_ip": "198.18.4.7"}] * 10 + [{"client_ip": "198.18.9.9"}] * 90
    effect = simulate(ATTACKER, calls(rows), frozenset({"198.18.4.7"}), label)
    assert (effect.requests, effect.good_requests) == (10, 0)


def test_a_consumer_from_few_addresses_is_a_partner_and_an_app_of_many_users_is_not() -> None:
    partner = [{"client_ip": "198.18.4.7", "consumer": "globex"}] * 5
    app = [{"client_ip": f"198.18.7.{n}", "consumer": "mobile-app"} for n in range(1, 40)]
    app.append({"client_ip": "198.18.4.7", "consumer": "mobile-app"})
    effect = simulate(ATTACKER, calls([*partner, *app]), frozenset(), label)
    assert [(p.name, p.requests) for p in effect.partners] == [("globex", 5)]


def test_what_a_source_does_not_record_is_unknown_and_not_unhit() -> None:
    rows = [{"client_ip": None}] * 3 + [{"client_ip": "198.18.4.7"}]
    effect = simulate(ATTACKER, calls(rows), frozenset(), label)
    assert (effect.requests, effect.unknown) == (1, 3)
    assert effect.unevaluable[0][0] == "networks"


def test_a_header_that_calls_do_not_keep_is_named_as_unevaluable() -> None:
    match = Match(headers=(HeaderMatch("x-api-version", "1"),))
    effect = simulate(match, calls([{"client_ip": "198.18.4.7"}]), frozenset(), label)
    assert effect.requests == 0
    assert effect.unevaluable[0][0] == "headers.x-api-version"


def test_an_empty_past_gives_no_shares_instead_of_zero() -> None:
    effect = simulate(ATTACKER, calls([]), frozenset(), label)
    assert effect.share_of_good is None
    assert effect.share_of_traffic is None
    assert effect.series == ()


def test_the_series_adds_up_to_the_totals() -> None:
    rows = [{"client_ip": "198.18.4.7" if n % 4 == 0 else "198.18.9.9"} for n in range(200)]
    effect = simulate(ATTACKER, calls(rows), frozenset(), label)
    assert sum(total for _, total, _ in effect.series) == 200
    assert sum(hit for _, _, hit in effect.series) == effect.requests == 50
