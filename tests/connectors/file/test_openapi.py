"""OpenAPI documents as configuration, whole or broken."""

from __future__ import annotations

import contextlib
import io
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.base.detect import detect
from connectors.base.errors import VendorAnswerError
from connectors.base.formats import ConfigFormat
from connectors.base.model import AuthKind, Completeness
from connectors.file.openapi import load
from connectors.file.read import read_config
from connectors.kong import deck

PETS = """openapi: 3.0.3
info: {title: Pet Store, version: 1.2.0}
servers:
  - url: https://{region}.example.com/v1
    variables: {region: {default: eu}}
security:
  - key: []
components:
  securitySchemes:
    key: {type: apiKey, in: query, name: api_key}
    token: {type: http, scheme: bearer}
  parameters:
    id: {name: petId, in: path, required: true, schema: {type: string, format: uuid}}
  schemas:
    Pet:
      type: object
      required: [name]
      properties:
        name: {type: string}
        owner: {$ref: '#/components/schemas/Owner'}
    Owner:
      type: object
      properties:
        email: {type: string, format: email}
        pets: {type: array, items: {$ref: '#/components/schemas/Pet'}}
paths:
  /pets/{petId}:
    parameters:
      - $ref: '#/components/parameters/id'
    get:
      security: [{}, {token: []}]
      parameters:
        - {name: verbose, in: query, schema: {type: boolean}}
    put:
      requestBody:
        content:
          application/json:
            schema: {$ref: '#/components/schemas/Pet'}
  /open:
    get:
      security: []
"""


def by_operation(loaded):
    """Routes by method and the whole path a client sends."""
    bases = {stage.ref: stage.base_path for stage in loaded.snapshot.stages}
    return {
        f"{route.methods[0]} {bases[ref]}{route.path}": route
        for route in loaded.snapshot.routes
        for ref in route.stage_refs
    }


def test_servers_base_paths_and_operations_are_read():
    loaded = load(PETS.encode(), "pets.yaml", "")
    assert set(by_operation(loaded)) == {"GET /v1/pets/{petId}", "PUT /v1/pets/{petId}", "GET /v1/open"}
    assert loaded.snapshot.services[0].hosts == ("eu.example.com",)
    assert loaded.errors == ()
    assert loaded.snapshot.completeness("routes") is Completeness.COMPLETE


def test_security_is_inherited_overridden_optional_or_declared_open():
    routes = by_operation(load(PETS.encode(), "pets.yaml", ""))
    (key,) = routes["PUT /v1/pets/{petId}"].auth
    assert (key.kind, key.location, key.optional) == (AuthKind.API_KEY, "query", False)
    (token,) = routes["GET /v1/pets/{petId}"].auth
    assert (token.kind, token.optional) == (AuthKind.JWT, True)
    assert routes["GET /v1/open"].auth == ()
    assert routes["GET /v1/open"].auth_known


def test_parameters_come_from_path_operation_and_body_through_references():
    routes = by_operation(load(PETS.encode(), "pets.yaml", ""))
    get = {(p.name, p.location, p.required, p.type) for p in routes["GET /v1/pets/{petId}"].parameters}
    assert get == {("petId", "path", True, "string(uuid)"), ("verbose", "query", False, "boolean")}
    put = {(p.name, p.location): p for p in routes["PUT /v1/pets/{petId}"].parameters}
    assert put[("name", "body")].required
    assert put[("owner.email", "body")].type == "string(email)"


def test_version_2_documents_are_read():
    document = {
        "swagger": "2.0",
        "info": {"title": "Old", "version": "1"},
        "host": "api.example.com:8443",
        "basePath": "/api/",
        "schemes": ["https"],
        "securityDefinitions": {"b": {"type": "basic"}},
        "security": [{"b": []}],
        "paths": {
            "/things": {
                "post": {
                    "parameters": [
                        {"in": "body", "name": "body", "schema": {"properties": {"a": {"type": "integer"}}}},
                        {"in": "header", "name": "X-Trace", "type": "string"},
                    ]
                }
            }
        },
    }
    loaded = load(json.dumps(document).encode(), "old.json", "")
    route = by_operation(loaded)["POST /api/things"]
    assert loaded.snapshot.stages[0].hosts == ("api.example.com",)
    assert route.auth[0].kind is AuthKind.BASIC
    assert {(p.name, p.location, p.type) for p in route.parameters} == {
        ("a", "body", "integer"),
        ("X-Trace", "header", "string"),
    }


def test_relative_servers_take_the_uploads_host():
    loaded = load(
        b"openapi: 3.1.0\nservers: [{url: /v2}]\npaths: {/a: {get: {}}}\n", "a.yaml", "API.example.com"
    )
    assert loaded.snapshot.stages[0].hosts == ("api.example.com",)
    assert not by_operation(loaded)["GET /v2/a"].auth_known


