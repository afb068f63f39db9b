"""The compliance check of scim2-tester against the running application, through WSGI."""

import uuid
from collections.abc import Iterator
from typing import Annotated, Any

import pytest
from pydantic import Field
from scim2_client.engines.wsgi import WSGISCIMClient
from scim2_models import Required, ScimProvider, Uniqueness
from scim2_tester import Status, check_server

from controlplane.config.wsgi import application
from tenants.isolation.context import no_tenant
from tenants.orgs.types import OrgInfo
from tenants.scim import resources
from tests.database import TestDatabases
from tests.tenants.scim import provider as wire

ADDRESSES = [f"person-{uuid.uuid4()}@acme.test" for _ in range(5000)]


class Email(resources.Email):
    """As offered, with addresses the workspace takes: the tester invents some of domains nobody proved."""

    value: str | None = Field(None, examples=ADDRESSES)


class User(resources.User):
    """As offered, with user names the workspace takes."""

    user_name: Annotated[str | None, Uniqueness.server, Required.true] = Field(None, examples=ADDRESSES)
    emails: list[Email] | None = None  # type: ignore[assignment]


@pytest.fixture
def client(
    committed_db: TestDatabases, acme: OrgInfo, provider: wire.ScimProvider
) -> Iterator[WSGISCIMClient]:
    headers = {"Authorization": f"Bearer {provider.token}"}
    with no_tenant():
        yield WSGISCIMClient(
            application,
            base_url="http://acme.localhost/scim/v2",
            headers=headers,
            provider=ScimProvider(models=[User, resources.Group]),
        )


def test_the_compliance_check_finds_no_error(client: WSGISCIMClient) -> None:
    results = check_server(client)
    wrong = [
        f"{result.title} {result.resource_type}: {result.reason}"
        for result in results
        if result.status not in (Status.SUCCESS, Status.SKIPPED, Status.ACCEPTABLE)
    ]
    assert not wrong, "\n".join(wrong)
    assert len([result for result in results if result.status == Status.SUCCESS]) > 40
    titles: set[Any] = {result.title for result in results}
    assert {
        "object_creation",
        "object_replacement",
        "check_add_attribute",
        "check_remove_attribute",
    } <= titles


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.parametrize("_time", range(5))
def test_nor_with_other_values(_time: int, client: WSGISCIMClient) -> None:
    test_the_compliance_check_finds_no_error(client)
