"""The OpenAPI document is valid, complete and what the API answers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from jsonschema import Draft202012Validator  # type: ignore[import-untyped]
from openapi_spec_validator import OpenAPIV31SpecValidator

from tenants.isolation.context import tenant_context
from tenants.orgs.types import OrgInfo
from tests.clients import TenantClient
from tests.factories import alerts, blocking, connections, detection, findings, imports, inventory

LISTS = (
    "connectors", "connections", "services", "endpoints", "findings", "threats", "actors", "blocks", "imports",
    "alert-destinations", "alert-deliveries", "protected-networks",
)  # fmt: skip
DETAILS = ("connection", "service", "endpoint", "finding", "threat", "actor", "block", "import")


@pytest.fixture
def schema(acme: OrgInfo, anonymous_client: Callable[[OrgInfo], TenantClient]) -> dict[str, Any]:
    answer = anonymous_client(acme).get("/api/v1/openapi.json")
    found: dict[str, Any] = answer.json()
    return found


def answer_schema(schema: dict[str, Any], path: str) -> dict[str, Any]:
    content = schema["paths"][path]["get"]["responses"]["200"]["content"]["application/json"]["schema"]
    return {**content, "components": schema["components"]}


def test_the_document_is_valid_openapi_3_1(schema):
    assert schema["openapi"].startswith("3.1")
    assert list(OpenAPIV31SpecValidator(schema).iter_errors()) == []


def test_what_lists_and_details_answer_is_described_field_by_field(schema):
    for name in LISTS:
        listed = answer_schema(schema, f"/api/v1/{name}")["$ref"].rpartition("/")[2]
        page = schema["components"]["schemas"][listed]
        item = page["properties"]["data"]["items"]["$ref"].rpartition("/")[2]
        described = schema["components"]["schemas"][item]
        assert len(described["properties"]) >= 4, name
        assert described["required"], name


def closed(described: Any) -> Any:
    """A schema that takes no property it does not name."""
    if isinstance(described, list):
        return [closed(entry) for entry in described]
    if not isinstance(described, dict):
        return described
    found = {name: closed(value) for name, value in described.items()}
    if isinstance(found.get("properties"), dict):
        found.setdefault("additionalProperties", False)
    return found


@pytest.mark.asvs("8.2.3", "15.3.1")
def test_the_answers_are_as_described_and_hold_nothing_else(schema, acme, owner_client):
    ids: dict[str, str] = {}
    with tenant_context(acme.schema_name):
        for factory in (inventory, findings, detection, blocking, alerts, imports, connections):
            ids |= factory.build()
    client = owner_client(acme)
    wrong: list[str] = []
    addresses = {f"/api/v1/{name}": f"/api/v1/{name}" for name in LISTS}
    addresses |= {f"/api/v1/{name}s/{{id}}": f"/api/v1/{name}s/{ids[name]}" for name in DETAILS}
    for path, address in addresses.items():
        validator = Draft202012Validator(closed(answer_schema(schema, path)))
        answer = client.get(address)
        assert answer.status_code == 200, address
        wrong += [
            f"{path}{error.json_path}: {error.message[:200]}"
            for error in validator.iter_errors(answer.json())
        ]
    assert wrong == []


@pytest.mark.parametrize("query", ["endpoints?service=%00", "findings?q=a%00", "threats/%00", "blocks/x%00y"])
@pytest.mark.asvs("1.3.3", "2.2.1")
def test_characters_nothing_can_hold_are_refused(acme, owner_client, query):
    assert owner_client(acme).get(f"/api/v1/{query}").status_code == 400


@pytest.mark.parametrize(
    "query", ["series?hours=soon", "calls?limit=%C2%B2", "calls?limit=9999999999999999999"]
)
@pytest.mark.asvs("1.4.2", "2.2.1", "15.3.5")
def test_a_number_that_is_none_is_refused(acme, owner_client, query):
    with tenant_context(acme.schema_name):
        endpoint = inventory.build()["endpoint"]
    assert owner_client(acme).get(f"/api/v1/endpoints/{endpoint}/{query}").status_code == 400
