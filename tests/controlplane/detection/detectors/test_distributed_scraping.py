"""Several like addresses sharing out a collection, told from visitors with the same app."""

from __future__ import annotations

from typing import Any

from controlplane.detection.detectors.distributed_scraping import detect
from tests.controlplane.detection.calls import call, table

TEMPLATE = "/profiles/{id}"


def worker(number: int, objects: range, **values: Any) -> list[dict[str, Any]]:
    return [
        call(
            f"/profiles/{item}", TEMPLATE, client_ip=f"203.0.113.{number}", at=number + place * 100, **values
        )
        for place, item in enumerate(objects)
    ]


def test_addresses_that_share_out_a_collection_are_one_campaign() -> None:
    rows = [row for number in range(8) for row in worker(number, range(number * 10, number * 10 + 10))]
    (found,) = detect(table(rows))
    assert (found.attack_class, len(found.addresses), found.requests) == ("scraping", 8, 80)


def test_visitors_who_meet_at_popular_objects_are_not() -> None:
    rows = [row for number in range(8) for row in worker(number, range(number * 3, number * 3 + 10))]
    assert detect(table(rows)) == []


def test_visitors_who_do_other_things_too_are_not() -> None:
    rows = [row for number in range(8) for row in worker(number, range(number * 10, number * 10 + 10))]
    rows += [call("/home", client_ip=f"203.0.113.{number % 8}", at=number) for number in range(40)]
    assert detect(table(rows)) == []


def test_different_clients_are_not_one_campaign() -> None:
    rows = [
        row
        for number in range(8)
        for row in worker(number, range(number * 10, number * 10 + 10), user_agent=f"browser {number}")
    ]
    assert detect(table(rows)) == []


def test_signed_in_people_are_not_scrapers() -> None:
    rows = [
        row
        for number in range(8)
        for row in worker(number, range(number * 10, number * 10 + 10), principal=f"p{number}")
    ]
    assert detect(table(rows)) == []
