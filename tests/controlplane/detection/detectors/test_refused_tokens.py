"""Forged tokens, told from an expired session and from endpoints that refuse many."""

from __future__ import annotations

from controlplane.detection.detectors.refused_tokens import detect
from tests.controlplane.detection.calls import call, readers, table

ME = "/profile/{id}"


def test_repeated_refusals_that_end_in_success_are_forgery_that_got_through() -> None:
    tries = [call("/profile/1", ME, client_ip="203.0.113.5", status=401, at=n) for n in range(6)]
    tries.append(call("/profile/1", ME, client_ip="203.0.113.5", principal="admin", at=7))
    (found,) = detect(table(readers(ME, 80) + tries))
    assert (found.attack_class, found.succeeded) == ("jwt_tamper", 1)


def test_one_expired_session_is_not() -> None:
    tries = [call("/profile/1", ME, client_ip="203.0.113.5", status=401, at=n) for n in range(2)]
    assert detect(table(readers(ME, 80) + tries)) == []


def test_where_refusals_are_common_nothing_is_said() -> None:
    refused = [call("/profile/1", ME, client_ip=f"203.0.113.{n % 40}", status=401, at=n) for n in range(200)]
    assert detect(table(readers(ME, 40) + refused)) == []
