"""Claiming from a long queue: `jobs.claim`, which takes turns between tenants, beside first come first served.

``python -m benchmarks.queue [--waiting 100000]`` starts a PostgreSQL of its own in a temporary folder, fills the queue for
one tenant and for a thousand, and prints claims per second of both, what the claim looks at, and how many messages of a
flooding tenant go before another tenant's.
"""

from __future__ import annotations

import argparse
import os
import time
from collections.abc import Callable
from typing import Any
from uuid import UUID, uuid4

import psycopg
from psycopg.types.json import Json

from benchmarks.tenants import server

# What stood here before: the oldest due message, whoever's it is.
FIRST_COME = """
    WITH next AS (
        SELECT message_id FROM jobs.queue
         WHERE queue_name = %s AND "state" = 'queued' AND available_at <= now()
         ORDER BY available_at, position LIMIT %s FOR UPDATE SKIP LOCKED)
    UPDATE jobs.queue AS q SET "state" = 'consumed', worker_id = %s, consumed_at = now(), mtime = now()
      FROM next WHERE q.message_id = next.message_id
    RETURNING q.tenant::text, q.message::text
"""
INDEX = """
    CREATE INDEX IF NOT EXISTS first_come ON jobs.queue (queue_name, available_at, position) WHERE "state" = 'queued'
"""
IN_TURNS = "SELECT tenant, message FROM jobs.claim(%s, %s::int, %s::uuid, %s, %s::jsonb, %s::int)"
FILL = """
    INSERT INTO jobs.queue (message_id, queue_name, "state", message, tenant, available_at)
    SELECT gen_random_uuid(), 'default', 'queued',
           '{"actor_name": "x.y", "args": ["con_1"], "kwargs": {}, "options": {}}'::jsonb,
           't_' || lpad(to_hex(n %% %s), 16, '0'), now() - make_interval(secs => %s - n * 0.001)
      FROM generate_series(0, %s - 1) AS n
"""
LATER = """
    UPDATE jobs.queue SET available_at = now() + interval '1 hour' WHERE tenant <> 't_00000000000003e7'
"""
LOOK = """
    EXPLAIN (ANALYZE, BUFFERS, COSTS OFF, TIMING OFF, SUMMARY OFF)
    SELECT message_id FROM jobs.queue
     WHERE queue_name = 'default' AND "state" = 'queued' AND tenant = 't_0000000000000000' AND available_at <= now()
     ORDER BY available_at, position LIMIT 1
"""
Claim = Callable[[int], list[Any]]
WORKER = UUID(int=1)


def first_come(session: psycopg.Connection[Any]) -> Claim:
    """Claim as before, with the index it had."""
    session.execute(INDEX)
    return lambda wanted: session.execute(FIRST_COME, ("default", wanted, WORKER)).fetchall()


def in_turns(session: psycopg.Connection[Any]) -> Claim:
    """Claim as a worker does."""
    session.execute("DROP INDEX IF EXISTS jobs.first_come")
    turn = [""]

    def claim(wanted: int) -> list[Any]:
        rows = session.execute(IN_TURNS, ("default", wanted, WORKER, turn[0], Json({}), 1000)).fetchall()
        turn[0] = rows[-1][0] if rows else ""
        return rows

    return claim


def fill(session: psycopg.Connection[Any], waiting: int, tenants: int) -> None:
    """Empty the queue and put so many due messages of so many tenants into it."""
    session.execute("TRUNCATE jobs.queue")
    session.execute(FILL, (tenants, waiting, waiting))
    session.execute("VACUUM ANALYZE jobs.queue")


def rate(claim: Claim, wanted: int, seconds: float = 2.0) -> float:
    """Messages claimed per second by one consumer."""
    claimed, began = 0, time.perf_counter()
    while (elapsed := time.perf_counter() - began) < seconds:
        claimed += len(claim(wanted))
    return claimed / elapsed


def before_the_other(session: psycopg.Connection[Any], claim: Claim) -> int:
    """Messages of a tenant with 10 000 waiting that are claimed before one of another tenant's, enqueued last."""
    fill(session, 10_000, 1)
    session.execute(
        "INSERT INTO jobs.queue (message_id, queue_name, state, message, tenant) "
        "VALUES (%s, 'default', 'queued', '{\"options\": {}}', 't_ffffffffffffffff')",
        (uuid4(),),
    )
    claim(1)
    passed = 0
    while claim(1)[0][0] != "t_ffffffffffffffff":
        passed += 1
    return passed


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--waiting", type=int, default=100_000)
    options = parser.parse_args()
    with server():
        os.environ["DJANGO_SETTINGS_MODULE"] = "controlplane.config.settings"
        import django

        django.setup()
        from tenants.orgs.provisioning import migrate_platform

        migrate_platform()
        with psycopg.connect(os.environ["OWNER_DATABASE_URL"], autocommit=True) as session:
            session.execute("SET synchronous_commit = off")  # else the disk is measured, not the claim
            print(f"{'claims per second, one consumer':44s} {'first come':>12s} {'in turns':>12s}")
            for tenants in (1, 2, 1000):
                for wanted in (1, 5):
                    rates = []
                    for make in (first_come, in_turns):
                        fill(session, options.waiting, tenants)
                        rates.append(rate(make(session), wanted))
                    what = f"{options.waiting} waiting, {tenants} tenants, {wanted} at a time"
                    print(f"{what:44s} {rates[0]:12.0f} {rates[1]:12.0f}", flush=True)
            rates = []
            for make in (first_come, in_turns):
                fill(session, options.waiting, 1000)
                session.execute(LATER)
                session.execute("VACUUM ANALYZE jobs.queue")
                rates.append(rate(make(session), 5))
            print(f"{'  of 1000 tenants one has something due, 5':44s} {rates[0]:12.0f} {rates[1]:12.0f}")
            passed = [before_the_other(session, make(session)) for make in (first_come, in_turns)]
            print(f"{'messages of a flood before another tenant':44s} {passed[0]:12d} {passed[1]:12d}")
            fill(session, options.waiting, 1000)
            print("\nWhat one turn looks at:")
            print("\n".join(row[0] for row in session.execute(LOOK).fetchall()))


if __name__ == "__main__":
    main()
