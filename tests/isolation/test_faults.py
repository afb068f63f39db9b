"""A hundred thousand faults in and around the switch: whichever lock breaks, the other holds."""

from __future__ import annotations

import json
import random
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

import psycopg
import pytest
from django.db import DatabaseError, connection, transaction

from tenants.isolation.backend.base import DatabaseWrapper
from tenants.isolation.context import tenant_context
from tests.database import TestDatabases
from tests.isolation.worlds import Home, Tally, backend, homes, user_marks

FAULTS = 100_000
SEED = 20261124
INTERRUPTS = 2_000


class Switch:
    """Stands between the backend and the driver; does one wrong thing when told to, else switches as asked."""

    def __init__(self, held: DatabaseWrapper) -> None:
        self.real = held._switch
        self.wrong: Callable[[tuple[str, str, str]], tuple[object, ...] | None] | None = None

    def __call__(self, wanted: tuple[str, str, str]) -> tuple[object, ...] | None:
        """Switch, or fail as told."""
        wrong, self.wrong = self.wrong, None
        return wrong(wanted) if wrong else self.real(wanted)

    def cancelled(self, wanted: tuple[str, str, str]) -> None:
        """The server cancels it; nothing was switched."""
        raise psycopg.errors.QueryCanceled("cancelled before")

    def lost(self, wanted: tuple[str, str, str]) -> None:
        """It is switched, but the answer is lost."""
        self.real(wanted)
        raise psycopg.OperationalError("lost after")

    def silent(self, wanted: tuple[str, str, str]) -> None:
        """No answer, nothing switched."""

    def half(self, wanted: tuple[str, str, str]) -> tuple[object, ...]:
        """The answer names another role."""
        return (wanted[0], "none", wanted[2])


@dataclass
class Lab:
    """Where faults are made: two different tenants picked anew for each, and the switch of this thread's session."""

    here: Home
    other: Home
    switch: Switch
    tally: Tally

    def driver(self) -> psycopg.Connection[tuple[object, ...]]:
        """The session itself, behind the backend's back."""
        connection.ensure_connection()
        session: psycopg.Connection[tuple[object, ...]] = connection.connection
        return session

    def look(self, home: Home, where: str) -> bool:
        """Read as this tenant; every row must be its own. False when the database refused."""
        with tenant_context(home.schema):
            try:
                marks = user_marks()
            except DatabaseError:
                self.tally.refused += 1
                return False
        assert marks
        self.tally.judge(home, marks, where)
        return True


def lying(lab: Lab, *, path: bool, role: bool) -> Callable[[tuple[str, str, str]], tuple[object, ...]]:
    """A switch that sets a wrong path or a wrong role, and says that all is well."""

    def wrong(wanted: tuple[str, str, str]) -> tuple[object, ...]:
        lab.switch.real(
            (lab.other.schema if path else wanted[0], lab.other.schema if role else wanted[1], wanted[2])
        )
        return wanted

    return wrong


# Each fault returns False when it must have been refused and was not. ------------------------------------------


def switch_fails(lab: Lab, kind: str) -> bool:
    backend().forget_session()
    lab.switch.wrong = getattr(lab.switch, kind)
    return not lab.look(lab.here, kind)


def lock_one_off(lab: Lab) -> bool:
    """The search path is another tenant's while the role is right: the role refuses."""
    backend().forget_session()
    lab.switch.wrong = lying(lab, path=True, role=False)
    refused = not lab.look(lab.here, "lock 1 off")
    backend().forget_session()
    return refused


def lock_two_off(lab: Lab) -> bool:
    """The role is another tenant's while the search path is right: the path finds nothing it may read."""
    backend().forget_session()
    lab.switch.wrong = lying(lab, path=False, role=True)
    refused = not lab.look(lab.here, "lock 2 off")
    backend().forget_session()
    return refused


def path_by_hand(lab: Lab) -> bool:
    lab.look(lab.here, "before path by hand")
    lab.driver().execute(f"SET search_path = {lab.other.schema}")
    refused = not lab.look(lab.here, "path by hand")
    backend().forget_session()
    return refused


def role_by_hand(lab: Lab) -> bool:
    lab.look(lab.here, "before role by hand")
    lab.driver().execute(f"SET ROLE {lab.other.schema}")
    refused = not lab.look(lab.here, "role by hand")
    backend().forget_session()
    return refused


def changed_by_our_statement(lab: Lab) -> bool:
    """A statement of ours changes path and role; the next one is in the right tenant all the same."""
    with tenant_context(lab.here.schema), connection.cursor() as cursor:
        cursor.execute(f"SET search_path = {lab.other.schema}")
    with tenant_context(lab.here.schema), connection.cursor() as cursor:
        cursor.execute(f"SET ROLE {lab.other.schema}")
    return lab.look(lab.here, "changed by our statement")


