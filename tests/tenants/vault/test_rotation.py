"""Rotation: root key and data keys are replaced while everything runs, and nothing of the old ones stays."""

from __future__ import annotations

import base64
import io
import secrets
import threading
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from django.apps import apps
from django.conf import settings
from django.core.management import CommandError, call_command
from django.db import connections, models, transaction
from django.utils import timezone

from controlplane.alerts import services as alerts
from controlplane.api.models import IdempotentRequest
from tenants.audit.queries import entries
from tenants.isolation.context import tenant_context
from tenants.orgs.types import OrgInfo
from tenants.sso.models import Provider
from tenants.sso.services.providers import secret_of
from tenants.vault.fields import places
from tenants.vault.installation import installation_secret
from tenants.vault.jobs import keep_fresh
from tenants.vault.models import DataKey
from tenants.vault.rotation import (
    RETIRED_FOR,
    destroy_retired,
    outdated_keys,
    reseal,
    rotate_data,
    sealed_by_version,
    states,
)
from tenants.vault.services import VaultError, forget_keys, keyed_hash, seal, unseal
from tests.database import TestDatabases
from tests.factories import sso
from tests.tenants.vault.places import LATER

ANSWERS = {"table": "api_idempotentrequest", "field": "answer"}


def keep(row: str, value: str) -> None:
    """Store a sealed value as the product does: seal, then write."""
    sealed = seal(value, row=row, **ANSWERS)
    IdempotentRequest.objects.update_or_create(id=row, defaults={"body_hash": "", "answer": sealed})


def kept(row: str) -> str:
    return unseal(IdempotentRequest.objects.get(id=row).answer, row=row, **ANSWERS)


def secrets_of_every_app() -> Callable[[], list[str]]:
    """Keep one secret in every app; returns what opens them by the apps' own ways."""
    from controlplane.connections import services as connections_

    row, made = alerts.create_destination(
        "webhook", "Hook", {"url": "https://hooks.example.com/x"}, "high", ["finding.opened"]
    )
    hook = next(iter(made.values()))
    kong = connections_.create(
        "kong", "Kong", {"admin_url": "https://kong.example.com", "admin_token": "kong-secret"}
    )
    provider = Provider.objects.get(id=sso.build()["sso-provider"])
    provider.client_secret = seal("sso-secret", table="sso_provider", field="client_secret", row=provider.id)
    provider.save()
    keep("a" * 64, "answer")

    def opened() -> list[str]:
        from controlplane.connections.models import Connection
        from controlplane.connections.services import form

        connection = Connection.objects.get(id=kong.id)
        row.refresh_from_db()
        provider.refresh_from_db()
        return [
            alerts._opened(row)["secret"],
            form.secret_values(connection)["admin_token"],
            secret_of(provider),
            kept("a" * 64),
        ]

    assert opened() == [hook, "kong-secret", "sso-secret", "answer"]
    return opened


def test_every_app_s_secrets_are_sealed_again_and_the_old_key_is_destroyed(tenant: OrgInfo) -> None:
    opened = secrets_of_every_app()
    before = opened()
    assert set(sealed_by_version()) == {1}
    rotate_data()
    assert opened() == before
    result = reseal()
    assert result.unreadable == 0
    assert set(sealed_by_version()) == {2}
    assert result.done == sum(sealed_by_version().values())
    assert destroy_retired(LATER) == [1]
    forget_keys()
    assert opened() == before
    assert [key.version for key in states()] == [2]


def test_no_column_holds_a_sealed_value_that_rotation_does_not_find(tenant: OrgInfo) -> None:
    secrets_of_every_app()
    found = set()
    for model in apps.get_models():
        if model._meta.app_label in ("orgs", "queue"):
            continue
        for field in model._meta.concrete_fields:
            if isinstance(field, (models.TextField, models.CharField, models.JSONField)):
                condition = {f"{field.attname}__icontains": "pv1."}
                if model._default_manager.filter(**condition).exists():
                    found.add((model._meta.db_table, field.column))
    assert found
    assert found <= {(place.table, place.column) for place in places().values()}


def test_a_key_just_replaced_is_kept_for_those_who_still_hold_it(tenant: OrgInfo) -> None:
    keep("a", "x")
    rotate_data()
    reseal()
    assert destroy_retired(timezone.now()) == []
    assert destroy_retired(timezone.now() + RETIRED_FOR) == [1]


def test_a_key_that_still_seals_something_is_never_destroyed(tenant: OrgInfo) -> None:
    keep("a", "x")
    rotate_data()
    assert destroy_retired(LATER) == []
    assert kept("a") == "x"


