"""Schemas of Kong's core entities and of the credentials the auth plugins add.

Source: Kong Admin API 3.9 (fields, defaults, references) and "Entities" in the gateway documentation.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from connectors.testkit.doubles.kong.conditions import invalid
from connectors.testkit.doubles.kong.plugin_schemas import regex
from connectors.testkit.doubles.kong.schema import Field, boolean, integer, number, record, string, strings

HTTP_PROTOCOLS = ("grpc", "grpcs", "http", "https", "tcp", "tls", "tls_passthrough", "udp", "ws", "wss")
NAME_RULE = "it must only contain alphanumeric and '., -, _, ~' characters"
ENTITY_NAME = re.compile(r"^[0-9a-zA-Z.\-_~\u0080-\uffff]+$")


@dataclass(frozen=True)
class EntitySchema:
    """One entity kind. ``key`` is the field usable instead of the id in paths; ``children`` are deleted
    with it.
    """

    fields: Mapping[str, Field]
    key: str = ""
    unique: tuple[str, ...] = ()
    children: tuple[str, ...] = ()
    restricted_by: tuple[str, ...] = ()
    check: Callable[[dict[str, Any]], str | None] | None = None
    updated: bool = True
    generated: tuple[str, ...] = field(default=())


def _name(value: str) -> str | None:
    return None if ENTITY_NAME.match(value) else f"invalid value '{value}': {NAME_RULE}"


def _service_path(value: str) -> str | None:
    return None if value.startswith("/") else "should start with: /"


def _route_path(value: str) -> str | None:
    if value.startswith("~/"):
        return regex(value[1:])
    return None if value.startswith("/") else "should start with: / (fixed path) or ~/ (regex path)"


def _method(value: str) -> str | None:
    return None if re.fullmatch(r"[A-Z]+", value) else f"invalid value: {value}"


def _route_check(route: dict[str, Any]) -> str | None:
    if any(route.get(name) for name in ("methods", "hosts", "headers", "paths", "snis")):
        return None
    protocols = route.get("protocols") or ["http", "https"]
    needed = "'methods', 'hosts', 'headers', 'paths'" + (", 'snis'" if "https" in protocols else "")
    return f"must set one of {needed} when 'protocols' is '{'https' if 'https' in protocols else 'http'}'"


def _consumer_check(consumer: dict[str, Any]) -> str | None:
    if consumer.get("username") or consumer.get("custom_id"):
        return None
    return "at least one of these fields must be non-empty: 'custom_id', 'username'"


def foreign(reference: str, *, required: bool = False) -> Field:
    """A reference to another entity, ``{"id": ...}`` in JSON."""
    return Field("foreign", reference=reference, required=required)


NAME = string(check=_name)
TAGS = strings(None, "set")
PORT = integer(between=(0, 65_535))
TIMEOUT = integer(60_000, between=(1, 2_147_483_646))
HEALTHY = record(http_statuses=Field("array", [200, 302]), interval=number(0), successes=integer(0))
UNHEALTHY = record(
    http_statuses=Field("array", [429, 404, 500, 501, 502, 503, 504, 505]),
    interval=number(0),
    http_failures=integer(0),
    tcp_failures=integer(0),
    timeouts=integer(0),
)

ENTITIES: dict[str, EntitySchema] = {
    "services": EntitySchema(
        {
            "name": NAME,
            "protocol": string(
                default="http", one_of=("grpc", "grpcs", "http", "https", "tcp", "tls", "udp", "ws", "wss")
            ),
            "host": string(required=True),
            "port": integer(80, between=(0, 65_535)),
            "path": string(check=_service_path),
            "retries": integer(5, between=(0, 32_767)),
            "connect_timeout": TIMEOUT,
            "write_timeout": TIMEOUT,
            "read_timeout": TIMEOUT,
            "tags": TAGS,
            "client_certificate": foreign("certificates"),
            "tls_verify": boolean(),
            "tls_verify_depth": integer(between=(0, 64)),
            "ca_certificates": strings(),
            "enabled": boolean(True),
        },
        "name",
        ("name",),
        ("plugins",),
        ("routes",),
    ),
    "routes": EntitySchema(
        {
            "name": NAME,
            "protocols": Field("set", ["http", "https"], element=string(one_of=HTTP_PROTOCOLS)),
            "methods": strings(None, "set", check=_method),
            "hosts": strings(),
            "paths": strings(check=_route_path),
            "headers": Field("map", element=strings()),
            "snis": strings(None, "set"),
            "sources": Field("set"),
            "destinations": Field("set"),
            "https_redirect_status_code": integer(426, one_of=(426, 301, 302, 307, 308)),
            "regex_priority": integer(0),
            "strip_path": boolean(True),
            "path_handling": string(default="v0", one_of=("v0", "v1")),
            "preserve_host": boolean(False),
            "request_buffering": boolean(True),
            "response_buffering": boolean(True),
            "tags": TAGS,
            "service": foreign("services"),
        },
        "name",
        ("name",),
        ("plugins",),
        check=_route_check,
    ),
    "consumers": EntitySchema(
        {"username": string(), "custom_id": string(), "tags": TAGS},
        "username",
        ("username", "custom_id"),
        ("plugins", "keyauth_credentials", "jwt_secrets", "basicauth_credentials", "acls"),
        check=_consumer_check,
    ),
    "plugins": EntitySchema(
        {
            "name": string(required=True),
            "instance_name": NAME,
            "config": Field("map"),
            "condition": string(check=invalid),
            "enabled": boolean(True),
            "protocols": Field(
                "set", ["grpc", "grpcs", "http", "https"], element=string(one_of=HTTP_PROTOCOLS)
            ),
            "tags": TAGS,
            "route": foreign("routes"),
            "service": foreign("services"),
            "consumer": foreign("consumers"),
        },
        unique=("instance_name",),
    ),
    "upstreams": EntitySchema(
        {
            "name": string(required=True),
            "algorithm": string(
                default="round-robin",
                one_of=("consistent-hashing", "least-connections", "round-robin", "latency"),
            ),
            "slots": integer(10_000, between=(10, 65_536)),
            "hash_on": string(default="none"),
            "hash_fallback": string(default="none"),
            "host_header": string(),
            "healthchecks": record(
                active=record(
                    type=string(default="http"),
                    http_path=string(default="/"),
                    healthy=HEALTHY,
                    unhealthy=UNHEALTHY,
                ),
                passive=record(type=string(default="http"), healthy=HEALTHY, unhealthy=UNHEALTHY),
            ),
            "tags": TAGS,
            "use_srv_name": boolean(False),
        },
        "name",
        ("name",),
        ("targets",),
    ),
    "targets": EntitySchema(
        {
            "target": string(required=True),
            "weight": integer(100, between=(0, 65_535)),
            "tags": TAGS,
            "upstream": foreign("upstreams", required=True),
        },
        "target",
    ),
    "certificates": EntitySchema(
        {
            "cert": string(required=True),
            "key": string(required=True),
            "cert_alt": string(),
            "key_alt": string(),
            "tags": TAGS,
        },
        children=("snis",),
        restricted_by=("services",),
    ),
    "snis": EntitySchema(
        {"name": string(required=True), "certificate": foreign("certificates", required=True), "tags": TAGS},
        "name",
        ("name",),
    ),
    "ca_certificates": EntitySchema({"cert": string(required=True), "cert_digest": string(), "tags": TAGS}),
    "vaults": EntitySchema(
        {
            "prefix": string(required=True),
            "name": string(required=True),
            "description": string(),
            "config": Field("map"),
            "tags": TAGS,
        },
        "prefix",
        ("prefix",),
    ),
    "key_sets": EntitySchema({"name": string(), "tags": TAGS}, "name", ("name",)),
    "keys": EntitySchema(
        {
            "kid": string(required=True),
            "name": string(),
            "jwk": string(),
            "pem": Field("map"),
            "set": foreign("key_sets"),
            "tags": TAGS,
        },
        "name",
        ("name",),
    ),
    "keyauth_credentials": EntitySchema(
        {"key": string(), "ttl": integer(), "tags": TAGS, "consumer": foreign("consumers", required=True)},
        "key",
        ("key",),
        updated=False,
        generated=("key",),
    ),
    "jwt_secrets": EntitySchema(
        {
            "key": string(),
            "secret": string(),
            "algorithm": string(default="HS256", one_of=("HS256", "HS384", "HS512", "RS256", "ES256")),
            "rsa_public_key": string(),
            "tags": TAGS,
            "consumer": foreign("consumers", required=True),
        },
        "key",
        ("key",),
        updated=False,
        generated=("key", "secret"),
    ),
    "basicauth_credentials": EntitySchema(
        {
            "username": string(required=True),
            "password": string(required=True),
            "tags": TAGS,
            "consumer": foreign("consumers", required=True),
        },
        "username",
        ("username",),
        updated=False,
    ),
    "acls": EntitySchema(
        {"group": string(required=True), "tags": TAGS, "consumer": foreign("consumers", required=True)},
        "group",
        updated=False,
    ),
}
