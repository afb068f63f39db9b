"""A running provider, and tenants with that provider switched on."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from connectors.testkit.running import running_double
from tenants.isolation.context import no_tenant, tenant_context
from tenants.orgs.types import OrgInfo
from tenants.sso import services
from tenants.sso.models import Domain, Provider
from tests.tenants.sso.browser import CLIENT_ID, CLIENT_SECRET, Idp

RECORDS: dict[str, list[str]] = {}


def published_records(name: str) -> list[str]:
    """The name service of the tests."""
    return RECORDS.get(name, [])


@pytest.fixture(scope="session")
def _double() -> Iterator[Idp]:
    with running_double("connectors.testkit.doubles.idp", [], ("--port",)) as double:
        yield Idp(double)


@pytest.fixture
def idp(_double: Idp, settings: Any) -> Idp:
    """An OpenID Connect provider in a process of its own, which the egress may reach; honest at first."""
    settings.EGRESS_ALLOW = _double.issuer.removeprefix("http://")
    settings.SSO_TXT_LOOKUP = "tests.tenants.sso.conftest.published_records"
    RECORDS.clear()
    _double.order(
        person={"sub": "person-1", "email": "ann@acme.test", "name": "Ann"}, redirects=[], rotate=True
    )
    return _double


def prove(*names: str) -> None:
    """Prove domains in the entered tenant, by its own service and the tests' name service."""
    for name in names:
        row = Domain.objects.get(id=services.add_domain(name))
        RECORDS[services.record_name(name)] = [services.record_value(row.challenge)]
        services.verify_domain(row.id)


def connect(org: OrgInfo, idp: Idp, *domains: str, redirects: tuple[str, ...] = ()) -> str:
    """Add the provider to a tenant, switched on, with proved domains; return its id."""
    with no_tenant(), tenant_context(org.schema_name):
        provider_id = services.create_provider(
            "oidc",
            "Company login",
            {"issuer": idp.issuer, "client_id": CLIENT_ID},
            client_secret=CLIENT_SECRET,
        )
        prove(*(domains or ("acme.test",)))
        Provider.objects.filter(id=provider_id).update(tested={"ok": True})
        services.switch_provider(provider_id, True)
    here = f"http://{org.slug}.localhost/sso/{provider_id}/callback"
    idp.order(redirects=[here, *redirects])
    return provider_id


@pytest.fixture
def provider(acme: OrgInfo, idp: Idp) -> str:
    """The id of acme's provider."""
    return connect(acme, idp)


@pytest.fixture
def inside(acme: OrgInfo) -> Callable[[], object]:
    """Enter acme for a moment, to look at what a request left."""
    return lambda: tenant_context(acme.schema_name)
