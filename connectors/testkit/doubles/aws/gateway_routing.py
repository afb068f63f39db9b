"""Which deployed API, stage and route a request reaches.

Sources: API Gateway Developer Guide, "Set up a stage", "Path mappings for custom domain names" and "Create
routes for HTTP APIs" (route selection: full match, greedy match, ``$default``).
"""

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from connectors.testkit.doubles.aws.state import backend

EXECUTE_API = re.compile(r"^([a-z0-9]+)\.execute-api\.([\w-]+)\.amazonaws\.com$")


@dataclass(frozen=True)
class RefusedError(Exception):
    """The gateway answers by itself: ``status`` and a JSON ``message``."""

    status: int
    message: str


@dataclass(frozen=True)
class Target:
    """A resolved request. ``route`` is moto's Method (REST) or Route (HTTP API), None without a match."""

    kind: str
    api: Any
    stage: Any
    path: str
    resource_path: str
    resource_id: str
    route: Any
    domain: str


@lru_cache(maxsize=512)
def path_pattern(template: str) -> re.Pattern[str]:
    """A path template (``{id}``, ``{proxy+}``) as a regular expression over a raw path."""
    parts = re.split(r"(\{[\w.-]+\+?\})", template)
    body = "".join(
        (".+" if p.endswith("+}") else "[^/]+") if p.startswith("{") else re.escape(p) for p in parts
    )
    return re.compile(f"^{body}$")


def _specificity(template: str) -> tuple[bool, int, int]:
    """Literal paths before variables before greedy ones."""
    return ("+}" in template, template.count("{"), -len(template))


def best_template(templates: list[str], path: str) -> str | None:
    """The most specific template that matches ``path``."""
    fitting = [template for template in templates if path_pattern(template).match(path)]
    return min(fitting, key=_specificity, default=None)


def _api_of_host(host: str, path: str, region: str) -> tuple[str, Any, str | None, str]:
    """(kind, API, stage name or None when the path names it, remaining path)."""
    rest, http = backend("apigateway", region), backend("apigatewayv2", region)
    if found := EXECUTE_API.match(host):
        api_id = found.group(1)
        if api_id in rest.apis:
            if rest.apis[api_id].disableExecuteApiEndpoint:
                raise RefusedError(403, "Forbidden")
            return "REST", rest.apis[api_id], None, path
        if api_id in http.apis:
            if http.apis[api_id].disable_execute_api_endpoint:
                raise RefusedError(403, "Forbidden")
            return "HTTP", http.apis[api_id], None, path
    for base, mapping in rest.base_path_mappings.get(host, {}).items():
        prefix = "" if base in ("(none)", "") else f"/{base}"
        if path == prefix or path.startswith(f"{prefix}/"):
            return ("REST", rest.apis[mapping.rest_api_id], mapping.stage, path.removeprefix(prefix) or "/")
    for mapping in http.api_mappings.values():
        prefix = f"/{mapping.api_mapping_key}" if mapping.api_mapping_key else ""
        if mapping.domain_name == host and (path == prefix or path.startswith(f"{prefix}/")):
            return ("HTTP", http.apis[mapping.api_id], mapping.stage, path.removeprefix(prefix) or "/")
    raise RefusedError(403, "Forbidden")


def _rest_target(api: Any, stage: Any, path: str, method: str, domain: str) -> Target:
    resources = {
        resource.get_path(): resource for resource in api.resources.values() if resource.resource_methods
    }
    template = best_template(list(resources), path if path == "/" else path.rstrip("/"))
    if template is None:
        return Target("REST", api, stage, path, "", "", None, domain)
    resource = resources[template]
    route = resource.resource_methods.get(method) or resource.resource_methods.get("ANY")
    return Target("REST", api, stage, path, template, resource.id, route, domain)


def _http_target(api: Any, stage: Any, path: str, method: str, domain: str) -> Target:
    routes = {route.route_key: route for route in api.routes.values()}
    for verb in (method, "ANY"):
        templates = [key.partition(" ")[2] for key in routes if key.startswith(f"{verb} ")]
        if template := best_template(templates, path):
            key = f"{verb} {template}"
            return Target("HTTP", api, stage, path, key, routes[key].route_id, routes[key], domain)
    fallback = routes.get("$default")
    return Target("HTTP", api, stage, path, "$default" if fallback else "", "", fallback, domain)


def resolve(host: str, path: str, method: str, region: str) -> Target:
    """The target of a request. Raises ``RefusedError`` where no API or stage answers at that host."""
    kind, api, stage_name, rest = _api_of_host(host, path, region)
    if stage_name is None and kind == "HTTP" and "$default" in api.stages:
        first = rest.lstrip("/").partition("/")[0]
        stage_name = first if first in api.stages and first != "$default" else "$default"
        rest = rest if stage_name == "$default" else rest.removeprefix(f"/{first}") or "/"
    elif stage_name is None:
        stage_name, _, remainder = rest.lstrip("/").partition("/")
        rest = f"/{remainder}"
    if stage_name not in api.stages:
        raise RefusedError(403 if kind == "REST" else 404, "Forbidden" if kind == "REST" else "Not Found")
    stage = api.stages[stage_name]
    return (_rest_target if kind == "REST" else _http_target)(api, stage, rest, method, host)


def execute_api_hosts(region: str) -> dict[str, str]:
    """API name -> its default ``execute-api`` host."""
    apis = [(api.name, api.id) for api in backend("apigateway", region).apis.values()]
    apis += [(api.name, api.api_id) for api in backend("apigatewayv2", region).apis.values()]
    return {name: f"{api_id}.execute-api.{region}.amazonaws.com" for name, api_id in apis}
