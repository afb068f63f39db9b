"""Whatever dies while calls come in: what was acknowledged is stored, once.

``FAULT_KILLS`` (50) and ``FAULT_SEED`` choose another run; a failure prints the seed.
"""

from __future__ import annotations

import os
import random
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from controlplane.demo.customer import Customer
from tests.faults.rig import Gateway, Rig, check_stored_once, connect, sending

pytestmark = [pytest.mark.slow, pytest.mark.timeout(7200)]
KILLS = int(os.environ.get("FAULT_KILLS", "50"))
SEED = int(os.environ.get("FAULT_SEED", "0")) or random.SystemRandom().randrange(1, 10**9)
SENDERS = 3


@pytest.fixture
def rig() -> Iterator[Rig]:
    with tempfile.TemporaryDirectory(prefix="portcullis-faults-") as folder:
        made = Rig(Path(folder), SEED)
        try:
            made.start()
            yield made
        finally:
            made.stop()


def test_every_acknowledged_call_is_stored_exactly_once_whatever_is_killed(rig: Rig) -> None:
    customer = Customer(rig.port, "faults")
    customer.sign_up("Faults", "owner@faults.test", "plain lantern orchid 7")
    connection, token = connect(customer)
    gateways = [Gateway(rig.port, "faults", connection, token, f"gw{n}") for n in range(SENDERS)]
    with sending(gateways):
        for _ in range(KILLS):
            if rig.chance.random() < 0.7:  # otherwise the next blow falls while it still gets up
                rig.wait_ready()
            time.sleep(rig.chance.uniform(0.2, 3.0))
            rig.strike()
        rig.wait_ready()
    check_stored_once(rig, gateways, {"seed": SEED, "killed": rig.killed})
