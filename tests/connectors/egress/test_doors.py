"""The product's own doors: what a tenant types into the REST API never makes this machine connect to itself.

Every connection of the process is seen (``tests/sockets.py``), whatever the port. Names are served by ``world.py``.
"""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.conf import settings

from tenants.ids import new_id
from tests.clients import TenantClient
from tests.connectors.egress.corpus import corpus
from tests.connectors.egress.servers import reply, server
from tests.sockets import connections_made

#: With TLS, because without it the egress refuses before it looks where an address leads.
URLS = [entry.url.replace("http://", "https://", 1) for entry in corpus() if ".test" not in entry.url]


@pytest.fixture
def client(acme, owner_client: Callable) -> TenantClient:
    return owner_client(acme)


def webhook(client: TenantClient, url: str) -> str:
    """Save an alert destination and have a test message sent; gives how it ended."""
    draft = {"connector": "webhook", "name": new_id("nam"), "settings": {"url": url}}
    saved = client.post("/api/v1/alert-destinations", draft)
    if saved.status_code != 201:
        return f"{saved.status_code}"
    sent = client.post(f"/api/v1/alert-destinations/{saved.json()['id']}/test")
    return f"{sent.status_code} {sent.json().get('state')}"


def connection(connector: str, field: str) -> Callable[[TenantClient, str], str]:
    """Save a connection with this address and have it checked; gives how it ended."""
    more = {
        "kong": {},
        "aws": {
            "account_id": "1" * 12,
            "regions": ["eu-west-1"],
            "role_arn": f"arn:aws:iam::{'1' * 12}:role/x",
        },
    }[connector]

    def door(client: TenantClient, url: str) -> str:
        draft = {"connector": connector, "name": new_id("nam"), "settings": {**more, field: url}}
        saved = client.post("/api/v1/connections", draft)
        if saved.status_code != 201:
            return f"{saved.status_code}"
        checked = client.post(f"/api/v1/connections/{saved.json()['id']}/check")
        return f"{checked.status_code} {checked.json().get('ok')}"

    return door


def mail(client: TenantClient, url: str) -> str:
    """Save a mail destination at the address's host and have a test message sent; gives how it ended."""
    host = url.partition("//")[2].split("/")[0].strip("[]")
    values = {"host": host, "security": "none", "port": 2525, "sender": "a@b.test", "to": ["c@d.test"]}
    saved = client.post(
        "/api/v1/alert-destinations", {"connector": "email", "name": new_id("nam"), "settings": values}
    )
    if saved.status_code != 201:
        return f"{saved.status_code}"
    sent = client.post(f"/api/v1/alert-destinations/{saved.json()['id']}/test")
    return f"{sent.status_code} {sent.json().get('state')}"


DOORS = {
    "webhook": webhook,
    "kong": connection("kong", "admin_url"),
    "aws": connection("aws", "endpoint_url"),
    "mail": mail,
}


@pytest.fixture(autouse=True)
def _identity(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PORTCULLIS_AWS_ACCESS_KEY_ID", "AKIAEXAMPLE")
    monkeypatch.setenv("PORTCULLIS_AWS_SECRET_ACCESS_KEY", "not a real key")
    monkeypatch.setenv("PORTCULLIS_AWS_PRINCIPAL_ARN", "arn:aws:iam::222222222222:user/x")


def ends(client: TenantClient, door: str, urls: list[str]) -> dict[str, str]:
    """How each address ended at a door; fails when anything was connected to."""
    with connections_made() as made:
        found = {url: DOORS[door](client, url) for url in urls}
    assert made == [], f"{door} connected to {made[:5]}"
    return found


@pytest.mark.parametrize("door", sorted(DOORS))
@pytest.mark.asvs("1.3.6", "15.3.2")
def test_a_tenants_address_never_leads_inside(client: TenantClient, door: str) -> None:
    found = ends(client, door, URLS[::16])
    assert set(found.values()) <= {
        "400",
        "422",
        "200 failed",
        "200 retrying",
        "201 failed",
        "201 retrying",
        "200 False",
    }


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.parametrize("door", sorted(DOORS))
@pytest.mark.asvs("1.3.6", "15.3.2")
def test_no_address_of_the_corpus_leads_inside(client: TenantClient, door: str) -> None:
    found = ends(client, door, URLS)
    assert set(found.values()) <= {
        "400",
        "422",
        "200 failed",
        "200 retrying",
        "201 failed",
        "201 retrying",
        "200 False",
    }


def test_what_the_operator_allowed_is_reached_and_seen(
    client: TenantClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    with server(reply(200)) as port, connections_made() as made:
        url = f"http://127.0.0.1:{port}/"
        for allow, reached in (
            (f"127.0.0.1:{port}", True), (f"acme/127.0.0.1:{port}", True), (f"globex/127.0.0.1:{port}", False),
        ):  # fmt: skip
            monkeypatch.setattr(settings, "EGRESS_ALLOW", allow)
            assert ("delivered" in webhook(client, url)) is reached
    assert made == [("127.0.0.1", port)] * 2
