"""A privileged field nobody else sends, told from a form that has it and from sources without bodies."""

from __future__ import annotations

from typing import Any

from controlplane.detection.detectors.mass_assignment import detect
from tests.controlplane.detection.calls import call, table

ORDINARY = ["$.name:string", "$.email:string"]


def sign_up(person: int, fields: list[str] | None, status: int = 200) -> dict[str, Any]:
    return call(
        "/register",
        method="POST",
        client_ip=f"203.0.113.{person}",
        body_fields=fields,
        status=status,
        at=person,
    )


def test_a_privileged_field_that_nobody_else_sends_is_found() -> None:
    rows = [sign_up(n, ORDINARY) for n in range(40)] + [sign_up(99, [*ORDINARY, "$.user.is_admin:boolean"])]
    (found,) = detect(table(rows))
    assert (found.attack_class, found.actor_key, found.succeeded) == ("mass_assignment", "203.0.113.99", 1)


def test_an_accepted_field_weighs_more_than_a_refused_one() -> None:
    ordinary = [sign_up(n, ORDINARY) for n in range(40)]
    (accepted,) = detect(table([*ordinary, sign_up(99, ["$.role:string"])]))
    (refused,) = detect(table([*ordinary, sign_up(99, ["$.role:string"], 422)]))
    assert accepted.points > refused.points


def test_a_form_that_has_the_field_is_ordinary() -> None:
    assert detect(table([sign_up(n, [*ORDINARY, "$.role:string"]) for n in range(40)])) == []


def test_a_rare_harmless_field_is_nothing() -> None:
    assert (
        detect(table([sign_up(n, ORDINARY) for n in range(40)] + [sign_up(99, ["$.nickname:string"])])) == []
    )


def test_few_callers_or_no_bodies_say_nothing() -> None:
    assert detect(table([sign_up(n, ORDINARY) for n in range(5)] + [sign_up(99, ["$.role:string"])])) == []
    assert detect(table([sign_up(n, None) for n in range(40)])) == []
