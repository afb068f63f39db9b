"""One loop that enqueues periodic jobs for every active tenant; a stand-by takes over when it dies."""

import threading
import time
from collections.abc import Callable

import structlog
from django.db import DatabaseError, connection

from tenants.isolation.context import TenantRef, no_tenant, tenant_context
from tenants.jobs.services import schedule
from tenants.jobs.worker import sweep_rejected
from tenants.orgs.queries import all_tenants
from tenants.orgs.services import upkeep

log = structlog.get_logger(__name__)
# Held by the session; asking again while holding it adds nothing, so the count cannot grow without end.
LEAD = """
    SELECT EXISTS (SELECT 1 FROM pg_locks WHERE locktype = 'advisory' AND pid = pg_backend_pid() AND granted
                      AND classid::bigint = hashtext('portcullis')::bigint & 4294967295
                      AND objid::bigint = hashtext('scheduler')::bigint & 4294967295)
        OR pg_try_advisory_lock(hashtext('portcullis'), hashtext('scheduler'))
"""
TICK_SECONDS = 1.0
SWEEP_SECONDS = 60.0
UPKEEP_SECONDS = 20.0


class Scheduler:
    """Holds the lead by a session lock, so the database ends it when this process is gone."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._due: dict[str, float] = {}
        self._swept = 0.0
        self._kept_up = clock()

    def run(self, stop: threading.Event) -> None:
        """Tick every second until told to stop; database trouble ends the lead and is tried again."""
        while not stop.wait(TICK_SECONDS):
            try:
                if self.leads():
                    self.tick()
            except DatabaseError:
                log.exception("scheduler lost the database; trying again")
                connection.close()

    def leads(self) -> bool:
        """Take or keep the lead; False while another scheduler has it."""
        with no_tenant(), connection.cursor() as cursor:
            cursor.execute(LEAD)
            row = cursor.fetchone()
        return bool(row and row[0])

    def tick(self) -> int:
        """Enqueue what is due for every active tenant; return how many messages were added."""
        now, added = self._clock(), 0
        for job, seconds in schedule():
            if now < self._due.get(job.name, 0.0):
                continue
            self._due[job.name] = now + seconds
            for org in all_tenants():
                with tenant_context(TenantRef(org.schema_name, org.slug, org.name)):
                    added += job.enqueue(unique_key="every") is not None
        if now - self._swept >= SWEEP_SECONDS:
            self._swept = now
            sweep_rejected()
        if now - self._kept_up >= UPKEEP_SECONDS:
            self._kept_up = now
            self._keep_up()
        return added

    @staticmethod
    def _keep_up() -> None:
        """Look after the tenants themselves; what fails there must not hold up their jobs."""
        try:
            with no_tenant():
                upkeep()
        except Exception:
            log.exception("upkeep of the tenants failed; trying again")
