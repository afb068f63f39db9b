"""The machine's clock jumps hours and weeks while calls come in: what was acknowledged is stored, once, and stays.

Web, workers and scheduler run under a clock of the test; the database keeps the machine's, as one of its own would.
"""

from __future__ import annotations

import random
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from controlplane.demo.customer import Customer
from tests.faults.clocks import Clock
from tests.faults.rig import Gateway, Rig, check_stored_once, connect, sending

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1800)]
SEED = random.SystemRandom().randrange(1, 10**9)
HOUR, DAY = 3600, 86_400
JUMPS = (3 * HOUR, 0, -3 * HOUR, 40 * DAY, -30 * HOUR, 400 * DAY, 0)
SECONDS = 6.0


@pytest.fixture
def clock() -> Iterator[Clock]:
    with tempfile.TemporaryDirectory(prefix="portcullis-clock-") as folder:
        yield Clock(Path(folder))


@pytest.fixture
def rig(clock: Clock) -> Iterator[Rig]:
    with tempfile.TemporaryDirectory(prefix="portcullis-faults-") as folder:
        made = Rig(Path(folder), SEED, clock.environment)
        try:
            made.start()
            yield made
        finally:
            made.stop()


def test_a_clock_that_jumps_destroys_nothing_and_delays_nothing_for_good(rig: Rig, clock: Clock) -> None:
    customer = Customer(rig.port, "faults")
    customer.sign_up("Faults", "owner@faults.test", "plain lantern orchid 7")
    connection, token = connect(customer)
    gateways = [Gateway(rig.port, "faults", connection, token, f"gw{n}", batch=200) for n in range(2)]
    rig.sweep("faults")  # the first one has to believe the clock
    with sending(gateways):
        for ahead in JUMPS:
            time.sleep(SECONDS / 2)
            clock.set(ahead)
            time.sleep(SECONDS / 2)
            rig.sweep("faults")
            rig.restart("scheduler")
            time.sleep(SECONDS)
    check_stored_once(rig, gateways, {"seed": SEED})
