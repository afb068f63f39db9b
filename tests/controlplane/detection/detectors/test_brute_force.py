"""Password guessing from one address, told from a shared address where people mistype."""

from __future__ import annotations

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from controlplane.detection.detectors.brute_force import detect
from tests.controlplane.detection.calls import call, table

SIGN_IN = "/v2/login"


def tries(
    outcomes: str, address: str = "198.18.0.66", path: str = SIGN_IN, every: float = 2
) -> list[dict[str, Any]]:
    """One sign-in per letter: ``f`` refused, ``s`` accepted."""
    return [
        call(path, method="POST", client_ip=address, status=200 if letter == "s" else 401, at=number * every)
        for number, letter in enumerate(outcomes)
    ]


def test_many_refused_sign_ins_from_one_address_are_guessing_and_every_call_shows_it() -> None:
    rows = tries("f" * 30)
    (found,) = detect(table(rows))
    assert (found.actor_key, found.requests, found.succeeded) == ("198.18.0.66", 30, 0)
    assert len(found.call_ids) == 30
    assert found.endpoints == ("POST /v2/login",)


def test_success_after_failures_is_counted_and_named() -> None:
    (found,) = detect(table(tries("f" * 30 + "s")))
    assert found.succeeded == 1
    assert len(found.succeeded_ids) == 1


def test_a_success_makes_guessing_worth_more_points() -> None:
    (without,) = detect(table(tries("f" * 31)))
    (with_success,) = detect(table(tries("f" * 31 + "s")))
    assert with_success.points > without.points


def test_a_few_failures_say_nothing() -> None:
    assert detect(table(tries("f" * 11))) == []


def test_a_shared_address_where_one_in_ten_mistypes_is_not_guessing() -> None:
    assert detect(table(tries("sssssfssss" * 30, every=1))) == []


def test_refusals_elsewhere_are_not_sign_ins() -> None:
    assert detect(table(tries("f" * 40, path="/v2/orders"))) == []


def test_no_calls_no_evidence() -> None:
    assert detect(table([])) == []


@settings(max_examples=25, deadline=None)
@given(st.lists(st.integers(0, 59), min_size=20, max_size=20, unique=True))
def test_the_order_of_rows_does_not_matter(order: list[int]) -> None:
    rows = tries("f" * 60)
    kept = [{**rows[index], "call_id": f"k{index}"} for index in order]
    straight = [{**rows[index], "call_id": f"k{index}"} for index in sorted(order)]
    assert detect(table(kept)) == detect(table(straight))


def test_guessing_of_one_time_codes_is_named_so() -> None:
    (found,) = detect(table(tries("f" * 40, path="/v2/otp/verify")))
    assert found.attack_class == "otp_brute_force"


def test_a_sign_in_that_answers_wrong_passwords_with_a_server_error_is_still_guessed_at() -> None:
    rows = [{**row, "status": 500} for row in tries("f" * 40)]
    assert len(detect(table(rows))) == 1
