"""Attack payloads, grouped by caller and class; one hit of an otherwise normal caller stays low."""

from __future__ import annotations

from typing import Any

from controlplane.detection.detectors.payload import detect
from controlplane.detection.scoring import severity
from tests.controlplane.detection.calls import call, table


def attack(name: str = "sqli:sqli-union", score: int = 90, **values: Any) -> dict[str, Any]:
    base = {"path": "/items", "client_ip": "203.0.113.3", "signatures": [name], "signature_score": score}
    return {**base, **values}


def test_payloads_of_one_caller_and_class_are_one_piece_of_evidence() -> None:
    (found,) = detect(table([attack(status=500) for _ in range(8)]))
    assert (found.attack_class, found.requests, found.succeeded) == ("sqli", 8, 0)


def test_each_class_is_its_own_piece() -> None:
    found = detect(table([attack(status=500), attack("xss:xss-tag", status=500)] * 4))
    assert {piece.attack_class for piece in found} == {"sqli", "xss"}


def test_answered_payloads_are_worth_more_than_refused_ones() -> None:
    (refused,) = detect(table([attack(status=403) for _ in range(6)]))
    (answered,) = detect(table([attack(status=200) for _ in range(6)]))
    assert answered.points > refused.points
    assert answered.succeeded == 6


def test_what_the_waf_blocked_did_not_get_through() -> None:
    (found,) = detect(table([attack(status=200, waf_action="BLOCK") for _ in range(6)]))
    assert found.succeeded == 0


def test_hits_below_the_threshold_say_nothing() -> None:
    assert detect(table([attack(score=49) for _ in range(50)])) == []


def test_calls_nobody_could_evaluate_say_nothing() -> None:
    rows = [call("/items", signatures=None, signature_score=None) for _ in range(20)]
    assert detect(table(rows)) == []


def test_one_weak_hit_of_an_otherwise_normal_caller_stays_low() -> None:
    rows = [call("/items", principal="anna") for _ in range(50)]
    rows.append(attack(score=55, principal="anna"))
    (found,) = detect(table(rows))
    assert severity(found.points) == "low"


def test_answered_injection_is_high_and_refused_injection_is_not() -> None:
    (answered,) = detect(table([attack(status=200) for _ in range(6)]))
    (refused,) = detect(table([attack(status=403) for _ in range(60)]))
    assert severity(answered.points) == "high"
    assert severity(refused.points) == "medium"


def test_marks_of_scanners_count_as_scanning_and_stay_low_alone() -> None:
    rows = [attack("scanner:probe-path", status=404), attack("sensitive-file:dot-git", status=404)] * 20
    (found,) = detect(table(rows))
    assert (found.attack_class, found.requests, severity(found.points)) == ("recon_scan", 40, "low")


def test_a_scanners_mark_beside_a_payload_adds_no_second_class() -> None:
    row = {**attack(), "signatures": ["scanner:user-agent", "sqli:sqli-union"]}
    assert [piece.attack_class for piece in detect(table([row] * 3))] == ["sqli"]


def test_a_rule_that_hits_what_many_callers_normally_send_is_ignored_there() -> None:
    rows = [attack("xss:tag", client_ip=f"203.0.113.{n % 30}", status=200) for n in range(90)]
    rows += [attack(client_ip="198.51.100.1", status=500) for _ in range(6)]
    assert [piece.attack_class for piece in detect(table(rows))] == ["sqli"]


def test_a_rule_that_hits_many_refused_callers_is_still_an_attack() -> None:
    rows = [attack(client_ip=f"203.0.113.{n % 30}", status=500) for n in range(90)]
    assert len(detect(table(rows))) == 30
