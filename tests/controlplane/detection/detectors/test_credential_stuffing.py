"""Credential stuffing: many addresses fail a few times each, told from an ordinary morning and from an outage."""

from __future__ import annotations

from typing import Any

from controlplane.detection.detectors.credential_stuffing import detect
from tests.controlplane.detection.calls import call, table

SIGN_IN = "/login"


def attempt(address: int, status: int, at: float, **values: Any) -> dict[str, Any]:
    return call(SIGN_IN, method="POST", client_ip=f"203.0.113.{address}", status=status, at=at, **values)


def stuffing(addresses: int = 60, each: int = 2, successes: int = 0) -> list[dict[str, Any]]:
    """``addresses`` that fail ``each`` times; the last tries of the first ``successes`` are accepted."""
    return [
        attempt(number, 200 if turn == each - 1 and number < successes else 401, number * 3 + turn)
        for number in range(addresses)
        for turn in range(each)
    ]


def test_many_addresses_with_two_tries_each_are_one_campaign() -> None:
    (found,) = detect(table(stuffing(60, 2)))
    assert found.actor_kind == "campaign"
    assert len(found.addresses) == 60
    assert found.requests == 120


def test_accepted_tries_of_the_campaign_are_its_successes() -> None:
    (found,) = detect(table(stuffing(60, 3, successes=4)))
    assert found.succeeded == 4
    assert len(found.succeeded_ids) == 4


def test_people_who_mistype_now_and_then_are_no_campaign() -> None:
    people = [attempt(n, 401 if n % 5 == 0 else 200, n * 2) for n in range(200)]
    assert detect(table(people)) == []


def test_five_addresses_are_too_few_to_say() -> None:
    assert detect(table(stuffing(5, 4))) == []


def test_an_outage_of_the_sign_in_is_no_campaign() -> None:
    assert detect(table([attempt(n, 503, n) for n in range(200)])) == []
