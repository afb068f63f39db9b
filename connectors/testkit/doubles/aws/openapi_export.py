"""``GetExport`` and ``ExportApi`` as OpenAPI 3.0.1 documents of the deployed state.

Source of the layout: API Gateway Developer Guide, "Export a REST API from API Gateway" and
"x-amazon-apigateway" extensions. (moto answers Swagger 2.0 whatever is asked, and has no ExportApi.)
"""

import re
from typing import Any

from connectors.testkit.doubles.aws.errors import AwsError
from connectors.testkit.doubles.aws.operations import ApiCall
from connectors.testkit.doubles.aws.state import backend


def _path_parameters(path: str) -> list[dict[str, Any]]:
    names = re.findall(r"\{([\w.-]+)\+?\}", path)
    return [{"name": n, "in": "path", "required": True, "schema": {"type": "string"}} for n in names]


def _declared_parameters(method: Any) -> list[dict[str, Any]]:
    places = {"querystring": "query", "header": "header"}
    found = []
    for name, required in (method.request_parameters or {}).items():
        _, _, place, key = name.split(".", 3)
        if place in places:
            required_flag = str(required).lower() == "true"
            found.append(
                {"name": key, "in": places[place], "required": required_flag, "schema": {"type": "string"}}
            )
    return found


def _document(title: str, paths: dict[str, Any], schemes: dict[str, Any], server: str) -> dict[str, Any]:
    components = {"securitySchemes": schemes} if schemes else {}
    return {
        "openapi": "3.0.1",
        "info": {"title": title, "version": "1.0"},
        "servers": [{"url": server}],
        "paths": paths,
        "components": components,
    }


def rest_api(call: ApiCall) -> dict[str, Any]:
    """``GetExport`` with ``exportType`` ``oas30`` of a REST API's stage."""
    api_id = str(call.params.get("restapi_id", call.params.get("restApiId", "")))
    stage = str(call.params.get("stage_name", call.params.get("stageName", "")))
    api = backend("apigateway", call.region).apis.get(api_id)
    if api is None or stage not in api.stages:
        raise AwsError("NotFoundException", "Invalid stage identifier specified", 404)
    names = {authorizer.id: authorizer.name for authorizer in api.authorizers.values()}
    paths: dict[str, Any] = {}
    for resource in api.resources.values():
        for verb, method in resource.resource_methods.items():
            security: list[dict[str, Any]] = (
                [{names[method.authorizer_id]: []}] if method.authorizer_id in names else []
            )
            if method.api_key_required:
                security.append({"api_key": []})
            path = resource.get_path()
            operation = {
                "parameters": _path_parameters(path) + _declared_parameters(method),
                "responses": {"200": {"description": "200 response"}},
            }
            if security:
                operation["security"] = security
            key = "x-amazon-apigateway-any-method" if verb == "ANY" else verb.lower()
            paths.setdefault(path, {})[key] = operation
    schemes: dict[str, Any] = {
        name: {"type": "apiKey", "name": "Authorization", "in": "header"} for name in names.values()
    }
    schemes["api_key"] = {"type": "apiKey", "name": "x-api-key", "in": "header"}
    server = f"https://{api_id}.execute-api.{call.region}.amazonaws.com/{stage}"
    return _document(api.name, paths, schemes, server)


def http_api(call: ApiCall) -> dict[str, Any]:
    """``ExportApi`` (OAS30, JSON) of an HTTP API; HTTP routes declare no query or header parameters."""
    api_id = str(call.params.get("apiId", call.params.get("ApiId", "")))
    api = backend("apigatewayv2", call.region).apis.get(api_id)
    if api is None:
        raise AwsError("NotFoundException", f"Invalid API identifier specified {api_id}", 404)
    names = {authorizer.id: authorizer.name for authorizer in api.authorizers.values()}
    paths: dict[str, Any] = {}
    for route in api.routes.values():
        verb, _, path = route.route_key.partition(" ")
        path = path or "/$default"
        operation: dict[str, Any] = {
            "responses": {"default": {"description": f"Default response for {route.route_key}"}}
        }
        if parameters := _path_parameters(path):
            operation["parameters"] = parameters
        if route.authorizer_id in names:
            operation["security"] = [{names[route.authorizer_id]: route.authorization_scopes or []}]
        key = verb.lower() if verb not in ("ANY", "$default") else "x-amazon-apigateway-any-method"
        paths.setdefault(path, {})[key] = operation
    schemes = {name: {"type": "oauth2", "flows": {}} for name in names.values()}
    return _document(api.name, paths, schemes, api.api_endpoint)
