"""Every route × every caller that must not get in. Routes and ids are found, so new ones are covered at once."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
from django.conf import settings
from django.db import transaction

from tenants.isolation.context import tenant_context
from tenants.orgs.types import OrgInfo
from tests import clients
from tests.clients import TenantClient
from tests.isolation.routes import Route, foreign_ids, routes

CANARY = b"CANARY"
REFUSED_UNKNOWN = {401, 403, 404}
# With another tenant's id: not found; a body that cannot be read is refused before the lookup.
REFUSED_FOREIGN = {400, 403, 404, 405, 409, 410, 412, 415, 422, 503}


@pytest.fixture
def ids(globex: OrgInfo) -> dict[str, str]:
    """One of everything in globex."""
    with tenant_context(globex.schema_name):
        return foreign_ids()


@contextmanager
def undone() -> Iterator[None]:
    """Undo what a request changed, and a transaction it broke."""
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


def outcomes(
    client: TenantClient,
    ids: dict[str, str],
    judge: Callable[[Route, int], bool],
    only: Callable[[Route], bool],
) -> list[str]:
    """Send every method of every route; return what was answered wrongly or holds the other tenant's data."""
    wrong = []
    secrets = [CANARY, *(value.encode() for value in ids.values() if len(value) > 12)]
    for route in filter(only, routes()):
        address = route.address(ids)
        for method in route.methods:
            with undone():
                answer = client.generic(method.upper(), address, "{}", content_type="application/json")
                body = b"" if answer.streaming else answer.content.replace(address.encode(), b"")
            if not judge(route, answer.status_code):
                wrong.append(f"{method.upper()} {route.pattern} -> {answer.status_code}")
            wrong += [
                f"{method.upper()} {route.pattern} shows {secret!r}" for secret in secrets if secret in body
            ]
    return wrong


def test_the_url_map_is_read() -> None:
    names = {route.name for route in routes()}
    assert {"session", "member-list", "member-detail", "token-list", "openapi"} <= names


@pytest.mark.asvs("8.2.2", "8.4.1")
def test_with_another_tenants_ids_nothing_is_found(acme: OrgInfo, ids: dict[str, str]) -> None:
    client = clients.member(acme, "owner")
    judge = lambda route, status: status in REFUSED_FOREIGN  # noqa: E731
    assert outcomes(client, ids, judge, lambda route: bool(route.parameters) and not route.open) == []


@pytest.mark.asvs("8.2.2", "8.4.1")
def test_lists_never_show_another_tenants_things(acme: OrgInfo, ids: dict[str, str]) -> None:
    client = clients.member(acme, "owner")
    judge = lambda route, status: status < 500  # noqa: E731
    assert outcomes(client, ids, judge, lambda route: not route.parameters) == []


@pytest.mark.asvs("7.2.1", "8.2.1", "8.3.1")
def test_nobody_gets_in_without_a_session_or_token(
    acme: OrgInfo, globex: OrgInfo, ids: dict[str, str]
) -> None:
    judge = lambda route, status: status in REFUSED_UNKNOWN  # noqa: E731
    assert outcomes(clients.anonymous(globex), ids, judge, lambda route: not route.open) == []


@pytest.mark.asvs("13.4.5")
def test_open_routes_show_nothing_of_the_tenant_to_strangers(globex: OrgInfo, ids: dict[str, str]) -> None:
    judge = lambda route, status: status < 500  # noqa: E731
    assert outcomes(clients.anonymous(globex), ids, judge, lambda route: route.open) == []


@pytest.mark.asvs("3.5.4", "8.4.1")
def test_another_tenants_session_is_no_session_here(
    acme: OrgInfo, globex: OrgInfo, ids: dict[str, str]
) -> None:
    stranger = clients.anonymous(globex)
    stranger.cookies[settings.SESSION_COOKIE_NAME] = (
        clients.member(acme, "owner").cookies[settings.SESSION_COOKIE_NAME].value
    )
    judge = lambda route, status: status in REFUSED_UNKNOWN  # noqa: E731
    assert outcomes(stranger, ids, judge, lambda route: not route.open) == []


@pytest.mark.asvs("8.4.1")
def test_another_tenants_token_is_no_token_here(acme: OrgInfo, globex: OrgInfo, ids: dict[str, str]) -> None:
    stranger = clients.anonymous(globex)
    stranger.credentials(HTTP_AUTHORIZATION=clients.bearer(acme, ["findings.read", "members.read"]))
    judge = lambda route, status: status in REFUSED_UNKNOWN  # noqa: E731
    assert outcomes(stranger, ids, judge, lambda route: not route.open) == []


@pytest.mark.parametrize("slug", ["", "nobody"])
def test_without_a_tenant_no_route_of_one_exists(slug: str, acme: OrgInfo, ids: dict[str, str]) -> None:
    judge = lambda route, status: status == 404  # noqa: E731
    assert outcomes(TenantClient(slug), ids, judge, lambda route: not route.open) == []


def test_a_suspended_tenant_is_not_served(initech: OrgInfo, ids: dict[str, str]) -> None:
    judge = lambda route, status: status == 403  # noqa: E731
    assert outcomes(clients.member(initech, "owner"), ids, judge, lambda route: True) == []


@pytest.mark.asvs("8.2.1", "8.3.1")
def test_a_role_without_a_permission_cannot_write(acme: OrgInfo) -> None:
    writes = ("post", "put", "patch", "delete")
    wrong = []
    client = clients.member(acme, "billing")
    for route in routes():
        # One's own session and account are everybody's; the workspace's address tells its members' methods apart.
        if route.open or route.basename == "tenant" or route.basename.startswith(("session", "account-")):
            continue
        for method in set(route.methods) & set(writes):
            with undone():
                answer = client.generic(
                    method.upper(), route.address({}), "{}", content_type="application/json"
                )
            if answer.status_code not in (403, 404, 405):
                wrong.append(f"{method} {route.pattern} -> {answer.status_code}")
    assert wrong == []
