"""Tenants by the thousand: creating one, one new column over all, switching between them; beside django-tenants as it comes.

``python -m benchmarks.tenants [--tenants 1000] [--stock 20]`` starts a PostgreSQL of its own in a temporary folder
(crash-safe settings), measures the product, and in the same run the same apps on stock django-tenants
(``migrate_schemas``, ``clone_schema``) over the first ``--stock`` tenants. The folder is removed afterwards.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median, quantiles

from tenants.isolation.postgres.cluster import Address, Cluster
from tenants.isolation.roles import APP_ROLE, DATABASE, OWNER_ROLE

PASSWORD = "correct horse battery staple"
STOCK = "stock"


def url(address: Address, role: str, database: str) -> str:
    """Return a PostgreSQL URL over TCP."""
    return f"postgresql://{role}:{address.passwords[role]}@127.0.0.1:{address.port}/{database}"


def line(what: str, seconds: list[float], note: str = "") -> None:
    """Print median, 95th percentile and count of a measurement in milliseconds."""
    high = quantiles(seconds, n=20)[-1] if len(seconds) > 1 else seconds[0]
    print(
        f"{what:58s} {median(seconds) * 1000:9.1f} {high * 1000:9.1f} {len(seconds):6d}  {note}", flush=True
    )


def timed(act: Callable[[], object]) -> float:
    """Return how many seconds the call took."""
    began = time.perf_counter()
    act()
    return time.perf_counter() - began


@contextmanager
def server() -> Iterator[Address]:
    """A server of this run; the environment points the product at it."""
    with tempfile.TemporaryDirectory() as folder:
        cluster = Cluster(Path(folder) / "postgres")
        address = cluster.start()
        os.environ["DATABASE_URL"] = url(address, APP_ROLE, DATABASE)
        os.environ["OWNER_DATABASE_URL"] = url(address, OWNER_ROLE, DATABASE)
        os.environ["STOCK_DATABASE_URL"] = url(address, OWNER_ROLE, STOCK)
        os.environ["PORTCULLIS_DATA"] = folder
        os.environ["PORTCULLIS_LOG_LEVEL"] = "ERROR"
        try:
            yield address
        finally:
            cluster.stop()


def run(settings: str, *arguments: str, **environment: str) -> float:
    """Run a management command in a process of its own; return its seconds, start of Python included."""
    command = [sys.executable, "-m", "django", *arguments, "--settings", settings]
    began = time.perf_counter()
    done = subprocess.run(command, env=os.environ | environment, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"{arguments} failed:\n{done.stdout[-2000:]}{done.stderr[-2000:]}")
    return time.perf_counter() - began


def create(number: int) -> None:
    """Create one tenant with an owner who has no password yet."""
    from tenants.orgs.services import create_tenant

    create_tenant(f"Tenant {number}", f"tenant{number}", f"owner@tenant{number}.example", None)


def measure_creation(total: int, stock: int) -> None:
    """Create all tenants; after the first ``stock`` copy the database for the comparison."""
    from tenants.accounts.services import create_user
    from tenants.isolation.context import tenant_context
    from tenants.orgs.provisioning import fill_spares, migrate_platform
    from tenants.orgs.queries import by_slug
    from tenants.orgs.services import create_tenant

    line("platform and template migrated from nothing", [timed(migrate_platform)])
    first = [timed(lambda n=number: create(n)) for number in range(stock)]  # type: ignore[misc]
    line(f"create a tenant ({stock} tenants, from the snapshot)", first)
    copy_database()
    rest = [timed(lambda n=number: create(n)) for number in range(stock, total)]  # type: ignore[misc]
    line(f"create a tenant (up to {total} tenants, from the snapshot)", rest)
    spares = 20
    line("  make one spare schema (scheduler, ahead of time)", [timed(lambda: fill_spares(spares)) / spares])
    taken = [timed(lambda n=number: create(n)) for number in range(total, total + spares)]  # type: ignore[misc]
    line("create a tenant (takes a spare schema)", taken)
    fill_spares(3)
    with_password = [
        timed(lambda n=n: create_tenant("P", f"password{n}", "p@example.test", PASSWORD))  # type: ignore[misc]
        for n in range(3)
    ]
    line("create a tenant with a password (spare schema)", with_password)
    with tenant_context(by_slug("tenant0").schema_name):
        hashed = [timed(lambda n=n: create_user(f"{n}@x.test", password=PASSWORD)) for n in range(3)]  # type: ignore[misc]
    line("  of that: one user with a hashed password (Argon2id)", hashed)


def copy_database() -> None:
    """Copy the database for stock django-tenants."""
    import psycopg
    from django.db import connections

    connections.close_all()
    owner = os.environ["OWNER_DATABASE_URL"]
    with psycopg.connect(owner.rsplit("/", 1)[0] + "/postgres", autocommit=True) as session:
        session.execute(f"CREATE DATABASE {STOCK} TEMPLATE {DATABASE}")


def measure_switching(total: int) -> None:
    """Time one query per tenant, a different tenant each time."""
    from django.db import connection

    from tenants.isolation.context import tenant_context
    from tenants.orgs.queries import all_tenants

    def query(schema: str) -> None:
        with tenant_context(schema), connection.cursor() as cursor:
            cursor.execute("SELECT 1 FROM accounts_user LIMIT 1")

    schemas = [org.schema_name for org in all_tenants()][:total]
    line("first query in another tenant (one connection)", [timed(lambda s=s: query(s)) for s in schemas])  # type: ignore[misc]
    again = schemas[:50] * 4
    line("  the same among 50 tenants, caches warm", [timed(lambda s=s: query(s)) for s in again])  # type: ignore[misc]


def measure_roll_out(total: int, stock: int) -> None:
    """Migrate one new column over all tenants, by us and by stock django-tenants."""
    ours = run("benchmarks.next_settings", "migrate_all")
    print(
        f"{'one new column, migrate_all':58s} {ours:9.1f} s for {total} tenants: {ours / total * 1000:.1f} ms each"
    )
    again = run("benchmarks.next_settings", "migrate_all")
    print(f"{'  again, nothing to do':58s} {again:9.1f} s")
    idle = run("benchmarks.stock_settings", "migrate_schemas", "--tenant")
    for executor in ("standard", "multiprocessing"):
        if executor == "multiprocessing":
            run(
                "benchmarks.stock_settings",
                "migrate_schemas",
                "members",
                previous(),
                "--tenant",
                STOCK_NEXT="1",
            )
        theirs = run(
            "benchmarks.stock_settings", "migrate_schemas", "--tenant", "--executor", executor, STOCK_NEXT="1"
        )
        each = f"{theirs:9.1f} s for {stock} tenants: {theirs / stock * 1000:.0f} ms each"
        print(f"{f'one new column, stock migrate_schemas ({executor})':58s} {each}", flush=True)
    print(f"{'  again, nothing to do':58s} {idle:9.1f} s for {stock} tenants")


def measure_stock_creation() -> None:
    """Time stock django-tenants making a schema, by migrating and by cloning."""
    environment = os.environ | {"DJANGO_SETTINGS_MODULE": "benchmarks.stock_settings"}
    command = [sys.executable, "-m", "benchmarks.stock_creation"]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(done.stderr[-2000:])
    migrated, cloned = ([float(part) for part in row.split()] for row in done.stdout.splitlines()[-2:])
    line("create a schema, stock django-tenants (migrates)", migrated)
    line("create a schema, stock django-tenants (clone_schema)", cloned)


def previous() -> str:
    """Return the name of the members app's newest migration of today."""
    from importlib import import_module

    return str(import_module("benchmarks.next_release.9000_one_more_column").LAST)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tenants", type=int, default=1000)
    parser.add_argument("--stock", type=int, default=20)
    options = parser.parse_args()
    with server():
        os.environ["DJANGO_SETTINGS_MODULE"] = "controlplane.config.settings"
        import django
        from django.db import connections

        django.setup()
        print(f"{'':58s} {'median ms':>9s} {'p95 ms':>9s} {'count':>6s}")
        measure_creation(options.tenants, options.stock)
        measure_switching(options.tenants)
        connections.close_all()
        measure_stock_creation()
        measure_roll_out(options.tenants, options.stock)


if __name__ == "__main__":
    main()