def test_each_server_is_a_stage_and_without_any_host_the_base_path_is_in_the_routes():
    many = b"openapi: 3.1.0\nservers: [{url: 'https://a.example/v1'}, {url: 'https://b.example'}]\npaths: {/x: {get: {}}}\n"
    snapshot = load(many, "a.yaml", "").snapshot
    assert [(stage.hosts, stage.base_path) for stage in snapshot.stages] == [
        (("a.example",), "/v1"),
        (("b.example",), ""),
    ]
    assert [(route.path, len(route.stage_refs)) for route in snapshot.routes] == [("/x", 2)]
    bare = load(b"openapi: 3.1.0\nservers: [{url: /v2}]\npaths: {/x: {get: {}}}\n", "a.yaml", "").snapshot
    assert [(bare.stages[0].base_path, route.path) for route in bare.routes] == [("", "/v2/x")]


def test_broken_parts_are_named_with_their_lines_and_the_rest_is_read():
    text = """openapi: 3.0.0
paths:
  /good:
    get: {}
  bad:
    get: {}
  /worse: 7
  /refs:
    post:
      parameters:
        - {$ref: '#/components/parameters/missing'}
        - {in: query}
      security: [{nope: []}]
"""
    loaded = load(text.encode(), "x.yaml", "")
    assert set(by_operation(loaded)) == {"GET /good", "POST /refs"}
    assert [error.line for error in loaded.errors] == [5, 7, 11, 12, 13]
    assert loaded.snapshot.completeness("routes") is Completeness.PARTIAL


def test_a_damaged_yaml_line_is_cut_out_and_named():
    text = 'openapi: 3.0.0\npaths:\n  /a:\n    get: {}\n  /b: "unclosed\n  /c:\n    get: {}\n'
    loaded = load(text.encode(), "x.yaml", "")
    assert "GET /a" in by_operation(loaded)
    assert loaded.errors[0].line is not None


def test_a_json_document_that_breaks_off_is_read_up_to_there():
    document = json.dumps({"openapi": "3.0.0", "paths": {f"/p{n}": {"get": {}} for n in range(50)}}, indent=1)
    loaded = load(document[: len(document) // 2].encode(), "cut.json", "")
    assert 15 < len(loaded.snapshot.routes) < 50
    assert loaded.errors[0].line


@pytest.mark.parametrize("data", [b"", b"{", b"[]", b"just text", b"\xff\xfe\x00"])
def test_a_document_with_nothing_in_it_is_refused_in_words(data):
    with pytest.raises(VendorAnswerError) as caught:
        load(data, "x.yaml", "")
    assert "OpenAPI" in caught.value.sentence()


@pytest.mark.asvs("15.2.2")
def test_endless_references_end():
    text = "openapi: 3.0.0\npaths:\n  /a: {$ref: '#/paths/~1b'}\n  /b: {$ref: '#/paths/~1a'}\n"
    loaded = load(text.encode(), "x.yaml", "")
    assert all("circle" in error.detail for error in loaded.errors)


@given(st.text(max_size=300))
def test_any_text_is_read_or_refused_in_words(text):
    try:
        loaded = load(("openapi: 3.0.0\n" + text).encode(errors="replace"), "x.yaml", "")
    except VendorAnswerError as error:
        loaded = None
        said = error.sentence()
    assert loaded is not None or said


def test_documents_are_recognised_and_read_as_files():
    for data, name in ((PETS.encode(), "a.yaml"), (b'{"swagger": "2.0", "paths": {}}', "b.json")):
        offered = detect(data, name)
        assert isinstance(offered, ConfigFormat)
        assert read_config(io.BytesIO(data), offered, name).snapshot.vendor == "openapi"


@pytest.mark.parametrize(
    "text",
    [
        "openapi: 3.0.0\na: &a [x, x, x, x, x, x, x, x, x]\n"
        + "".join(
            f"{name}: &{name} [{', '.join([f'*{before}'] * 9)}]\n"
            for before, name in zip("abcdefgh", "bcdefghi", strict=True)
        ),
        "openapi: 3.0.0\nloop: &a\n  again: *a\n",
    ],
)
@pytest.mark.asvs("5.2.1", "15.2.2")
def test_yaml_aliases_that_repeat_without_end_are_refused(text):
    with pytest.raises(VendorAnswerError, match="aliases"):
        load(text.encode(), "bomb.yaml", "")


@pytest.mark.asvs("1.5.2")
@pytest.mark.parametrize("read", [load, deck.load], ids=["openapi", "deck"])
@pytest.mark.parametrize(
    "asked",
    [
        "!!python/object/apply:pathlib.Path.touch ['{mark}']",
        "!!python/object/new:os.system ['touch {mark}']",
        "!!python/name:os.system",
        "!!python/module:os",
    ],
)
def test_a_document_that_asks_for_objects_gets_none(read, asked, tmp_path):
    mark = tmp_path / "made"
    text = f"openapi: 3.0.0\n_format_version: '3.0'\nx: {asked.replace('{mark}', str(mark))}\npaths:\n  /a:\n    get: {{}}\n"
    with contextlib.suppress(VendorAnswerError):
        found = repr(read(text.encode(), "x.yaml", ""))
        assert "<built-in function" not in found
        assert "<module" not in found
    assert not mark.exists()
