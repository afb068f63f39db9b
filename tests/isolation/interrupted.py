"""Jobs whose threads are struck by time limits at random instructions; run by `test_faults` in a process of its own.

`main(count, seed)` works on the database of the environment and prints one line of JSON.
Python itself may lose a lock of its own to such an exception (import, logging); the process ends without waiting.
"""

from __future__ import annotations

import ctypes
import json
import logging
import os
import random
import threading
import time
from typing import Any

import django

django.setup()

import psycopg  # noqa: E402
from django.db import DatabaseError, transaction  # noqa: E402
from dramatiq.middleware.time_limit import TimeLimitExceeded  # noqa: E402

from tenants.errors import DomainError  # noqa: E402
from tenants.isolation.context import TenantContextError, current_tenant, require_tenant, tenant_context  # noqa: E402
from tenants.jobs import worker  # noqa: E402
from tenants.jobs.models import JobFailure  # noqa: E402
from tenants.jobs.services import job  # noqa: E402
from tests.isolation.worlds import SLUGS, Home, fail_in, failure_marks, user_marks  # noqa: E402

seen: list[tuple[str, str]] = []
written: dict[str, list[str]] = {slug: [] for slug in SLUGS}
homes: list[Home] = []


@job(max_retries=0)
def look_and_write(slug: str) -> None:
    """Read, write and read again, so that an interruption can fall anywhere."""
    home = next(home for home in homes if home.slug == slug)
    for _ in range(3):
        with transaction.atomic():
            seen.extend((require_tenant().slug, mark) for mark in [*user_marks(), *failure_marks()[-5:]])
            made = fail_in(home)
        written[slug].append(made)


class Thread(threading.Thread):
    """A worker's thread: one job after the other."""

    def __init__(self, state: dict[str, Any]) -> None:
        super().__init__(daemon=True)
        self.state = state

    def run(self) -> None:
        """Begin again where an interruption fell outside a job."""
        while self.state["running"]:
            try:
                self.work()
            except TimeLimitExceeded:
                continue

    def work(self) -> None:
        """Run jobs, and look whether the thread is outside every tenant afterwards."""
        while self.state["running"]:
            home = random.choice(homes)
            try:
                worker.carry_out(look_and_write.name, [home.slug], home.schema)
                self.state["done"] += 1
            except TenantContextError as error:
                self.state["stayed inside"].append(str(error))
            except (TimeLimitExceeded, DatabaseError, DomainError, psycopg.Error):
                self.state["interrupted"] += 1  # in the driver it becomes an error of the driver's
            if current_tenant() is not None:
                self.state["stayed inside"].append(str(current_tenant()))


def main(count: int, seed: int) -> None:
    """Strike so often, then compare what jobs wrote with what they were told was committed."""
    from tenants.orgs.queries import by_slug

    logging.disable(logging.CRITICAL)
    homes.extend(Home(by_slug(slug)) for slug in SLUGS)
    for home in homes:  # what is imported or computed once is not interrupted
        worker.carry_out(look_and_write.name, [home.slug], home.schema)
    state: dict[str, Any] = {"done": 0, "interrupted": 0, "sent": 0, "stayed inside": [], "running": True}
    threads = [Thread(state) for _ in range(3)]
    for thread in threads:
        thread.start()
    picks, deadline = random.Random(seed), time.monotonic() + 240
    while state["sent"] < count and time.monotonic() < deadline:
        time.sleep(picks.random() * 0.03)
        target = ctypes.c_long(picks.choice(threads).ident or 0)
        state["sent"] += ctypes.pythonapi.PyThreadState_SetAsyncExc(
            target, ctypes.py_object(TimeLimitExceeded)
        )
    state["running"] = False
    for thread in threads:
        thread.join(5)
    lost = 0
    for home in homes:
        with tenant_context(home.schema):
            kept = set(JobFailure.objects.values_list("id", flat=True))
        lost += len(set(written[home.slug]) - kept)
    del state["running"]
    wrong = [pair for pair in seen if pair[0] != pair[1]]
    print(json.dumps(state | {"rows": len(seen), "foreign": wrong, "lost": lost}), flush=True)
    os._exit(0)
