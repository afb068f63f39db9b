"""The test database: one server for all test runs, a migrated template, one copy per process.

The server (fast, not crash-safe) lives in `.data/postgres-test` and stops with its last user. A template
with three tenants is built once per state of the migrations; each process copies it (about 0.2 s).
"""

import fcntl
import hashlib
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg
from django.conf import settings
from django.db import connections
from psycopg import sql

from tenants.isolation.context import tenant_context
from tenants.isolation.postgres.cluster import Address, Cluster
from tenants.isolation.roles import APP_ROLE, OWNER_ROLE, bootstrap
from tenants.members.permissions import Role
from tenants.members.services import add_member
from tenants.orgs.provisioning import migrate_platform
from tenants.orgs.services import create_tenant, suspend_tenant

REPOSITORY = Path(__file__).resolve().parents[1]
ROOT = REPOSITORY / ".data" / "postgres-test"
PASSWORD = "correct horse battery staple"
TENANTS = {"acme": "Acme", "globex": "Globex", "initech": "Initech"}
KEPT_TEMPLATES = 3


@contextmanager
def test_server() -> Iterator[Address]:
    """Start the shared server, or join it; stop it when nobody else uses it."""
    ROOT.mkdir(parents=True, exist_ok=True)
    with (ROOT / "users").open("w") as users:
        fcntl.flock(users, fcntl.LOCK_SH)
        cluster = Cluster(ROOT, fast=True)
        yield cluster.start()
        try:
            fcntl.flock(users, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return
        cluster.stop()


def template_name() -> str:
    """Return the template's name: a hash of every migration and of what builds the template."""
    files = [
        *REPOSITORY.glob("tenants/*/migrations/*.py"),
        *REPOSITORY.glob("controlplane/*/migrations/*.py"),
    ]
    files += [REPOSITORY / "tenants/isolation/roles.py", REPOSITORY / "tenants/queue/sql.py", Path(__file__)]
    digest = hashlib.sha256()
    for file in sorted(files):
        digest.update(str(file).encode() + file.read_bytes())
    return f"template_{digest.hexdigest()[:16]}"


class TestDatabases:
    """The databases of one process on the test server."""

    __test__ = False

    def __init__(self, address: Address) -> None:
        self.address = address
        self.template = template_name()
        self.name = f"test_{os.getpid()}_{secrets.token_hex(3)}"

    def prepare(self) -> None:
        """Build the template when it is missing, sweep what dead runs left, copy the template."""
        with (ROOT / "template.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            self._sweep()
            if self.template not in self._databases():
                self._build()
            self.copy()

    def copy(self) -> None:
        """Make this process's database afresh from the template and point Django at it."""
        connections.close_all()
        self._drop(self.name)
        self._admin(
            sql.SQL("CREATE DATABASE {} TEMPLATE {} OWNER {} STRATEGY FILE_COPY"),
            self.name,
            self.template,
            OWNER_ROLE,
        )
        self._point(self.name)

    def remove(self) -> None:
        """Drop this process's database."""
        connections.close_all()
        self._drop(self.name)

    def terminate(self, pid: int) -> None:
        """Let the server end one session, as an administrator or a restart would."""
        with psycopg.connect(**self.address.dsn("postgres", "postgres")) as connection:  # type: ignore[arg-type]
            connection.execute("SELECT pg_terminate_backend(%s, 2000)", (pid,))

    def environment(self, data: Path) -> dict[str, str]:
        """Return what a process of the product needs to work on this database, with its files in `data`."""
        url = "postgresql://{}:{}@127.0.0.1:{}/{}"
        secret, port = self.address.passwords, self.address.port
        return os.environ | {
            "DATABASE_URL": url.format(APP_ROLE, secret[APP_ROLE], port, self.name),
            "OWNER_DATABASE_URL": url.format(OWNER_ROLE, secret[OWNER_ROLE], port, self.name),
            "DJANGO_SETTINGS_MODULE": "controlplane.config.settings",
            "PORTCULLIS_DATA": str(data),
        }

    def _build(self) -> None:
        scratch = f"{self.template}_new"
        self._drop(scratch)
        with psycopg.connect(**self.address.dsn("postgres", "postgres"), autocommit=True) as connection:  # type: ignore[arg-type]
            bootstrap(connection, self.address.passwords, scratch)
        self._point(scratch)
        migrate_platform()
        for slug, name in TENANTS.items():
            org = create_tenant(name, slug, f"owner@{slug}.test", PASSWORD)
            with tenant_context(org.schema_name):
                for role in Role:
                    if role is not Role.OWNER:
                        add_member(f"{role.value}@{slug}.test", role, password=PASSWORD)
            if slug == "initech":
                suspend_tenant(org.id, "Suspended for the tests.")
        connections.close_all()
        self._admin(sql.SQL("ALTER DATABASE {} RENAME TO {}"), scratch, self.template)

    def _point(self, name: str) -> None:
        connections.close_all()
        for alias, role in (("default", APP_ROLE), ("owner", OWNER_ROLE)):
            values = {
                "NAME": name,
                "USER": role,
                "PASSWORD": self.address.passwords[role],
                "HOST": self.address.folder,
                "PORT": str(self.address.port),
            }
            settings.DATABASES[alias].update(values)
            connections[alias].settings_dict.update(values)

    def _sweep(self) -> None:
        """Drop copies of processes that are gone, and all but the newest templates."""
        for name in self._databases():
            parts = name.split("_")
            if parts[0] == "test" and not Path(f"/proc/{parts[1]}").exists():
                self._drop(name)
        templates = [
            name for name in self._databases() if name.startswith("template_") and name != self.template
        ]
        for name in templates[:-KEPT_TEMPLATES]:
            self._drop(name)

    def _databases(self) -> list[str]:
        with psycopg.connect(**self.address.dsn("postgres", "postgres")) as connection:  # type: ignore[arg-type]
            rows = connection.execute("SELECT datname FROM pg_database ORDER BY oid").fetchall()
        return [row[0] for row in rows]

    def _drop(self, name: str) -> None:
        self._admin(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)"), name)

    def _admin(self, statement: sql.SQL, *names: str) -> None:
        with psycopg.connect(**self.address.dsn("postgres", "postgres"), autocommit=True) as connection:  # type: ignore[arg-type]
            connection.execute(statement.format(*(sql.Identifier(name) for name in names)))


def fast_settings(data: Path) -> dict[str, Any]:
    """Return settings of test runs: own data directory, cheap password hashes."""
    return {
        "DATA_DIR": data,
        "SPARE_SCHEMAS": 0,
        "PASSWORD_HASHERS": ["django.contrib.auth.hashers.MD5PasswordHasher"],
    }
