"""Every declared job with arguments of one tenant: ids of things on which it has something to do."""

from __future__ import annotations

import inspect
import os
from collections.abc import Callable
from datetime import timedelta
from functools import partial
from itertools import count
from time import time
from typing import Any

from django.utils import timezone

from connectors.base.calls import CallBatch, RawBatch, calls_table
from controlplane.alerts.models import Delivery, Destination
from controlplane.blocking.models import Block, BlockTarget
from controlplane.connections import services as connections
from controlplane.connections.models import Change, SyncRun
from controlplane.findings.models import Finding
from controlplane.findings.types import Status
from controlplane.imports.models import Import
from controlplane.traffic import pushes
from controlplane.traffic.models import Push, Segment, Unread
from controlplane.traffic.services import accept
from controlplane.traffic.types import MAX_ATTEMPTS
from tenants.accounts.models import CacheEntry, SessionRow, SignIn
from tenants.accounts.services import links
from tenants.accounts.types import Notice, Purpose
from tenants.archives import services as archives
from tenants.archives.models import Archive
from tenants.isolation.storage import tenant_folder
from tenants.jobs.execution import perform
from tenants.jobs.services import declared_jobs, discover, keeping
from tenants.members.queries import members
from tenants.orgs.types import OrgInfo
from tenants.scim.models import Event
from tenants.sso.models import GroupClaim, Policy, Provider
from tenants.sso.services import SCIM
from tenants.vault.models import DataKey
from tests.factories.posture import connected, route, snapshot
from tests.isolation.routes import foreign_ids

Arguments = list[str | int]
LONG_AGO = timedelta(days=400)
ACCESS_LOG = (
    b'203.0.113.9 - - [27/Nov/2026:10:00:00 +0000] "GET /CANARY-imported HTTP/1.1" 200 5 "-" "CANARY"\n'
)
AWS = {
    "account_id": "1" * 12, "regions": ["eu-west-1"], "role_arn": f"arn:aws:iam::{'1' * 12}:role/CANARY",
    "endpoint_url": "https://127.0.0.1:1",
}  # fmt: skip


def parameters() -> dict[str, list[str]]:
    """Every job of the product with the names of its parameters."""
    return {
        name: list(inspect.signature(declared.function).parameters)
        for name, declared in declared_jobs().items()
        if not declared.function.__module__.startswith("tests.")
    }


def kept() -> dict[str, Callable[[], None]]:
    """What the scheduler itself calls in every tenant, by name."""
    discover()
    acts = [act for act, _ in keeping() if not act.__module__.startswith("tests.")]
    return {f"{act.__module__.split('.')[-2]}.{act.__name__}": act for act in acts}


def arguments(values: dict[str, str | int]) -> dict[str, Arguments]:
    """Every job with its arguments; one with a parameter `values` does not know is left out."""
    found = {}
    for job, names in parameters().items():
        chosen = [values.get(f"{job} {name}", values.get(name)) for name in names]
        if None not in chosen:
            found[job] = [value for value in chosen if value is not None]
    return found


def run(job: str, args: Arguments, org: OrgInfo) -> None:
    """Run a job in a tenant as a worker does."""
    perform(job, args, org.schema_name)


def things() -> dict[str, str | int]:
    """Make one of everything in the entered tenant, with something to do for each job; values by parameter.

    A key `app.job parameter` is for that job alone.
    """
    ids = foreign_ids()
    account = connections.create("aws", "CANARY logs", AWS).id
    organization = connections.create("aws", "CANARY organisation", AWS | {"organization": True}).id
    _old_rows()
    _calls()
    held, files = _connections(ids["connection"])
    _pushes(held)
    return {
        "connection_id": held,
        "posture.run_checks connection_id": files,
        "inventory.apply_snapshot connection_id": files,
        "findings.forget_connection connection_id": "con_CANARY",
        "connections.pull_one connection_id": account,
        "connections.pull_changes_of connection_id": account,
        "connections.roll_out_one connection_id": organization,
        "ref": "CANARY-acl",
        "run_id": SyncRun.objects.create(connection_id=held).id,
        "archive_id": _archives(),
        "invitation_id": ids["invitation"],
        "link_id": links.ask(Purpose.RESET, "canary@canary.test"),
        "user_id": next(member.user for member in members() if member.id == ids["member"]),
        "notice": Notice.PASSWORD_CHANGED.value,
        "detail": "",
        "finding_id": _finding(ids["finding"]),
        "threat_id": ids["threat"],
        "block_id": _block(held),
        "delivery_id": _delivery(ids["alert-destination"]),
        "attempt": 0,
        "import_id": _import(),
        "token_id": ids["sso-scim-token"],
        "token_name": "a name",
    }


