"""Finding out which accounts exist, told from many people signing up behind one address."""

from __future__ import annotations

from typing import Any

from controlplane.detection.detectors.user_enumeration import detect
from tests.controlplane.detection.calls import call, table


def asked(path: str, statuses: list[int], **values: Any) -> list[dict[str, Any]]:
    base = {"method": "POST", "client_ip": "203.0.113.8", **values}
    return [call(path, status=status, at=number * 5, **base) for number, status in enumerate(statuses)]


def test_sign_ups_refused_one_after_the_other_tell_which_names_exist() -> None:
    (found,) = detect(table(asked("/v1/register", [409, 409, 409, 201] * 10)))
    assert (found.attack_class, found.requests) == ("user_enumeration", 40)


def test_resets_far_above_anybody_elses_with_two_kinds_of_answer_do_too() -> None:
    others = [call("/password-reset", method="POST", client_ip=f"198.18.3.{n}", at=n) for n in range(12)]
    tries = [
        row | {"response_bytes": 90 + n % 2} for n, row in enumerate(asked("/password-reset", [200] * 40))
    ]
    assert [piece.actor_key for piece in detect(table(others + tries))] == ["203.0.113.8"]


def test_a_classroom_signing_up_behind_one_address_is_not() -> None:
    assert detect(table(asked("/v1/register", [201] * 35))) == []


def test_a_few_refused_names_are_not() -> None:
    assert detect(table(asked("/v1/register", [409] * 10))) == []


def test_refusals_elsewhere_are_not() -> None:
    assert detect(table(asked("/v1/orders", [409] * 60))) == []
