"""Whatever dies while calls come in: what was acknowledged is stored, once.

``FAULT_KILLS`` (50) and ``FAULT_SEED`` choose another run; a failure prints the seed.
"""

from __future__ import annotations

import os
import random
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from controlplane.demo.customer import Customer
from tests.faults.rig import Gateway, Rig, connect

pytestmark = [pytest.mark.slow, pytest.mark.timeout(7200)]
KILLS = int(os.environ.get("FAULT_KILLS", "50"))
SEED = int(os.environ.get("FAULT_SEED", "0")) or random.SystemRandom().randrange(1, 10**9)
SENDERS = 3
#: What is left after the last kill has to be read in this time, seconds.
SETTLED = 600


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
    found = settled(rig)
    acknowledged = {call for gateway in gateways for call in gateway.acknowledged}
    sent = {call for gateway in gateways for call in gateway.sent}
    told = {
        "seed": SEED, "killed": rig.killed, "acknowledged": len(acknowledged),
        "tries": [gateway.tries for gateway in gateways], "answers": [gateway.answers for gateway in gateways],
    }  # fmt: skip
    print(told)
    assert acknowledged, told
    assert acknowledged - set(found["calls"]) == set(), told
    assert [call for call, times in found["calls"].items() if times > 1] == [], told
    assert set(found["calls"]) - sent == set(), told


@contextmanager
def sending(gateways: list[Gateway]) -> Iterator[None]:
    """Gateways that push meanwhile; at the end each brings its last batch to an acknowledgement."""
    stopped = threading.Event()
    threads = [threading.Thread(target=gateway.run, args=(stopped,)) for gateway in gateways]
    for thread in threads:
        thread.start()
    try:
        yield
    except BaseException:
        for gateway in gateways:
            gateway.abandoned.set()
        raise
    finally:
        stopped.set()
        for thread in threads:
            thread.join()


def settled(rig: Rig) -> dict[str, dict[str, int]]:
    """What is stored once nothing waits any more."""
    deadline = time.monotonic() + SETTLED
    while time.monotonic() < deadline:
        found = rig.stored("faults")
        if not found["waiting"]:
            return found
        time.sleep(2)
    raise AssertionError(f"pushes still wait {SETTLED} s after the last kill (seed {SEED})")
