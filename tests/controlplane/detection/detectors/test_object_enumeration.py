"""Going through objects, told from people who read much of what everybody reads."""

from __future__ import annotations

from controlplane.detection.detectors.object_enumeration import detect
from tests.controlplane.detection.calls import call, readers, table

TEMPLATE = "/accounts/{id}"


def test_a_principal_asking_for_numbers_in_order_enumerates() -> None:
    rows = readers(TEMPLATE, 20) + [
        call(f"/accounts/{n}", TEMPLATE, principal="thief", client_ip="203.0.113.9", at=n)
        for n in range(1, 60)
    ]
    (found,) = detect(table(rows))
    assert (found.attack_class, found.actor_key) == ("bola_enum", "thief")
    assert found.requests == found.succeeded == 59


def test_refused_enumeration_is_evidence_without_success() -> None:
    rows = readers(TEMPLATE, 20) + [
        call(f"/accounts/{n}", TEMPLATE, principal="thief", status=403, at=n) for n in range(1, 60)
    ]
    (found,) = detect(table(rows))
    assert found.succeeded == 0


def test_one_object_read_again_and_again_is_no_enumeration() -> None:
    rows = readers(TEMPLATE, 20) + [
        call("/accounts/5", TEMPLATE, principal="poller", at=n) for n in range(300)
    ]
    assert detect(table(rows)) == []


def test_ten_objects_say_nothing() -> None:
    rows = [call(f"/accounts/{n}", TEMPLATE, principal="someone", at=n) for n in range(10)]
    assert detect(table(rows)) == []


def thief(objects: list[int], **values: object) -> list[dict[str, object]]:
    return [
        call(f"/accounts/{number}", TEMPLATE, **{"principal": "thief", "at": 2000 + n, **values})
        for n, number in enumerate(objects)
    ]


def owners() -> list[dict[str, object]]:
    """Twenty people who read two accounts of their own, each twice."""
    return readers(TEMPLATE, 20) + [{**row, "at": 1000 + n} for n, row in enumerate(readers(TEMPLATE, 20))]


def test_a_few_objects_of_others_in_a_private_collection_are_enough() -> None:
    (found,) = detect(table(owners() + thief([1000 + person * 50 for person in range(8)])))
    assert (found.attack_class, found.requests) == ("bola_enum", 8)


def test_reading_all_of_ones_own_at_once_is_no_enumeration() -> None:
    own = [call(f"/accounts/{5000 + n}", TEMPLATE, principal="collector", at=n * 40) for n in range(7)]
    everything = [
        call(f"/accounts/{5000 + n * 7}", TEMPLATE, principal="collector", at=3700 + n) for n in range(50)
    ]
    assert detect(table(owners() + own + everything)) == []


def test_browsing_what_everybody_reads_is_no_enumeration() -> None:
    catalogue = [
        call(f"/accounts/{(person * 7 + n * 13) % 40}", TEMPLATE, principal=f"p{person}", at=person * 60 + n)
        for person in range(40)
        for n in range(6)
    ]
    heavy = [call(f"/accounts/{(n * 17) % 40}", TEMPLATE, principal="heavy", at=n * 9) for n in range(40)]
    assert detect(table(catalogue + heavy)) == []


def test_an_address_many_people_share_is_no_scraper() -> None:
    shared = [
        call(f"/accounts/{n * 7}", TEMPLATE, client_ip="203.0.113.1", user_agent=f"browser {n % 12}", at=n)
        for n in range(120)
    ]
    assert detect(table(owners() + shared)) == []


def test_an_address_copying_the_collection_without_signing_in_scrapes() -> None:
    copier = [call(f"/accounts/{n * 7}", TEMPLATE, client_ip="203.0.113.1", at=n) for n in range(120)]
    (found,) = detect(table(owners() + copier))
    assert (found.attack_class, found.actor_key) == ("scraping", "203.0.113.1")
