"""Fixtures of every test that needs Django. Their use is described in docs/platform.md."""

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import hypothesis
import pytest
from django.conf import settings
from pytest_django.plugin import DjangoDbBlocker

from tenants.isolation.context import no_tenant, tenant_context
from tenants.orgs.queries import by_slug, forget
from tenants.orgs.types import OrgInfo
from tests import clients, sockets
from tests.clients import TenantClient
from tests.database import TestDatabases, fast_settings, test_server
from tests.jobs import run_pending

# A busy machine must not fail a test; the suite tries the same examples each time, proofs try new ones.
_PATIENT = hypothesis.settings(
    deadline=None, database=None, suppress_health_check=[hypothesis.HealthCheck.too_slow]
)
hypothesis.settings.register_profile("suite", _PATIENT, derandomize=True)
hypothesis.settings.register_profile("proof", _PATIENT)
hypothesis.settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "suite"))


@pytest.fixture(scope="session", autouse=True)
def _settings_of_tests(tmp_path_factory: pytest.TempPathFactory) -> None:
    for name, value in fast_settings(tmp_path_factory.mktemp("data")).items():
        setattr(settings, name, value)


@pytest.fixture(autouse=True)
def _only_the_egress_opens_sockets() -> Iterator[None]:
    """Fail a test in which another module of ours opened a socket, even when it swallowed the error."""
    sockets.violations.clear()
    yield
    assert sockets.violations == []


@pytest.fixture(scope="session")
def databases(django_db_blocker: DjangoDbBlocker) -> Iterator[TestDatabases]:
    """The databases of this process on the shared test server."""
    with test_server() as address, django_db_blocker.unblock():
        made = TestDatabases(address)
        made.prepare()
        yield made
        made.remove()


@pytest.fixture(scope="session")
def django_db_setup(databases: TestDatabases) -> None:
    """Replace pytest-django's own set-up: the database is a copy of the template."""


@pytest.fixture
def committed_db(databases: TestDatabases, django_db_blocker: DjangoDbBlocker) -> Iterator[TestDatabases]:
    """Real commits, every connection; the database is copied afresh afterwards."""
    forget()
    with django_db_blocker.unblock():
        yield databases
        databases.copy()
    forget()


@pytest.fixture
def any_db(request: pytest.FixtureRequest) -> Iterator[None]:
    """A transaction rolled back after the test, or real commits when the test asks for `committed_db`.

    Copies of the template share their schema names, so a test also starts without the files of the last one.
    """
    forget()
    request.getfixturevalue("committed_db" if "committed_db" in request.fixturenames else "db")
    yield
    shutil.rmtree(Path(settings.DATA_DIR) / "tenants", ignore_errors=True)


@pytest.fixture
def acme(any_db: None) -> OrgInfo:
    """The tenant most tests work in."""
    return by_slug("acme")


@pytest.fixture
def globex(any_db: None) -> OrgInfo:
    """Another tenant."""
    return by_slug("globex")


@pytest.fixture
def initech(any_db: None) -> OrgInfo:
    """A suspended tenant."""
    return by_slug("initech")


@pytest.fixture
def tenant(acme: OrgInfo) -> Iterator[OrgInfo]:
    """Be inside acme for the test."""
    with tenant_context(acme.schema_name):
        yield acme


@pytest.fixture
def owner_client(any_db: None) -> Callable[[OrgInfo], TenantClient]:
    """`owner_client(acme)`: signed in as the owner."""
    return lambda org: clients.member(org, "owner")


@pytest.fixture
def member_client(any_db: None) -> Callable[..., TenantClient]:
    """`member_client(acme, role="viewer")`: signed in with that role."""
    return lambda org, role: clients.member(org, role)


@pytest.fixture
def api_client(any_db: None) -> Callable[..., TenantClient]:
    """`api_client(acme, scopes=["findings.read"])`: with an API token."""
    return lambda org, scopes: clients.machine(org, scopes)


@pytest.fixture
def anonymous_client(any_db: None) -> Callable[..., TenantClient]:
    """`anonymous_client(acme)`, or `anonymous_client(None)` for the base domain."""
    return clients.anonymous


@pytest.fixture
def run_jobs(any_db: None) -> Callable[..., int]:
    """Run the due jobs of this test in order, each in its tenant; returns how many ran.

    `run_jobs(ahead=60)` also runs what becomes due within that many seconds.
    """

    def run(ahead: float = 0) -> int:
        with no_tenant():
            return run_pending(ahead)

    return run
