"""A success at the end of a run of failures, told from people who sign in with a typing error."""

from __future__ import annotations

from typing import Any

from controlplane.detection.detectors.account_takeover import detect
from controlplane.detection.scoring import severity
from tests.controlplane.detection.calls import call, table


def tries(outcomes: str, address: str = "203.0.113.66") -> list[dict[str, Any]]:
    return [
        call("/login", method="POST", client_ip=address, status=200 if letter == "s" else 401, at=number)
        for number, letter in enumerate(outcomes)
    ]


def test_success_after_a_run_of_failures_is_critical_with_what_followed() -> None:
    after = call("/me", principal="victim", client_ip="203.0.113.66", at=40)
    (found,) = detect(table([*tries("f" * 30 + "s"), after]))
    assert severity(found.points) == "critical"
    assert len(found.call_ids) == found.succeeded == 2


def test_failures_alone_are_no_takeover() -> None:
    assert detect(table(tries("f" * 60))) == []


def test_a_sign_in_before_the_failures_is_not_taken_over() -> None:
    assert detect(table(tries("s" + "f" * 30))) == []


def test_a_person_who_mistypes_twice_is_no_thief() -> None:
    assert detect(table(tries("ffs"))) == []


def test_a_shared_address_with_a_guesser_behind_it_is_not_judged() -> None:
    assert detect(table(tries("fs" * 40))) == []