def undone_by_our_statement(lab: Lab) -> bool:
    with connection.cursor() as cursor:
        with tenant_context(lab.here.schema):
            cursor.execute("BEGIN")
        lab.look(lab.other, "in a transaction")
        with tenant_context(lab.other.schema):
            cursor.execute("ROLLBACK")
    return lab.look(lab.other, "undone by our statement")


def missing_schema(lab: Lab) -> bool:
    ghost = Home(replace(lab.here.org, schema_name="t_ffffffffffffffff"))
    return not lab.look(ghost, "missing schema")


def raised_between_switch_and_query(lab: Lab) -> bool:
    with suppress(ZeroDivisionError), tenant_context(lab.here.schema):
        connection.ensure_connection()
        backend().apply_tenant()
        raise ZeroDivisionError
    return lab.look(lab.other, "raised between switch and query")


def raised_inside_a_transaction(lab: Lab) -> bool:
    with suppress(ZeroDivisionError), transaction.atomic(), tenant_context(lab.here.schema):
        lab.look(lab.here, "inside a transaction")
        raise ZeroDivisionError
    return lab.look(lab.here, "after a transaction was rolled back")


def statement_cancelled(lab: Lab) -> bool:
    with tenant_context(lab.here.schema), suppress(DatabaseError), transaction.atomic():
        connection.cursor().execute("SET LOCAL statement_timeout = 1")
        connection.cursor().execute("SELECT pg_sleep(1)")
    return lab.look(lab.other, "statement cancelled")


def savepoint_undone(lab: Lab) -> bool:
    with transaction.atomic():
        lab.look(lab.here, "before a savepoint")
        with transaction.atomic():
            lab.look(lab.other, "in a savepoint")
            transaction.set_rollback(True)
        return lab.look(lab.other, "savepoint undone")


def session_lost(lab: Lab) -> bool:
    lab.look(lab.here, "before the session was lost")
    lab.driver().pgconn.finish()
    refused = not lab.look(lab.other, "session lost")
    connection.close()
    return refused and lab.look(lab.other, "after the session was lost")


#: Fault and how often, in thousandths. Those that drop the session are rarer: each costs a new one.
KINDS: dict[str, tuple[Callable[[Lab], bool], int]] = {
    "switch cancelled": (lambda lab: switch_fails(lab, "cancelled"), 8),
    "switch lost": (lambda lab: switch_fails(lab, "lost"), 8),
    "switch silent": (lambda lab: switch_fails(lab, "silent"), 8),
    "switch half done": (lambda lab: switch_fails(lab, "half"), 8),
    "missing schema": (missing_schema, 8),
    "session lost": (session_lost, 5),
    "statement cancelled": (statement_cancelled, 10),
    "lock 1 off": (lock_one_off, 150),
    "lock 2 off": (lock_two_off, 150),
    "path by hand": (path_by_hand, 120),
    "role by hand": (role_by_hand, 120),
    "changed by our statement": (changed_by_our_statement, 80),
    "undone by our statement": (undone_by_our_statement, 70),
    "raised between switch and query": (raised_between_switch_and_query, 80),
    "raised inside a transaction": (raised_inside_a_transaction, 60),
    "savepoint undone": (savepoint_undone, 60),
}


@pytest.mark.slow
@pytest.mark.timeout(3600)
@pytest.mark.asvs("8.4.1")
def test_whatever_happens_to_one_lock_the_other_holds(
    committed_db: TestDatabases, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    places, picks, tally = homes(), random.Random(SEED), Tally()
    switch = Switch(backend())
    monkeypatch.setattr(backend(), "_switch", switch)
    names, weights = list(KINDS), [weight for _, weight in KINDS.values()]
    not_held: dict[str, int] = {}
    began = time.monotonic()
    for kind in picks.choices(names, weights, k=FAULTS):
        here, other = picks.sample(places, 2)
        lab = Lab(here, other, switch, tally)
        if not KINDS[kind][0](lab):
            not_held[kind] = not_held.get(kind, 0) + 1
        tally.fault(kind)
        tally.step()
    with capsys.disabled():
        print(f"\nfaults, seed {SEED}, {time.monotonic() - began:.0f} s: {tally.line()}")
    assert tally.foreign == []
    assert not_held == {}
    assert tally.rows > FAULTS


@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.asvs("8.4.1", "15.4.2")
def test_a_time_limit_may_strike_anywhere(
    committed_db: TestDatabases, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Its exception is raised between two instructions of whatever the worker's thread is doing."""
    homes()
    code = f"from tests.isolation.interrupted import main; main({INTERRUPTS}, {SEED})"
    done = subprocess.run(
        [sys.executable, "-c", code],
        env=committed_db.environment(tmp_path),
        capture_output=True,
        text=True,
        timeout=880,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    told = json.loads(done.stdout.splitlines()[-1])
    with capsys.disabled():
        print(f"\ntime limits, seed {SEED}: {told}")
    assert told["foreign"] == []
    assert told["stayed inside"] == []
    assert told["lost"] == 0
    assert told["sent"] == INTERRUPTS
    assert told["interrupted"] > INTERRUPTS / 4
