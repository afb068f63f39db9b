"""A caller far above everybody's rate, told from a busy endpoint."""

from __future__ import annotations

from controlplane.detection.detectors.request_rate import detect
from tests.controlplane.detection.calls import call, readers, table


def test_hundreds_of_requests_in_a_minute_where_others_make_two_are_found() -> None:
    burst = [call("/search", client_ip="203.0.113.7", at=600 + n / 10) for n in range(400)]
    (found,) = detect(table(readers("/search", 30) + burst))
    assert (found.attack_class, found.actor_key, found.requests) == ("rate_abuse", "203.0.113.7", 400)


def test_a_rate_of_one_per_second_is_ordinary() -> None:
    assert detect(table([call("/search", at=n) for n in range(300)])) == []
