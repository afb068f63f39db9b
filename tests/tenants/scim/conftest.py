"""An identity provider that provisions: a client with a SCIM token, in tenants whose domain is proved."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pytest
from django.db import transaction
from django.utils import timezone

from tenants.isolation.context import no_tenant, tenant_context
from tenants.orgs.types import OrgInfo
from tenants.scim import services
from tests.clients import TenantClient
from tests.tenants.scim.provider import ScimProvider
from tests.tenants.sso.conftest import RECORDS, _double, idp, prove

__all__ = ["_double", "idp"]  # the provider people sign in with


def token_for(org: OrgInfo, name: str = "Company directory") -> str:
    """Make a SCIM token of this tenant; returns its text."""
    with no_tenant(), tenant_context(org.schema_name):
        return services.create_token(name, timezone.now() + timedelta(days=90), None).secret


def connect(org: OrgInfo, *domains: str) -> ScimProvider:
    """A provider that may provision this tenant, whose domains are proved."""
    with no_tenant(), tenant_context(org.schema_name):
        prove(*(domains or ("acme.test",)))
    return ScimProvider(TenantClient(org.slug), token_for(org))


@pytest.fixture(autouse=True)
def _names(settings: Any) -> None:
    settings.SSO_TXT_LOOKUP = "tests.tenants.sso.conftest.published_records"
    RECORDS.clear()


@pytest.fixture
def provider(acme: OrgInfo) -> ScimProvider:
    """acme's identity provider."""
    return connect(acme)


@pytest.fixture
def undone() -> Callable[[], Any]:
    """Undo what a request did, so that the next example starts afresh."""

    @contextmanager
    def block() -> Iterator[None]:
        with transaction.atomic():
            yield
            transaction.set_rollback(True)

    return block


@pytest.fixture
def inside(acme: OrgInfo) -> Callable[[], Any]:
    """Enter acme for a moment, to look at what a request left."""
    return lambda: tenant_context(acme.schema_name)
