"""Pub/Sub pushes to a connection with a token Google signed: believed for this connection alone."""

from __future__ import annotations

import base64
import json
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tenants.isolation.context import tenant_context
from tenants.orgs.types import OrgInfo
from tests.clients import TenantClient
from tests.connectors.cloudarmor.google import ACCOUNT, Google, running_google
from tests.connectors.cloudarmor.test_requests import ENTRY
from tests.controlplane.traffic.test_ingest import Pusher


@pytest.fixture
def google(settings: Any) -> Iterator[Google]:
    with running_google() as google:
        settings.EGRESS_ALLOW = f"127.0.0.1:{google.port}"
        yield google


class Subscription(Pusher):
    """A push subscription of Pub/Sub to one connection."""

    def __init__(self, client: TenantClient, org: OrgInfo, google: Google, **given: Any) -> None:
        settings = {"service_account": ACCOUNT, "keys_url": google.url} | given
        draft = {"connector": "cloudarmor", "name": f"edge {time.time_ns()}", "settings": settings}
        made = client.post("/api/v1/connections", draft).json()
        super().__init__(org, made["id"], "")
        self.google = google
        texts = client.get(f"/api/v1/connections/{made['id']}/setup").json()
        self.address = texts["generated"]["ingest_url"]

    def deliver(self, *, audience: str = "", token: str = "", **claims: Any) -> int:
        """One message with a token for ``audience`` (default: this connection's address); the status."""
        token = token or self.google.token(audience or self.address, time.time(), **claims)
        data = base64.b64encode(json.dumps(ENTRY).encode()).decode()
        body = {"message": {"data": data, "messageId": "1"}, "subscription": "projects/acme/subscriptions/p"}
        return self.push(body, HTTP_AUTHORIZATION=f"Bearer {token}").status_code


@pytest.fixture
def client(acme: OrgInfo, owner_client: Callable[[OrgInfo], TenantClient]) -> TenantClient:
    return owner_client(acme)


@pytest.fixture
def edge(client: TenantClient, acme: OrgInfo, google: Google) -> Subscription:
    return Subscription(client, acme, google)


def test_a_message_google_signed_for_this_connection_is_stored_once(edge):
    assert (edge.deliver(), edge.deliver()) == (202, 202)
    assert edge.counted() == (1, 1, 0)


@pytest.mark.asvs("9.1.1", "9.2.1", "9.2.3")
def test_a_token_for_another_connection_account_or_time_stores_nothing(edge, client, acme, google):
    other = Subscription(client, acme, google)
    assert edge.deliver(audience=other.address) == 401
    assert edge.deliver(email="mallory@evil.iam.gserviceaccount.com") == 401
    assert edge.deliver(iat=int(time.time()) - 3000, exp=int(time.time()) - 120) == 401
    head, claims, _ = google.token(edge.address, time.time()).split(".")
    none = base64.urlsafe_b64encode(b'{"alg":"none","kid":"first"}').decode().rstrip("=")
    assert edge.deliver(token=f"{none}.{claims}.") == 401
    assert edge.deliver(token=f"{head}.{claims}.AAAA") == 401
    assert edge.counted() == (0, 0, 0)


@pytest.mark.asvs("8.4.1")
def test_a_token_for_another_tenant_stores_nothing(edge, globex, owner_client, google):
    other = Subscription(owner_client(globex), globex, google)
    assert edge.deliver(audience=other.address) == 401
    assert other.deliver() == 202


def test_an_audience_of_the_settings_is_the_one_that_counts(client, acme, google):
    edge = Subscription(client, acme, google, audience="portcullis")
    assert edge.deliver() == 401
    assert edge.deliver(audience="portcullis") == 202


def test_without_a_service_account_nobody_is_believed(client, acme, google):
    edge = Subscription(client, acme, google, service_account="")
    assert edge.deliver() == 401
    assert google.asked == 0


def test_a_switched_off_and_an_unknown_connection_take_nothing(client, edge):
    client.post(f"/api/v1/connections/{edge.connection}/disable")
    assert edge.deliver() == 401
    edge.connection = "con_unknown"
    assert edge.deliver() == 401


def test_the_ingest_token_still_works_and_stays_shown_until_it_is_used(client, edge):
    shown = f"/api/v1/connections/{edge.connection}/setup"
    assert edge.deliver() == 202
    edge.token = client.get(shown).json()["generated"]["ingest_token"]
    assert edge.push([ENTRY]).status_code == 202
    assert "ingest_token" not in client.get(shown).json()["generated"]


def test_a_connector_that_verifies_nothing_is_never_asked(edge, client, acme):
    made = client.post("/api/v1/connections", {"connector": "file", "name": "files", "settings": {}}).json()
    with tenant_context(acme.schema_name):
        edge.connection = made["id"]
    assert edge.deliver() == 401
