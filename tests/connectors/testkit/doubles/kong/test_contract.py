"""The double against Kong's own OpenAPI document of the 3.9 Admin API, where that document is at hand.

Absent values are null in Kong's answers though the document declares no field nullable, and creation
answers 201 though it says 200; both are known gaps of the document.
"""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any
from wsgiref.types import WSGIApplication

import pytest
import yaml
from openapi_schema_validator import OAS30Validator

from connectors.testkit.doubles.kong import estate

SPECS = Path(os.environ.get("PORTCULLIS_SPECS", "../shared/specs"))
DOCUMENT = SPECS / "kong" / "gateway-admin-oss-3.9.yaml"
SCHEMAS = {
    "services": "Service",
    "routes": "Route",
    "consumers": "Consumer",
    "plugins": "Plugin",
    "upstreams": "Upstream",
}

pytestmark = pytest.mark.skipif(
    not DOCUMENT.exists(),
    reason=f"KONG'S OPENAPI DOCUMENT IS ABSENT ({DOCUMENT}): the Kong double is NOT checked against its vendor; "
    "set PORTCULLIS_SPECS to the folder of vendor descriptions",
)


@pytest.fixture(scope="module")
def document() -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.load(DOCUMENT.read_bytes(), Loader=yaml.CSafeLoader)
    return loaded


def without_nulls(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: without_nulls(item) for key, item in value.items() if item is not None}
    return [without_nulls(item) for item in value] if isinstance(value, list) else value


def problems(document: dict[str, Any], schema: str, value: Any) -> list[str]:
    root = {"$ref": f"#/components/schemas/{schema}", "components": document["components"]}
    validator = OAS30Validator(root)
    return [f"{'/'.join(map(str, error.path))}: {error.message}" for error in validator.iter_errors(value)]


@pytest.fixture
def seeded(node: Any, serve: Callable[[WSGIApplication], str]) -> Any:
    """A node with the sample estate."""
    estate.seed(serve(node.admin.application))
    return node


@pytest.mark.parametrize("collection", sorted(SCHEMAS))
def test_entities_have_the_documented_shape(seeded: Any, document: dict[str, Any], collection: str) -> None:
    page = seeded.admin.get(f"/{collection}").get_json()
    assert page["data"]
    for entity in page["data"]:
        assert problems(document, SCHEMAS[collection], without_nulls(entity)) == []
        assert set(entity) <= set(document["components"]["schemas"][SCHEMAS[collection]]["properties"]) | {
            "updated_at"
        }


def test_collections_take_the_documented_paging_parameters(seeded: Any, document: dict[str, Any]) -> None:
    for collection in SCHEMAS:
        operation = document["paths"][f"/{collection}"]["get"]
        names = [
            p.get("$ref", "").rpartition("/")[2] or p.get("name") for p in operation.get("parameters", [])
        ]
        assert {"pagination-size", "pagination-offset"} <= set(names)
        page = seeded.admin.get(f"/{collection}?size=1").get_json()
        assert isinstance(page.get("offset", ""), str)


def test_the_node_answers_as_documented(seeded: Any, document: dict[str, Any]) -> None:
    for path in ("/", "/status"):
        content = document["paths"][path]["get"]["responses"]["200"]["content"]["application/json"]["schema"]
        found = OAS30Validator({**content, "components": document["components"]}).iter_errors(
            seeded.admin.get(path).get_json()
        )
        assert [error.message for error in found] == []


def test_every_path_the_product_writes_is_documented(document: dict[str, Any]) -> None:
    assert {"put", "patch", "delete"} <= set(document["paths"]["/plugins/{plugin_id}"])
    assert {"put", "patch", "delete"} <= set(document["paths"]["/routes/{route_id_or_name}"])
    assert "post" in document["paths"]["/schemas/plugins/validate"]
