"""One loop that enqueues periodic jobs for every active tenant; a stand-by takes over when it dies."""

import threading
import time
from collections.abc import Callable

import structlog
from django.db import DatabaseError, connection, connections

from tenants.audit.actors import Actor, actor_scope
from tenants.isolation.context import TenantRef, no_tenant, tenant_context
from tenants.jobs.services import keeping, schedule
from tenants.jobs.worker import release_set_back, sweep_rejected
from tenants.orgs.queries import all_tenants, usable
from tenants.orgs.services import stock, upkeep
from tenants.orgs.types import Status

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
        self._leading = False

    def run(self, stop: threading.Event) -> None:
        """Tick every second until told to stop; database trouble ends the lead and is tried again."""
        helpers = [
            threading.Thread(target=act, args=(stop,), name=act.__name__) for act in (self._keep, self._stock)
        ]
        for helper in helpers:
            helper.start()
        while not stop.wait(TICK_SECONDS):
            try:
                self._leading = self.leads()
                if self._leading:
                    self.tick()
            except DatabaseError:
                log.exception("scheduler lost the database; trying again")
                connection.close()
        for helper in helpers:
            helper.join()

    def _keep(self, stop: threading.Event) -> None:
        """Call what must not wait for a queue, in a thread of its own, while this scheduler leads."""
        due: dict[Callable[[], None], float] = {}
        while not stop.wait(TICK_SECONDS):
            for act, seconds in keeping():
                if self._leading and self._clock() >= due.get(act, 0.0):
                    due[act] = self._clock() + seconds
                    keep(act, stop)
        connection.close()

    def _stock(self, stop: threading.Event) -> None:
        """Keep spare schemas ready in a thread of its own: people who sign up at once must not wait for other upkeep."""
        made = False
        while not stop.wait(0 if made else TICK_SECONDS):
            made = False
            try:
                with no_tenant():
                    made = self._leading and stock()
            except Exception:
                log.exception("making a spare schema failed; trying again")
                connections.close_all()
                stop.wait(UPKEEP_SECONDS)
        connections.close_all()

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
            release_set_back()
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


def keep(act: Callable[[], None], stop: threading.Event | None = None) -> None:
    """Call a function in every tenant; one that fails is logged, the others go on."""
    name = f"{act.__module__.split('.')[-2]}.{act.__name__}"
    try:
        orgs = [org for org in all_tenants(status=None) if org.status in (Status.ACTIVE, Status.SUSPENDED)]
        for org in filter(usable, orgs):
            if stop is not None and stop.is_set():
                return
            ref = TenantRef(org.schema_name, org.slug, org.name)
            with tenant_context(ref), actor_scope(Actor("job", name, name)):
                try:
                    act()
                except Exception:
                    log.exception("upkeep of a tenant failed; trying again", job=name)
    except DatabaseError:
        log.exception("upkeep lost the database; trying again", job=name)
        connection.close()