def _old_rows() -> None:
    """Let the time of everything that runs out be over."""
    past = timezone.now() - LONG_AGO
    Event.objects.update(at=past)
    DataKey.objects.update(created_at=past)
    SessionRow.objects.update(expires_at=past)
    SignIn.objects.update(at=past)
    Change.objects.update(at=past)
    CacheEntry.objects.create(key="CANARY", value="CANARY", expires_at=past)
    Provider.objects.update(discovered_at=past, settings={"issuer": "https://127.0.0.1:1", "client_id": "x"})
    analyst = next(member for member in members() if member.role == "analyst")
    GroupClaim.objects.create(user_id=analyst.user, source=SCIM, names=["CANARY"])
    Policy.objects.update_or_create(id=1, defaults={"rules": [{"group": "CANARY", "role": "viewer"}]})


def _calls() -> None:
    """Calls of today that nobody has looked at yet, such that were looked at in many small segments, and old ones."""
    now = time()
    numbers = count()
    moments = [("con_small", now - 7200 - step) for step in range(9)]
    moments += [("con_canary", now - 60), ("con_canary", now - LONG_AGO.total_seconds())]
    for connection, at in moments:
        rows = [
            {
                "call_id": f"CANARY-{next(numbers)}", "ts": int(at * 1e6) + step, "host": "canary.example.com",
                "method": "POST", "path": "/CANARY/again", "status": 401, "client_ip": "203.0.113.251",
                "user_agent": "CANARY",
            }
            for step in range(10)
        ]  # fmt: skip
        accept(connection, CallBatch("test.log", calls_table(rows)), at + 1)
    small = Segment.objects.filter(connection="con_small").values("id")
    Unread.objects.filter(segment_id__in=small).delete()
    for path in tenant_folder("calls").rglob(
        "*.parquet"
    ):  # old enough to be swept by whoever does not know them
        os.utime(path, (now - 86_400, now - 86_400))


def _connections(gateway: str) -> tuple[str, str]:
    """A gateway that nobody answers, and one read from a file with something to find."""
    connections.mark_connected(gateway, "CANARY")
    read = connected("CANARY file", snapshot(routes=route(ref="CANARY", auth=())), timezone.now())
    return gateway, read


def _pushes(gateway: str) -> None:
    """One that waits to be read, and one that was set aside."""
    batch = RawBatch("file.clf", (ACCESS_LOG,))
    pushes.keep(gateway, batch, time())
    aside = pushes.keep("con_CANARY", batch, time())
    Push.objects.filter(id=aside).update(attempts=MAX_ATTEMPTS)


def _archives() -> str:
    """One whose time is over, one asked for."""
    over = timezone.now() - LONG_AGO
    old = Archive.objects.create(state=Archive.State.READY, expires_at=over, taken_at=over)
    (tenant_folder("archives") / f"{old.id}.zip").write_bytes(b"CANARY")
    return archives.ask()


def _finding(finding: str) -> str:
    """Open, beside one whose accepted risk has run out."""
    row = Finding.objects.get(id=finding)
    row.status = Status.OPEN.value
    row.save()
    row.pk, row.fingerprint = "fnd_00000000000000000000canary", "CANARY"
    row.status, row.accepted_until = Status.RISK_ACCEPTED.value, timezone.now() - LONG_AGO
    row.save(force_insert=True)
    return finding


def _block(gateway: str) -> str:
    """One that stands, on a gateway that nobody answers, beside one whose time is over."""
    now = timezone.now()
    make: Callable[..., Any] = partial(
        Block.objects.create, match={"networks": ["198.18.4.9/32"]}, action="block", stage="count",
        reason_kind="manual", reason_text="CANARY", author="CANARY", preview={}, created_at=now - LONG_AGO,
    )  # fmt: skip
    for name, ends in (("CANARY-acl", now + LONG_AGO), ("CANARY-over", now - timedelta(hours=1))):
        block = make(status="counting", expires_at=ends)
        BlockTarget.objects.create(block=block, connection=gateway, ref=name, name="CANARY", kind="web_acl")
        if ends > now:
            standing: str = block.id
    return standing


def _delivery(destination: str) -> str:
    """One to a place that is not public, of a destination that asks for everything."""
    events = ["finding.opened", "threat.raised", "block.changed"]
    row = Destination.objects.filter(id=destination)
    row.update(events=events, min_severity="info", settings={"url": "https://127.0.0.1:1/CANARY"})
    made = Delivery.objects.create(
        destination_id=destination, event="test", subject_id="CANARY", version="2", severity="info",
        subject="CANARY", text="CANARY",
    )  # fmt: skip
    return made.id


def _import() -> str:
    """A file that waits to be read."""
    made = Import.objects.create(
        filename="CANARY.log", size=len(ACCESS_LOG), format="file.clf", host="canary.example.com"
    )
    (tenant_folder("imports") / made.id).write_bytes(ACCESS_LOG)
    return made.id
