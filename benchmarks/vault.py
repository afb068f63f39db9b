"""The vault: secrets sealed and opened, opened by a process that has just started, sealed again under a new data key.

``python -m benchmarks.vault [--values 10000]`` starts a PostgreSQL of its own in a temporary folder, with a root key in a
file. Each act reads the row of its data key, so that a destroyed key opens nothing more. Under load means: a thread
seals, stores, reads and opens all the time while values are sealed again.
"""

from __future__ import annotations

import argparse
import threading
import time
from collections.abc import Callable

from benchmarks.database import one_tenant

PLACE = {"table": "api_idempotentrequest", "field": "answer"}
VALUE = "a-secret-of-a-gateway-" * 2  # 44 characters, as long as most
BULK = 1000


def rate(act: Callable[[int], object], count: int) -> float:
    """Acts per second."""
    began = time.perf_counter()
    for number in range(count):
        act(number)
    return count / (time.perf_counter() - began)


def fill(count: int) -> None:
    """Store so many sealed values."""
    from controlplane.api.models import IdempotentRequest
    from tenants.vault.services import seal

    for start in range(0, count, BULK):
        ids = [f"{number:064}" for number in range(start, min(count, start + BULK))]
        rows = [IdempotentRequest(id=one, body_hash="", answer=seal(VALUE, row=one, **PLACE)) for one in ids]
        IdempotentRequest.objects.bulk_create(rows)


class Load(threading.Thread):
    """Seals and opens values of its own, as requests do, until told to stop."""

    def __init__(self, schema: str) -> None:
        super().__init__()
        self.schema, self.ended, self.rounds = schema, threading.Event(), 0
        self.error: BaseException | None = None

    def run(self) -> None:
        """Go on until `ended`."""
        from django.db import connections

        from controlplane.api.models import IdempotentRequest
        from tenants.isolation.context import tenant_context
        from tenants.vault.services import seal, unseal

        row = "load"
        try:
            with tenant_context(self.schema):
                while not self.ended.is_set():
                    sealed = seal(f"{VALUE}{self.rounds}", row=row, **PLACE)
                    IdempotentRequest.objects.update_or_create(
                        id=row, defaults={"body_hash": "", "answer": sealed}
                    )
                    stored = IdempotentRequest.objects.get(id=row).answer
                    if unseal(stored, row=row, **PLACE) != f"{VALUE}{self.rounds}":
                        raise SystemExit("another value than was sealed")
                    self.rounds += 1
        except BaseException as error:
            self.error = error
        finally:
            connections.close_all()


def rotated(schema: str, count: int, *, loaded: bool) -> tuple[float, float]:
    """Values sealed again per second under a new data key, and rounds of the load per second."""
    from tenants.vault.rotation import reseal, rotate_data

    load = Load(schema)
    if loaded:
        load.start()
        time.sleep(0.5)
    rotate_data()
    rounds, began = load.rounds, time.perf_counter()
    result = reseal()
    seconds = time.perf_counter() - began
    rounds = load.rounds - rounds
    if loaded:
        load.ended.set()
        load.join()
    if load.error or result.unreadable or result.done < count:
        raise SystemExit(f"rotation failed: {result}, {load.error!r}")
    return result.done / seconds, rounds / seconds


def main() -> None:
    """Measure."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--values", type=int, default=10_000)
    count = parser.parse_args().values
    with one_tenant() as schema:
        from tenants.vault.services import forget_keys, seal, unseal

        sealed = seal(VALUE, row="x", **PLACE)

        def open_cold(_: int) -> None:
            forget_keys()
            unseal(sealed, row="x", **PLACE)

        warm = rate(lambda _: unseal(sealed, row="x", **PLACE), count)
        print(
            f"seal                                         {rate(lambda _: seal(VALUE, row='x', **PLACE), count):10.0f} /s"
        )
        print(f"open, the data key unwrapped already          {warm:10.0f} /s")
        print(f"open, the data key to be unwrapped first     {rate(open_cold, 500):10.0f} /s")
        fill(count)
        alone, _ = rotated(schema, count, loaded=False)
        print(f"sealed again under a new data key            {alone:10.0f} values/s")
        beside, rounds = rotated(schema, count, loaded=True)
        print(f"sealed again beside a load                   {beside:10.0f} values/s")
        print(f"the load: seal, store, read, open            {rounds:10.0f} rounds/s")


if __name__ == "__main__":
    main()