def test_what_cannot_be_opened_stays_as_it_is_and_keeps_its_key(tenant: OrgInfo) -> None:
    keep("a", "x")
    keep("b", "y")
    broken = IdempotentRequest.objects.get(id="a").answer
    IdempotentRequest.objects.filter(id="b").update(answer=broken)  # moved: opens nowhere
    rotate_data()
    result = reseal()
    assert (result.done, result.unreadable) == (1, 1)
    assert IdempotentRequest.objects.get(id="b").answer == broken
    assert destroy_retired(LATER) == []
    assert kept("a") == "x"


def test_a_run_that_was_ended_goes_on_where_it_stopped(tenant: OrgInfo) -> None:
    for number in range(2500):
        keep(f"{number:04}", str(number))
    rotate_data()

    def die(done: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        reseal(die)
    held = sealed_by_version()
    assert held[2] == 1000
    assert reseal().done == held[1]
    assert [kept(f"{number:04}") for number in range(0, 2500, 499)] == [str(n) for n in range(0, 2500, 499)]


def test_rotation_is_in_the_audit_trail_and_no_key_is(tenant: OrgInfo) -> None:
    keep("a", "x")
    rotate_data("Asked for by the reviewer.")
    reseal()
    destroy_retired(LATER)
    found = [(entry.action, entry.reason) for entry in entries(action="vault.").order_by("sequence")]
    assert found == [
        ("vault.rotate", "Asked for by the reviewer."),
        ("vault.reseal", ""),
        ("vault.destroy", ""),
    ]


@pytest.mark.asvs("13.3.4")
def test_a_data_key_is_replaced_after_a_year_by_itself(tenant: OrgInfo) -> None:
    keep("a", "x")
    keep_fresh()
    assert [key.version for key in states()] == [1]
    DataKey.objects.filter(version=1).update(created_at=timezone.now() - timedelta(days=366))
    keep_fresh()
    assert [(key.version, key.values) for key in states()] == [(1, 0), (2, 1)]
    DataKey.objects.filter(version=2).update(created_at=timezone.now() - timedelta(hours=2))
    keep_fresh()
    assert [key.version for key in states()] == [2]
    assert kept("a") == "x"


@pytest.fixture
def root_files(tmp_path: Path) -> dict[str, str]:
    """Settings of two root keys in files."""
    made = {}
    for name in ("old", "new"):
        path = tmp_path / f"{name}.key"
        path.write_text(base64.b64encode(secrets.token_bytes(32)).decode())
        made[name] = f"file:{path}"
    return made


@pytest.fixture
def root_key(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Callable[[str], None]]:
    """`root_key("file:…,file:…")`: every process of the deployment was started anew with these."""
    monkeypatch.setattr(settings, "DATA_DIR", tmp_path / "data")

    def use(text: str) -> None:
        monkeypatch.setattr(settings, "ROOT_KEY", text)
        forget_keys()

    yield use
    forget_keys()


def vault(*arguments: str) -> str:
    """Run `manage.py vault`; what it printed."""
    out = io.StringIO()
    call_command("vault", *arguments, stdout=out, stderr=out)
    return out.getvalue()


@pytest.mark.asvs("11.1.1", "11.2.2")
def test_the_root_key_is_replaced_step_by_step_and_then_not_needed(
    committed_db: TestDatabases,
    acme: OrgInfo,
    globex: OrgInfo,
    root_files: dict[str, str],
    root_key: Callable[[str], None],
) -> None:
    old, new = root_files["old"], root_files["new"]
    root_key(old)
    hashes = {}
    for org in (acme, globex):
        with tenant_context(org.schema_name):
            keep("a", org.slug)
            hashes[org.slug] = keyed_hash("principal", "alice")
    of_all = installation_secret("audit-signing")
    for step in (f"{old},{new}", f"{new},{old}"):
        root_key(step)
        for org in (acme, globex):
            with tenant_context(org.schema_name):
                assert kept("a") == org.slug
    assert "under another root key: 2" in vault("status")
    told = vault("rotate-root")
    assert "acme: 2 keys wrapped again." in told
    assert "1 secrets of the installation wrapped again." in told
    assert "under another root key: 0" in vault("status")
    assert "Done: 0 in" in vault("rotate-root")
    root_key(new)
    for org in (acme, globex):
        with tenant_context(org.schema_name):
            assert kept("a") == org.slug
            assert keyed_hash("principal", "alice") == hashes[org.slug]
    assert installation_secret("audit-signing") == of_all
    root_key(old)
    with tenant_context(acme.schema_name), pytest.raises(VaultError, match="No configured root key"):
        kept("a")


def test_a_workspace_that_fails_is_named_and_the_others_go_on(
    committed_db: TestDatabases,
    acme: OrgInfo,
    globex: OrgInfo,
    root_files: dict[str, str],
    root_key: Callable[[str], None],
) -> None:
    old, new = root_files["old"], root_files["new"]
    root_key(old)
    for org in (acme, globex):
        with tenant_context(org.schema_name):
            keep("a", org.slug)
    with tenant_context(acme.schema_name):
        good = bytes(DataKey.objects.get(version=1).wrapped)
        DataKey.objects.filter(version=1).update(wrapped=b"broken" * 10)
    root_key(f"{new},{old}")
    with pytest.raises(CommandError, match="1 workspaces could not be done"):
        vault("rotate-root")
    with tenant_context(globex.schema_name):
        assert outdated_keys() == 0
    with tenant_context(acme.schema_name):
        DataKey.objects.filter(version=1).update(wrapped=good)
    vault("rotate-root")
    with tenant_context(acme.schema_name):
        assert (outdated_keys(), kept("a")) == (0, "acme")


def test_the_command_replaces_data_keys_and_tells_what_is_left(
    committed_db: TestDatabases, acme: OrgInfo, root_key: Callable[[str], None]
) -> None:
    root_key("")
    with tenant_context(acme.schema_name):
        keep("a", "x")
    assert "no keys yet" in vault("status", "--tenant", "globex")
    told = vault("rotate-data", "--tenant", "acme")
    assert "data key 2 seals from now on" in told
    assert "1 values sealed again, 0 cannot be opened; data keys destroyed: none, still kept: [1]" in told
    with tenant_context(acme.schema_name):
        DataKey.objects.filter(version=2).update(created_at=timezone.now() - timedelta(hours=2))
    assert "data keys destroyed: [1], still kept: none" in vault("reseal", "--tenant", "acme")


class Worker(threading.Thread):
    """Seals and opens all the time; `errors` must stay empty."""

    def __init__(self, org: OrgInfo, number: int, stop: threading.Event) -> None:
        super().__init__()
        self.org, self.row, self.ended = org, f"{number:064}", stop
        self.rounds, self.errors = 0, []  # type: ignore[var-annotated]

    def run(self) -> None:
        try:
            with tenant_context(self.org.schema_name):
                stable = keyed_hash("principal", self.row)
                while not self.ended.is_set():
                    value = f"{self.row}:{self.rounds}"
                    if self.rounds % 2:
                        with transaction.atomic():
                            keep(self.row, value)
                            time.sleep(0.002)
                    else:
                        keep(self.row, value)
                    for _ in range(5):
                        assert kept(self.row) == value
                    assert keyed_hash("principal", self.row) == stable
                    self.rounds += 1
        except BaseException as error:
            self.errors.append(error)
        finally:
            connections.close_all()


@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.asvs("11.1.1", "13.3.4")
def test_under_load_both_rotations_lose_nothing_and_leave_nothing_of_the_old_keys(
    committed_db: TestDatabases,
    acme: OrgInfo,
    globex: OrgInfo,
    root_files: dict[str, str],
    root_key: Callable[[str], None],
) -> None:
    old, new = root_files["old"], root_files["new"]
    root_key(f"{old},{new}")
    for org in (acme, globex):
        with tenant_context(org.schema_name):
            for number in range(1000, 4000):
                keep(f"{number:064}", str(number))
    stop = threading.Event()
    workers = [Worker(org, number, stop) for org in (acme, globex) for number in range(4)]
    for worker in workers:
        worker.start()
    settings.ROOT_KEY = f"{new},{old}"  # the next release of the setting, keys in memory stay
    resealed = 0
    for _ in range(4):
        call_command("vault", "rotate-root", stdout=io.StringIO())
        for org in (acme, globex):
            with tenant_context(org.schema_name):
                rotate_data()
                resealed += reseal().done
        time.sleep(1.5)
        for org in (acme, globex):
            with tenant_context(org.schema_name):
                resealed += reseal().done
                destroy_retired(timezone.now(), retired_for=timedelta(seconds=1))
        settings.ROOT_KEY = f"{old},{new}" if settings.ROOT_KEY.startswith(new) else f"{new},{old}"
    call_command("vault", "rotate-root", stdout=io.StringIO())
    stop.set()
    for worker in workers:
        worker.join()
    assert [worker.errors for worker in workers] == [[]] * len(workers)
    assert min(worker.rounds for worker in workers) > 20
    assert resealed >= 4 * 6000
    for org in (acme, globex):
        with tenant_context(org.schema_name):
            reseal()
            destroy_retired(timezone.now() + timedelta(hours=2))
            assert [(key.version, key.values) for key in states()] == [(5, 3004)]
            assert outdated_keys() == 0
            assert set(sealed_by_version()) == {5}
    print(f"{sum(worker.rounds for worker in workers)} rounds beside {resealed} values sealed again")
