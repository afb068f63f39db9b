"""Administrative endpoints that hardly anybody uses, on hosts with enough callers to say so."""

from __future__ import annotations

from controlplane.detection.detectors.privileged_functions import detect
from tests.controlplane.detection.calls import call, readers, table


def test_a_stranger_answered_by_an_administrative_endpoint_is_found() -> None:
    rows = [*readers("/orders/{id}", 40), call("/admin/export", principal="curious", at=900)]
    (found,) = detect(table(rows))
    assert (found.attack_class, found.actor_key, found.succeeded) == ("bfla", "curious", 1)


def test_a_refused_stranger_is_not() -> None:
    rows = [*readers("/orders/{id}", 40), call("/admin/export", principal="curious", status=403, at=900)]
    assert detect(table(rows)) == []


def test_an_endpoint_everybody_uses_is_not_administrative_whatever_its_name() -> None:
    assert detect(table(readers("/admin-news/{id}", 40))) == []


def test_a_host_with_few_callers_says_nothing() -> None:
    rows = [*readers("/orders/{id}", 10), call("/admin/export", principal="curious", at=900)]
    assert detect(table(rows)) == []
