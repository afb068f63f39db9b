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
