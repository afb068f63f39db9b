"""Scanning: many different absent things from one address, told from a broken link and from a lost crawler."""

from __future__ import annotations

from controlplane.detection.detectors.recon_scan import detect
from tests.controlplane.detection.calls import call, table


def test_many_absent_paths_from_one_address_are_a_scan() -> None:
    rows = [{"path": f"/backup-{n}.zip", "template": None, "status": 404} for n in range(20)]
    (found,) = detect(table(rows))
    assert (found.attack_class, found.requests) == ("recon_scan", 20)
    assert len(found.endpoints) == 10


def test_one_absent_path_asked_often_is_a_broken_link() -> None:
    assert detect(table([call("/favicon.ico", status=404) for _ in range(200)])) == []


def test_a_caller_that_mostly_gets_answers_is_no_scanner() -> None:
    rows = [call(f"/absent-{n}", status=404) for n in range(10)] + [call("/orders") for _ in range(100)]
    assert detect(table(rows)) == []


def test_absent_paths_of_many_addresses_are_nobodys_scan() -> None:
    rows = [call(f"/absent-{n}", status=404, client_ip=f"203.0.113.{n}") for n in range(100)]
    assert detect(table(rows)) == []
