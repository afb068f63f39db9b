"""Text of repairs: Terraform, decK and command lines for one named resource."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

import yaml

from connectors.base.model import Auth, ConfigSnapshot, Route, Service, Stage, Upstream
from controlplane.findings.types import Fix


def terraform(kind: str, name: str, arguments: Mapping[str, Any]) -> Fix:
    """A Terraform resource with the given arguments; a mapping value becomes a nested block."""
    lines = [
        f'resource "{kind}" "{identifier(name)}" {{',
        *_arguments(arguments, "  "),
        "}",
    ]
    return Fix("terraform", "\n".join(lines), "hcl")


def deck(entity: str, name: str, changes: Mapping[str, Any]) -> Fix:
    """A decK patch of one entity (``routes``, ``services``, ``plugins``), for ``deck gateway apply``."""
    document = {"_format_version": "3.0", entity: [{"name": name, **changes}]}
    return Fix("deck", yaml.safe_dump(document, sort_keys=False).rstrip(), "yaml")


def deck_plugin(scope: str, name: str, plugin: str, config: Mapping[str, Any]) -> Fix:
    """A decK patch that puts a plugin on one route or service."""
    return deck(scope, name, {"plugins": [{"name": plugin, "config": dict(config)}]})


def cli(body: str) -> Fix:
    """A command line."""
    return Fix("cli", body, "bash")


def gcloud(command: str) -> Fix:
    """A command of Google Cloud's command line; ``--global`` becomes ``--region`` for regional load balancers."""
    return cli(f"gcloud compute {command}")


def console(body: str) -> Fix:
    """Steps for a person."""
    return Fix("console", body)


def identifier(text: str) -> str:
    """A name Terraform accepts, made of ``text``."""
    cleaned = re.sub(r"[^A-Za-z0-9]+", "_", text).strip("_").lower()
    return cleaned if cleaned and not cleaned[0].isdigit() else f"r_{cleaned}"


def kong_name(route: Route) -> str:
    """The name Kong knows a route by, else its id."""
    entity = route.evidence.get("route")
    name = entity.get("name") if isinstance(entity, Mapping) else None
    return str(name or route.ref.partition("#")[0])


def plugin_name(auth: Auth) -> str:
    """The Kong plugin an authentication comes from."""
    return auth.source.removeprefix("plugin ") or "key-auth"


def upstream_name(snapshot: ConfigSnapshot, upstream: Upstream) -> str:
    """The name of the Kong service an upstream belongs to, else its id."""
    service = service_of(snapshot, upstream.ref)
    return service.name if service is not None else upstream.ref


def service_of(snapshot: ConfigSnapshot, ref: str) -> Service | None:
    """The service with this ref, when it was read."""
    return next((service for service in snapshot.services if service.ref == ref), None)


def service_name(snapshot: ConfigSnapshot, ref: str) -> str:
    """What people call a service, else its id."""
    service = service_of(snapshot, ref)
    return service.name if service is not None else ref


def stage_address(snapshot: ConfigSnapshot, stage: Stage) -> tuple[str, str, str]:
    """(Terraform resource kind, argument holding the API id, API id) of an API Gateway stage."""
    service = service_of(snapshot, stage.service_ref)
    if service is not None and service.kind != "rest_api":
        return "aws_apigatewayv2_stage", "api_id", stage.service_ref
    return "aws_api_gateway_stage", "rest_api_id", stage.service_ref


def _arguments(arguments: Mapping[str, Any], indent: str) -> list[str]:
    lines = []
    for key, value in arguments.items():
        if isinstance(value, Mapping):
            lines += [
                f"{indent}{key} {{",
                *_arguments(value, indent + "  "),
                f"{indent}}}",
            ]
        else:
            lines.append(f"{indent}{key} = {_value(value)}")
    return lines


def _value(value: Any) -> str:
    """A value as HCL; text starting with ``$`` is an expression (``$aws_wafv2_web_acl.api.arn``)."""
    if isinstance(value, str) and value.startswith("$"):
        return value[1:]
    return json.dumps(value)
