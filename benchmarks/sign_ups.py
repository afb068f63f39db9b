"""A burst of sign-ups beside a running scheduler: does each find a schema made ahead?

``python -m benchmarks.sign_ups [--people 50] [--seconds 60]`` starts a PostgreSQL of its own in a temporary folder
(crash-safe settings) and the scheduler in its own process, lets it fill the stock, then creates tenants at random moments
(exponential gaps, fixed seed) one after the other.
"""

from __future__ import annotations

import argparse
import os
import random
import subprocess
import sys
import time

from benchmarks.tenants import create, line, server, timed

STOCK_SECONDS = 180
FAST = 0.1


def in_stock() -> int:
    """How many spare schemas there are."""
    from tenants.orgs.models import SpareSchema

    return SpareSchema.objects.using("owner").count()


def burst(people: int, seconds: float) -> None:
    """Create so many tenants within about so many seconds."""
    moments = random.Random(20261127)
    gaps = [moments.expovariate(people / seconds) for _ in range(people)]
    taken: list[float] = []
    left: list[int] = []
    began = time.monotonic()
    due = began
    for number, gap in enumerate(gaps):
        due += gap
        time.sleep(max(0.0, due - time.monotonic()))
        left.append(in_stock())
        taken.append(timed(lambda n=number: create(n)))  # type: ignore[misc]
    took = time.monotonic() - began
    line(f"create a tenant, {people} in {took:.0f} s, scheduler beside", taken)
    slow = sum(each > FAST for each in taken)
    print(f"  over {FAST * 1000:.0f} ms: {slow}; found no spare: {left.count(0)}; fewest spares: {min(left)}")


def main() -> None:
    """Run it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--people", type=int, default=50)
    parser.add_argument("--seconds", type=float, default=60)
    options = parser.parse_args()
    with server():
        os.environ["DJANGO_SETTINGS_MODULE"] = "controlplane.config.settings"
        import django

        django.setup()
        from django.conf import settings
        from django.db import connections

        from tenants.orgs.provisioning import migrate_platform

        migrate_platform()
        create(-1)  # the first use of everything in this process
        command = [sys.executable, "manage.py", "scheduler"]
        scheduler = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            deadline = time.monotonic() + STOCK_SECONDS
            while in_stock() < settings.SPARE_SCHEMAS and time.monotonic() < deadline:
                time.sleep(0.5)
            burst(options.people, options.seconds)
        finally:
            scheduler.terminate()
            scheduler.wait()
            connections.close_all()


if __name__ == "__main__":
    main()
