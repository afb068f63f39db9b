"""Three served tenants in which every row, file and secret says whose it is, and ways to look at them."""

from __future__ import annotations

import threading
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

from django.conf import settings
from django.db import connection, connections
from werkzeug.test import create_environ, run_wsgi_app

from controlplane.config.wsgi import application
from tenants.isolation.backend.base import DatabaseWrapper
from tenants.isolation.context import no_tenant, tenant_context
from tenants.isolation.storage import tenant_folder
from tenants.jobs.models import JobFailure
from tenants.jobs.services import record_failure
from tenants.orgs.queries import by_slug, forget
from tenants.orgs.services import resume_tenant
from tenants.orgs.types import OrgInfo
from tenants.vault.services import seal, unseal
from tests import clients

SLUGS = ("acme", "globex", "initech")
PLACE = {"table": "api_idempotentrequest", "field": "answer", "row": "1"}  # any declared place


@dataclass
class Home:
    """One tenant: who it is, how to get in, and what is its own."""

    org: OrgInfo
    cookie: str = ""
    token: str = ""
    failure: str = ""
    sealed: str = ""

    @property
    def slug(self) -> str:
        """The mark of everything here."""
        return self.org.slug

    @property
    def schema(self) -> str:
        """Name of schema and role."""
        return self.org.schema_name


@dataclass
class Tally:
    """What happened so far; shared by threads."""

    steps: int = 0
    rows: int = 0
    refused: int = 0
    faults: dict[str, int] = field(default_factory=dict)
    foreign: list[str] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def step(self) -> None:
        """Count one step."""
        with self.lock:
            self.steps += 1

    def fault(self, kind: str) -> None:
        """Count one fault."""
        with self.lock:
            self.faults[kind] = self.faults.get(kind, 0) + 1

    def judge(self, home: Home, marks: Iterable[str], where: str) -> None:
        """Count rows, and note each whose mark is not the tenant's."""
        marks = list(marks)
        wrong = [mark for mark in marks if mark != home.slug]
        with self.lock:
            self.rows += len(marks)
            self.foreign += [f"{where}: {home.slug} saw {mark}" for mark in wrong]

    def line(self) -> str:
        """What is printed at the end."""
        faults = ", ".join(f"{kind} {count}" for kind, count in sorted(self.faults.items()))
        total = sum(self.faults.values())
        return (
            f"steps {self.steps}, rows checked {self.rows}, faults {total} ({faults}), "
            f"refused {self.refused}, foreign rows {len(self.foreign)}"
        )


def homes() -> list[Home]:
    """Make the marks in three tenants; needs committed data."""
    found = []
    for slug in SLUGS:
        org = by_slug(slug)
        if org.status != "active":
            resume_tenant(org.id, "for the walk")
            forget()
            org = by_slug(slug)
        home = Home(org)
        home.cookie = clients.member(org, "owner").cookies[settings.SESSION_COOKIE_NAME].value
        home.token = clients.bearer(org, ["members.read", "tokens.read", "blocks.push", "blocks.approve"])
        with tenant_context(home.schema):
            home.failure = fail_in(home)
            home.sealed = seal(slug, **PLACE)
            (tenant_folder("walk") / "mark").write_text(slug)
        found.append(home)
    return found


def fail_in(home: Home) -> str:
    """Write a marked row into the entered tenant; return its id."""
    message: dict[str, Any] = {
        "message_id": str(uuid4()),
        "actor_name": "walk",
        "queue_name": "default",
        "args": [],
    }
    record_failure(message, home.slug)
    return JobFailure.objects.values_list("id", flat=True).get(message_id=message["message_id"])


def backend() -> DatabaseWrapper:
    """Our backend's connection of this thread."""
    held: DatabaseWrapper = connections["default"]  # type: ignore[assignment]
    return held


def user_marks() -> list[str]:
    """Marks of all users the session sees, by SQL."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT email FROM accounts_user")
        return [mark_of(row[0]) for row in cursor.fetchall()]


def failure_marks() -> list[str]:
    """Marks of the failed jobs written last that the session sees, by the ORM."""
    return list(JobFailure.objects.order_by("-id").values_list("reason", flat=True)[:20])


def stored_marks(home: Home) -> list[str]:
    """Marks of the entered tenant's file and secret."""
    return [(tenant_folder("walk") / "mark").read_text(), unseal(home.sealed, **PLACE)]


def mark_of(email: str) -> str:
    """Whose address this is."""
    return email.partition("@")[2].partition(".")[0]


def send(
    host: str, method: str, path: str, headers: dict[str, str] | None = None, body: bytes = b""
) -> tuple[int, bytes]:
    """Send one request through the WSGI application, as the web server does, from outside any tenant."""
    environ = create_environ(
        path, f"http://{host}/", method=method, headers=headers, data=body, content_type="application/json"
    )
    with no_tenant():
        chunks, status, _ = run_wsgi_app(application, environ, buffered=True)
        return int(status.partition(" ")[0]), b"".join(chunks)
