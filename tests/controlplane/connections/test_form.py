"""What the form and the page of a connection are made of: its fields, and what is known of it so far."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from connectors.base.manifest import Manifest
from connectors.base.model import Completeness, ConfigSnapshot, Section
from connectors.base.registry import manifests
from controlplane.connections import services
from controlplane.connections.models import Connection
from controlplane.connections.schema import form_schema
from tenants.isolation.context import tenant_context
from tenants.orgs.types import OrgInfo
from tests.clients import member
from tests.factories.connections import connect

DRAWN = {"string", "integer", "number", "boolean", "array"}
ID = "00000000-0000-0000-0000-000000000001"
NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)


@pytest.mark.parametrize("manifest", manifests().values(), ids=lambda manifest: manifest.key)
def test_every_field_says_by_itself_what_it_takes(manifest: Manifest) -> None:
    schema = form_schema(manifest.settings)
    assert "$ref" not in json.dumps(schema)
    for name, field in schema.get("properties", {}).items():
        kinds = {option["type"] for option in field.get("anyOf", [field])} - {"null"}
        assert len(kinds) == 1, f"{name} takes {kinds}"
        assert kinds <= DRAWN, f"{name} takes {kinds}"


def test_a_choice_is_offered_with_its_values_and_default() -> None:
    field = form_schema(manifests()["kong"].settings)["properties"]["managed_by"]
    assert (field["enum"], field["default"], field["advanced"]) == (
        ["admin_api", "gitops"],
        "admin_api",
        True,
    )


def test_nothing_is_read_before_there_was_anything_to_read_with(tenant: OrgInfo) -> None:
    assert services.create("cloudflare", "chosen in the catalogue").status == "draft"
    assert services.create("cloudflare", "given all the same", {}).status == "checking"
    pushed = services.create("nginx", "has nothing to enter")
    assert (pushed.status, pushed.status_reason) == ("checking", "Waits for the first calls.")


def test_what_could_not_be_read_is_not_counted_as_none(tenant: OrgInfo) -> None:
    connection = connect()
    unread = ConfigSnapshot("kong", "gw", "gateway", sections=sections(Completeness.UNKNOWN))
    services.store_snapshot(connection, unread, NOW)
    shown = member(tenant, "viewer").get(f"/api/v1/connections/{connection}").json()
    assert (shown["counts"], shown["last_sync_at"]) == ({"services": None, "endpoints": None}, None)
    assert shown["status_reason"] == "services, routes are unknown: sign-in refused"
    services.store_snapshot(connection, replace(unread, sections=sections(Completeness.COMPLETE)), NOW)
    shown = member(tenant, "viewer").get(f"/api/v1/connections/{connection}").json()
    assert shown["counts"] == {"services": 0, "endpoints": 0}


def sections(completeness: Completeness) -> tuple[Section, ...]:
    reason = "sign-in refused" if completeness is Completeness.UNKNOWN else ""
    return tuple(Section(name, completeness, reason) for name in ("services", "routes"))


KEYS = [
    (
        "cloudarmor",
        {"project_id": "acme-shop"},
        "service_account_key",
        ("key", "federation"),
    ),
    (
        "azure",
        {"tenant_id": ID, "client_id": ID, "subscriptions": [ID]},
        "client_secret",
        ("secret", "federation"),
    ),
]


@pytest.mark.parametrize(("connector", "given", "field", "ways"), KEYS, ids=[key[0] for key in KEYS])
def test_the_credential_of_a_way_that_is_left_is_dropped_and_said_to_be_gone(
    acme: OrgInfo, connector: str, given: dict[str, object], field: str, ways: tuple[str, str]
) -> None:
    client = member(acme, "owner")
    body = {
        "connector": connector,
        "name": "Edge",
        "settings": given | {field: "the-secret", "sign_in": ways[0]},
    }
    address = f"/api/v1/connections/{client.post('/api/v1/connections', body, format='json').json()['id']}"
    assert client.get(address).json()["settings"][field] == {"set": True}
    shown = [
        client.patch(address, {"settings": change}, format="json").json()["settings"][field]
        for change in (
            {"sign_in": ways[1]},
            {field: {"set": False}},
            {field: {"set": True}},
            {field: "again"},
        )
    ]
    assert shown == [{"set": False}] * 4
    with tenant_context(acme.schema_name):
        assert Connection.objects.get().secrets == ""


def test_a_secret_sent_back_as_it_is_shown_stays_as_it_is(acme: OrgInfo) -> None:
    client = member(acme, "owner")
    body = {"connector": "cloudarmor", "name": "Edge", "settings": {"project_id": "acme-shop"}}
    address = f"/api/v1/connections/{client.post('/api/v1/connections', body, format='json').json()['id']}"
    steps = ({"set": False}, {"set": True}, "a-key", {"set": True}, {"set": False}, None)
    shown = []
    for value in steps:
        answer = client.patch(address, {"settings": {"service_account_key": value}}, format="json").json()
        shown.append(answer["settings"]["service_account_key"]["set"])
    assert shown == [False, False, True, True, True, False]
