"""What effective plugins say about limits, CORS, validation and logging of a route."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

import orjson

from connectors.base.model import Cors, Parameter, RateLimit
from connectors.kong.entities import Entity, config_of, strings, without_secrets

#: Plugins that write one record per request somewhere.
LOG_PLUGINS: Final = frozenset(
    {
        "http-log", "file-log", "tcp-log", "udp-log", "syslog", "loggly", "kafka-log", "datadog", "statsd",
        "opentelemetry", "confluent", "solace-log", "aws-lambda-log",
    }
)  # fmt: skip

_WINDOWS: Final = {"second": 1, "minute": 60, "hour": 3600, "day": 86400, "month": 2592000, "year": 31536000}
_VALIDATORS: Final = ("request-validator", "oas-validation")


def always(effective: Mapping[str, Entity]) -> dict[str, Entity]:
    """The effective plugins that run for every request: those with a condition run for some only."""
    return {name: plugin for name, plugin in effective.items() if not plugin.get("condition")}


def rate_limits(effective: Mapping[str, Entity]) -> tuple[RateLimit, ...]:
    """The request limits in force, of the plain and the advanced plugin."""
    found: list[RateLimit] = []
    plain = effective.get("rate-limiting")
    if plain is not None:
        config = config_of(plain)
        key = str(config.get("limit_by") or "consumer")
        for name, seconds in _WINDOWS.items():
            limit = config.get(name)
            if isinstance(limit, int | float) and limit:
                found.append(RateLimit(int(limit), seconds, key, "plugin rate-limiting"))
    advanced = effective.get("rate-limiting-advanced")
    if advanced is not None:
        config = config_of(advanced)
        key = str(config.get("identifier") or "consumer")
        limits, windows = config.get("limit"), config.get("window_size")
        if isinstance(limits, list) and isinstance(windows, list):
            for limit, seconds in zip(limits, windows, strict=False):
                if isinstance(limit, int | float) and isinstance(seconds, int | float):
                    found.append(RateLimit(int(limit), int(seconds), key, "plugin rate-limiting-advanced"))
    return tuple(found)


def cors_policy(effective: Mapping[str, Entity]) -> Cors | None:
    """The CORS policy in force; no ``origins`` means any origin."""
    plugin = effective.get("cors")
    if plugin is None:
        return None
    config = config_of(plugin)
    return Cors(
        origins=strings(config.get("origins")) or ("*",),
        credentials=config.get("credentials") is True,
        methods=strings(config.get("methods")),
        headers=strings(config.get("headers")),
    )


def validation(
    effective: Mapping[str, Entity], node: Entity | None
) -> tuple[bool | None, tuple[Parameter, ...]]:
    """Whether requests are validated, and the parameters a validator declares.

    None when this Kong has no validator to declare (Enterprise only) or nothing is known of it.
    """
    for name in _VALIDATORS:
        if name in effective:
            return True, _parameters(config_of(effective[name]))
    available = ((node or {}).get("plugins") or {}).get("available_on_server")
    offers = isinstance(available, Mapping | list) and any(name in available for name in _VALIDATORS)
    return (False if offers else None), ()


def log_destination(plugin: Entity) -> str:
    """Where a log plugin writes to, credentials left out."""
    config, name = config_of(plugin), str(plugin.get("name", ""))
    where = (
        config.get("http_endpoint")
        or config.get("path")
        or config.get("host")
        or config.get("endpoint")
        or ""
    )
    shown = re.sub(r"\?.*", "", str(without_secrets(where)))
    return f"{name} {shown}".strip()


def _parameters(config: Entity) -> tuple[Parameter, ...]:
    """Parameters of ``request-validator``: ``parameter_schema`` and the top level of ``body_schema``."""
    found: list[Parameter] = []
    declared = config.get("parameter_schema")
    for entry in declared if isinstance(declared, list) else ():
        if isinstance(entry, Mapping) and entry.get("name"):
            schema = _json(entry.get("schema"))
            found.append(
                Parameter(
                    name=str(entry["name"]),
                    location=str(entry.get("in") or "query"),
                    required=entry.get("required") is True,
                    type=_type(schema),
                )
            )
    body = _json(config.get("body_schema"))
    if isinstance(body, list):  # Kong's own schema language: [{"name": {"type": ..., "required": ...}}]
        for entry in body:
            for name, rule in entry.items() if isinstance(entry, Mapping) else ():
                known = rule if isinstance(rule, Mapping) else {}
                found.append(
                    Parameter(str(name), "body", known.get("required") is True, str(known.get("type", "")))
                )
    elif isinstance(body, Mapping) and isinstance(body.get("properties"), Mapping):
        required = strings(body.get("required"))
        for name, schema in body["properties"].items():
            found.append(Parameter(str(name), "body", name in required, _type(schema)))
    return tuple(found)


def _json(value: object) -> Any:
    if not isinstance(value, str):
        return value
    try:
        return orjson.loads(value)
    except orjson.JSONDecodeError:
        return None


def _type(schema: object) -> str:
    return str(schema.get("type") or "") if isinstance(schema, Mapping) else ""
