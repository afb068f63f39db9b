"""Pushes, undo and extension at the same time, with real commits and real threads."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from django.db import close_old_connections, connection

from connectors.testkit.running import Fault
from controlplane.blocking import queries, services
from controlplane.blocking.models import Block
from controlplane.blocking.services.locking import one_push
from controlplane.blocking.types import Person
from tenants.isolation.context import tenant_context
from tenants.orgs.types import OrgInfo
from tests.controlplane.blocking.conftest import ATTACKER, Kong
from tests.controlplane.blocking.test_failures import REASON, kinds, make


def elsewhere(org: OrgInfo, work: Callable[[], object]) -> threading.Thread:
    """Run ``work`` in a thread with a database connection of its own."""

    def run() -> None:
        close_old_connections()
        try:
            with tenant_context(org.schema_name):
                work()
        finally:
            connection.close()

    thread = threading.Thread(target=run)
    thread.start()
    return thread


@pytest.mark.asvs("15.4.3")
def test_two_pushes_of_a_target_never_run_at_once(committed_db: object, tenant: OrgInfo, kong: Kong) -> None:
    block = make(kong)
    answers: list[services.Pushed] = []
    with one_push(kong.connection, kong.ref) as lease:
        assert lease.held
        elsewhere(tenant, lambda: answers.append(kong.push())).join()
        with one_push(kong.connection, "another") as other:
            assert other.held
    assert [answer.busy for answer in answers] == [True]
    elsewhere(tenant, lambda: answers.append(kong.push())).join()
    assert answers[-1].busy is False
    assert queries.block(block.id).status == "blocking"


@pytest.mark.asvs("15.4.2")
def test_an_undo_during_a_push_is_not_lost(committed_db: object, tenant: OrgInfo, kong: Kong) -> None:
    before = kong.dump()
    block = make(kong)
    kong.double.order(Fault(200, "GET /", delay_ms=300, times=1, body="<html>no</html>"))
    pushing = elsewhere(tenant, kong.push)
    services.undo(block.id, "responder")
    pushing.join()
    kong.push()
    found = queries.block(block.id)
    assert (found.status, kong.dump()) == ("undone", before)


@pytest.mark.asvs("15.4.3")
def test_a_database_session_that_ends_loses_the_lease(
    committed_db: object, tenant: OrgInfo, kong: Kong
) -> None:
    with one_push(kong.connection, kong.ref) as lease:
        assert not lease.lost()
        connection.close()
        assert lease.lost()
    with one_push(kong.connection, kong.ref) as again:
        assert again.held


def test_an_extension_that_came_first_keeps_the_block(tenant: OrgInfo, kong: Kong) -> None:
    block = make(kong)
    kong.push()
    soon = datetime.now(UTC) + timedelta(seconds=30)
    Block.objects.filter(pk=block.id).update(expires_at=soon)
    services.extend(block.id, 3600, "responder")
    assert services.expire_due(soon + timedelta(seconds=1)) == 0
    kong.push()
    assert ATTACKER in kong.dump()
    assert "extended" in kinds(block)


@pytest.mark.asvs("2.3.4", "15.4.2")
def test_one_preview_gives_one_block_however_often_it_is_sent(
    committed_db: object, tenant: OrgInfo, kong: Kong
) -> None:
    preview = services.preview(kong.draft(), "responder")
    refused: list[str] = []

    def create() -> None:
        try:
            services.create(preview.id, "block", REASON, Person("responder", "usr_1"))
        except Exception as error:
            refused.append(type(error).__name__)

    threads = [elsewhere(tenant, create) for _ in range(3)]
    for thread in threads:
        thread.join()
    assert refused == ["Stale", "Stale"]
    assert Block.objects.count() == 1


def test_what_the_customer_edits_during_pushes_is_kept(tenant: OrgInfo, kong: Kong) -> None:
    listed = {"name": "ip-restriction", "config": {"deny": ["192.0.2.66"]}}
    plugin = kong.admin("POST", "/plugins", listed)
    stop = threading.Event()
    made: list[str] = []

    def edit() -> None:
        while not stop.wait(0.05):
            made.append(kong.admin("POST", "/consumers", {"username": f"editor-{len(made)}"})["id"])

    editor = threading.Thread(target=edit)
    editor.start()
    try:
        blocks = [make(kong, f"198.18.7.{n}") for n in range(1, 4)]
        for block in blocks:
            kong.push()
            services.undo(block.id, "responder")
        kong.push()
    finally:
        stop.set()
        editor.join()
    assert {queries.block(block.id).status for block in blocks} == {"undone"}
    found = {entry["id"] for entry in kong.admin("GET", "/consumers?size=1000")["data"]}
    assert set(made) <= found
    assert kong.admin("GET", f"/plugins/{plugin['id']}")["config"]["deny"] == ["192.0.2.66"]
    for identifier in made:
        kong.admin("DELETE", f"/consumers/{identifier}")
    kong.admin("DELETE", f"/plugins/{plugin['id']}")
