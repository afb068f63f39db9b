"""Changes of many objects of which others change their own, told from administrators and from shared objects."""

from __future__ import annotations

from typing import Any

from controlplane.detection.detectors.foreign_writes import detect
from tests.controlplane.detection.calls import call, table

TEMPLATE = "/users/{id}/email"


def change(
    person: str, target: str, at: float, status: int = 204, template: str = TEMPLATE
) -> dict[str, Any]:
    return call(
        template.replace("{id}", target), template, method="PUT", principal=person, status=status, at=at
    )


def owners(count: int = 12) -> list[dict[str, Any]]:
    return [change(f"p{n}", f"u{n}", n) for n in range(count)]


def test_a_principal_that_changes_what_others_own_is_found_with_its_accepted_changes() -> None:
    rows = owners() + [change("thief", f"u{n}", 100 + n) for n in range(6)]
    (found,) = detect(table(rows))
    assert (found.attack_class, found.actor_key, found.succeeded) == ("bola_write", "thief", 6)


def test_people_changing_their_own_are_not_found() -> None:
    assert detect(table(owners(30))) == []


def test_where_others_too_change_several_nothing_is_said() -> None:
    rows = [change(f"p{n}", f"u{n}-{k}", n + k) for n in range(12) for k in range(4)]
    assert detect(table(rows)) == []


def test_with_few_other_principals_nothing_is_said() -> None:
    rows = owners(3) + [change("thief", f"u{n}", 100 + n) for n in range(6)]
    assert detect(table(rows)) == []


def test_an_administrator_established_over_hours_is_left_out() -> None:
    delete = "/users/{id}"
    work = [
        call(f"/users/u{hour}-{n}", delete, method="DELETE", principal="admin", at=hour * 3600 + n)
        for hour in (0, 3, 6)
        for n in range(3)
    ]
    resets = [change("admin", f"u{n}", 6 * 3600 + 100 + n) for n in range(8)]
    assert detect(table(owners() + work + resets)) == []


def test_whoever_only_now_starts_is_no_established_administrator() -> None:
    work = [call(f"/users/u{n}", "/users/{id}", method="DELETE", principal="thief", at=n) for n in range(9)]
    resets = [change("thief", f"u{n}", 100 + n) for n in range(8)]
    assert [piece.actor_key for piece in detect(table(owners() + work + resets))] == ["thief"]
