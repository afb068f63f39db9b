"""Database, event store and raw window on one disk that fills up while gateways push: no call is lost or doubled."""

from __future__ import annotations

import random
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from controlplane.demo.customer import Customer
from tests.faults.disks import Disk
from tests.faults.rig import Gateway, Rig, check_stored_once, connect, sending

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1800)]
SEED = random.SystemRandom().randrange(1, 10**9)
ROUNDS = 3


@pytest.fixture
def disk() -> Iterator[Disk]:
    with tempfile.TemporaryDirectory(prefix="portcullis-disk-") as folder:
        Path(folder).chmod(0o755)  # the database runs as another user
        try:
            made = Disk(Path(folder) / "data", "700m")
        except (OSError, PermissionError) as error:
            pytest.skip(f"{error}; tests/faults/test_full_disk.py fills files by a limit instead")
        yield made
        made.unmount()


@pytest.fixture
def rig(disk: Disk) -> Iterator[Rig]:
    made = Rig(disk.folder, SEED)
    try:
        made.start()
        yield made
    finally:
        made.stop()


def test_a_disk_that_fills_up_under_everything_loses_and_doubles_nothing(rig: Rig, disk: Disk) -> None:
    customer = Customer(rig.port, "faults")
    customer.sign_up("Faults", "owner@faults.test", "plain lantern orchid 7")
    connection, token = connect(customer)
    gateways = [Gateway(rig.port, "faults", connection, token, f"gw{n}", batch=200) for n in range(2)]
    with sending(gateways):
        for _ in range(ROUNDS):
            time.sleep(rig.chance.uniform(2, 6))
            with disk.taking(0):
                time.sleep(rig.chance.uniform(15, 25))
            rig.start_database()  # it stops itself when it cannot write its log
            rig.wait_ready()
    refused = sum(count for gateway in gateways for status, count in gateway.answers.items() if status == 503)
    assert refused, [gateway.answers for gateway in gateways]
    assert {status for gateway in gateways for status in gateway.answers} <= {0, 202, 429, 503}
    check_stored_once(rig, gateways, {"seed": SEED})
