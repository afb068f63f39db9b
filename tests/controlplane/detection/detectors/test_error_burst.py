"""Errors of one caller, told from a deployment that broke the endpoint for everybody."""

from __future__ import annotations

from typing import Any

from controlplane.detection.detectors.error_burst import detect
from tests.controlplane.detection.calls import call, readers, table

TEMPLATE = "/quotes/{id}"


def failing(caller: str, count: int, status: int = 500) -> list[dict[str, Any]]:
    return [call("/quotes/7", TEMPLATE, client_ip=caller, status=status, at=n) for n in range(count)]


def test_one_caller_failing_where_others_do_not_is_told_with_its_errors() -> None:
    (found,) = detect(table(readers(TEMPLATE, 40) + failing("203.0.113.4", 60)))
    assert (found.attack_class, found.actor_key, found.requests) == ("error_burst", "203.0.113.4", 60)


def test_a_broken_deployment_is_nobodys_attack() -> None:
    rows = readers(TEMPLATE, 40)
    for number in range(20):
        rows += failing(f"203.0.113.{number}", 40)
    assert detect(table(rows)) == []


def test_a_few_errors_say_nothing() -> None:
    assert detect(table(readers(TEMPLATE, 40) + failing("203.0.113.4", 20))) == []


def test_without_others_to_compare_with_nothing_is_said() -> None:
    assert detect(table(failing("203.0.113.4", 100))) == []


def test_being_throttled_is_not_failing() -> None:
    assert detect(table(readers(TEMPLATE, 40) + failing("203.0.113.4", 100, status=429))) == []
