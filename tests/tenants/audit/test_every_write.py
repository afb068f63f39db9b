"""Every address that writes leaves exactly one entry, in the transaction of its change: both or neither."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.db import connection, connections, transaction

from tenants.audit.models import Entry
from tenants.isolation.context import TenantRef, tenant_context
from tenants.orgs.types import OrgInfo
from tenants.scim import services as scim
from tenants.sso.models import Provider
from tests import clients
from tests.clients import TenantClient
from tests.database import TestDatabases
from tests.isolation.routes import PARAMETER, Route, foreign_ids, routes
from tests.tenants.audit.writes import ELSEWHERE, NOW, UNRECORDED, WRITES, Write
from tests.tenants.sso.browser import CLIENT_ID, Idp
from tests.tenants.sso.conftest import _double, idp

__all__ = ["_double", "idp"]  # a provider people sign in with
REPOSITORY = Path(__file__).resolve().parents[3]
#: Rows that say something about a request rather than about the workspace; written beside the change.
BESIDE = {
    "accounts_sessionrow": "when a browser was seen last",
    "accounts_tries": "limits",
    "accounts_cacheentry": "what a library keeps for a short time",
    "accounts_signin": "the sign-in log",
    "scim_event": "the log of provisioning",
    "scim_token": "when a token was used last",
    "tokens_apitoken": "when a token was used last",
    "blocking_preview": "simulations",
}


def name_of(route: Route, method: str) -> str:
    """`POST connections/{pk}/check`."""
    plain = PARAMETER.sub(lambda found: "{" + (found[1] or found[2]) + "}", route.pattern)
    return f"{method.upper()} {plain.replace('^', '').replace('$', '').removeprefix('api/v1/')}"


def writing() -> dict[str, Route]:
    """Every address and method of the URL map that may write."""
    return {
        name_of(route, method): route
        for route in routes()
        for method in route.methods
        if method not in ("get", "head")
    }


def test_every_address_that_writes_is_driven_or_has_a_reason() -> None:
    known = {*WRITES, *UNRECORDED, *ELSEWHERE}
    found = writing()
    assert sorted(set(found) - known) == [], (
        "add a valid request to tests/tenants/audit/writes.py, or a reason"
    )
    assert sorted(known - set(found)) == []
    assert len(WRITES) > 60
    for file, action in ELSEWHERE.values():
        assert action in (REPOSITORY / file).read_text()


class Sender:
    """Sends each write as who may, with ids of everything."""

    def __init__(self, org: OrgInfo) -> None:
        self.org = org
        with tenant_context(org.schema_name):
            self.ids = foreign_ids()

    def client(self, sender: str) -> TenantClient:
        if sender == "scim":
            with tenant_context(self.org.schema_name):
                secret = scim.create_token("Test", NOW() + NOW().resolution * 10**10, None).secret
            client = TenantClient(self.org.slug)
            client.credentials(HTTP_AUTHORIZATION=f"Bearer {secret}")
            return client
        return clients.member(self.org, sender)

    def prepared(self, name: str, write: Write) -> tuple[TenantClient, str, Any]:
        """Everything up to the request: client, address, body."""
        with tenant_context(TenantRef(self.org.schema_name, self.org.slug, self.org.name)):
            ids = self.ids | dict(write.prepare())
        client = self.client(write.sender)
        return client, writing()[name].address(ids), write.content(ids)

    @staticmethod
    def send(client: TenantClient, name: str, write: Write, address: str, body: Any) -> Any:
        kind = "application/scim+json" if write.sender == "scim" else None
        form = {"format": "multipart"} if write.files else {"content_type": kind} if kind else {}
        if kind and body is not None:
            body = json.dumps(body)
        return getattr(client, name.split()[0].lower())(address, body, **form)


@contextmanager
def undone() -> Iterator[None]:
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


def count() -> int:
    return Entry.objects.count()


@pytest.mark.asvs("16.2.1", "16.3.3")
@pytest.mark.timeout(300)
def test_every_write_leaves_exactly_one_entry(committed_db: TestDatabases, acme: OrgInfo) -> None:
    sender, wrong = Sender(acme), []
    for name, write in WRITES.items():
        with undone():
            client, address, body = sender.prepared(name, write)
            with tenant_context(acme.schema_name):
                before = count()
            answer = sender.send(client, name, write, address, body)
            with tenant_context(acme.schema_name):
                made = count() - before
                actor = Entry.objects.order_by("-sequence")[0].actor_kind
        if not 200 <= answer.status_code < 300:
            wrong.append(f"{name} answered {answer.status_code}: {answer.content[:300]!r}")
        elif made != 1:
            wrong.append(f"{name} left {made} entries")
        elif actor not in ("user", "scim"):
            wrong.append(f"{name} was recorded as done by a {actor}")
    assert wrong == [], "\n".join(wrong)


def test_keys_of_a_provider_that_were_read_again_are_on_record_when_they_differ(
    acme: OrgInfo, idp: Idp
) -> None:
    client = clients.member(acme, "owner")
    body = {"protocol": "oidc", "name": "x", "settings": {"issuer": idp.issuer, "client_id": CLIENT_ID}}
    provider = client.post("/api/v1/sso/providers", body).json()["id"]
    with tenant_context(acme.schema_name):
        Provider.objects.update(discovered={"metadata": {"issuer": idp.issuer}, "keys": []})
        before = count()
    for made in (1, 1):  # the second time nothing differs
        assert client.post(f"/api/v1/sso/providers/{provider}/refresh").status_code == 200
        with tenant_context(acme.schema_name):
            assert count() == before + made
            assert Entry.objects.order_by("-sequence")[0].action == "sso.provider.refresh"


def state(org: OrgInfo) -> dict[str, str]:
    """A sum of every row of the tenant, its queue and itself, but those written beside."""
    sums = {}
    with connections["owner"].cursor() as cursor:
        cursor.execute("SELECT tablename FROM pg_tables WHERE schemaname = %s", [org.schema_name])
        tables = [f'"{org.schema_name}"."{row[0]}"' for row in cursor.fetchall() if row[0] not in BESIDE]
        for table in tables:
            cursor.execute(
                f"SELECT md5(coalesce(string_agg(t::text, '' ORDER BY t::text), '')) FROM {table} AS t"
            )
            sums[table] = cursor.fetchone()[0]
        cursor.execute("SELECT count(*) FROM jobs.queue WHERE tenant = %s", [org.schema_name])
        sums["queue"] = str(cursor.fetchone()[0])
        cursor.execute(
            "SELECT o::text FROM public.orgs_tenant AS o WHERE schema_name = %s", [org.schema_name]
        )
        sums["tenant"] = hashlib.sha256(str(cursor.fetchone()[0]).encode()).hexdigest()
    return sums


REFUSE = """
    CREATE FUNCTION {schema}.refuse() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN RAISE EXCEPTION 'the entry cannot be committed'; END $$;
    CREATE CONSTRAINT TRIGGER refuse AFTER INSERT ON {schema}.audit_entry
        DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION {schema}.refuse();
    GRANT EXECUTE ON FUNCTION {schema}.refuse() TO {schema};
"""


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.asvs("2.3.3", "16.5.3")
def test_a_write_whose_entry_cannot_be_committed_changes_nothing(
    committed_db: TestDatabases, acme: OrgInfo, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(settings, "DEBUG_PROPAGATE_EXCEPTIONS", False)
    sender, wrong = Sender(acme), []
    for name, write in WRITES.items():
        client, address, body = sender.prepared(name, write)
        client.raise_request_exception = False
        with connections["owner"].cursor() as cursor:
            cursor.execute(REFUSE.format(schema=acme.schema_name))
        before = state(acme)
        answer = sender.send(client, name, write, address, body)
        connection.close()
        after = state(acme)
        changed = sorted(table for table in before if before[table] != after[table])
        if changed or answer.status_code < 500:
            wrong.append(f"{name}: {answer.status_code}, changed {changed}")
        committed_db.copy()
        sender = Sender(acme)
    assert wrong == [], "\n".join(wrong)
