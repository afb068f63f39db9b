"""Configuration schemas and priorities of the bundled plugins the product meets.

Sources: Kong plugin reference of 3.9 (fields, defaults, constraints) and "Plugin execution order"
(priorities).
"""

import ipaddress
import itertools
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from connectors.testkit.doubles.kong.schema import Field, boolean, integer, number, record, string, strings


def ip_or_cidr(value: str) -> str | None:
    """The error of an address that is neither an IP nor a CIDR."""
    try:
        ipaddress.ip_network(value, strict=False)
    except ValueError:
        return f"invalid ip or cidr range: '{value}'"
    return None


def url(value: str) -> str | None:
    """The error of a string that is not an absolute http(s) URL."""
    parts = urlsplit(value)
    return None if parts.scheme in ("http", "https") and parts.hostname else "missing host in url"


def python_regex(pattern: str) -> str:
    """A PCRE or Rust pattern in Python's syntax (named groups are spelled differently)."""
    return re.sub(r"\(\?<(?![=!])", "(?P<", pattern)


def regex(value: str) -> str | None:
    """The error of a string that is not a regular expression."""
    try:
        re.compile(python_regex(value))
    except re.error:
        return f"invalid regex '{value}'"
    return None


def _some_non_empty(config: dict[str, Any]) -> str | None:
    if config.get("allow") or config.get("deny"):
        return None
    return "at least one of these fields must be non-empty: 'config.allow', 'config.deny'"


def _only_one(config: dict[str, Any]) -> str | None:
    if bool(config.get("allow")) != bool(config.get("deny")):
        return None
    return "exactly one of these fields must be non-empty: 'config.allow', 'config.deny'"


def _some_period(config: dict[str, Any]) -> str | None:
    periods = ("second", "minute", "hour", "day", "month", "year")
    given = [(period, config[period]) for period in periods if config.get(period)]
    if not given:
        names = ", ".join(f"'config.{period}'" for period in periods)
        return f"at least one of these fields must be non-empty: {names}"
    for (lower, less), (upper, more) in itertools.pairwise(given):
        if more < less:
            return f"The limit for {upper}({more:.1f}) cannot be lower than the limit for {lower}({less:.1f})"
    return None


def _termination(config: dict[str, Any]) -> str | None:
    if config.get("message") and (config.get("content_type") or config.get("body")):
        return "message cannot be used with content_type or body"
    if config.get("content_type") and not config.get("body"):
        return "content_type requires a body"
    return None


def _log_headers(config: dict[str, Any]) -> str | None:
    names = {name.lower() for name in config.get("headers") or {}}
    for banned in ("Host", "Content-Length", "Content-Type"):
        if banned.lower() in names:
            return f"cannot contain '{banned}' header"
    if "authorization" in names and urlsplit(config["http_endpoint"]).username:
        return "specifying both an 'Authorization' header and user info in 'http_endpoint' is not allowed"
    return None


@dataclass(frozen=True)
class PluginSchema:
    """A plugin's configuration, its execution priority and whether it may be scoped to a consumer."""

    priority: int
    fields: dict[str, Field]
    check: Callable[[dict[str, Any]], str | None] | None = None
    consumer_scope: bool = True


PERIOD = number(between=(0.001, 1e12))
METHODS = ("GET", "HEAD", "PUT", "PATCH", "POST", "DELETE", "OPTIONS", "TRACE", "CONNECT")
CODE = integer(between=(100, 599))
ADDRESSES = Field("array", element=string(check=ip_or_cidr))
QUEUE = record(
    max_batch_size=integer(1, between=(1, 1_000_000)),
    max_coalescing_delay=number(1, between=(0, 3600)),
    max_entries=integer(10_000, between=(1, 1_000_000)),
    max_bytes=integer(),
    max_retry_time=number(60),
    initial_retry_delay=number(0.01, between=(0.001, 1_000_000)),
    max_retry_delay=number(60, between=(0.001, 1_000_000)),
    concurrency_limit=integer(1, one_of=(-1, 1)),
)

PLUGINS: dict[str, PluginSchema] = {
    "ip-restriction": PluginSchema(
        990, {"allow": ADDRESSES, "deny": ADDRESSES, "status": CODE, "message": string()}, _some_non_empty
    ),
    "request-termination": PluginSchema(
        2,
        {
            "status_code": integer(503, between=(100, 599)),
            "message": string(),
            "content_type": string(),
            "body": string(),
            "echo": boolean(False),
            "trigger": string(),
        },
        _termination,
    ),
    "key-auth": PluginSchema(
        1250,
        {
            "key_names": Field("array", ["apikey"], element=string()),
            "key_in_header": boolean(True),
            "key_in_query": boolean(True),
            "key_in_body": boolean(False),
            "hide_credentials": boolean(False),
            "anonymous": string(),
            "run_on_preflight": boolean(True),
            "realm": string(),
        },
        consumer_scope=False,
    ),
    "jwt": PluginSchema(
        1450,
        {
            "uri_param_names": strings(["jwt"], "set"),
            "cookie_names": strings([], "set"),
            "header_names": strings(["authorization"], "set"),
            "key_claim_name": string(default="iss"),
            "secret_is_base64": boolean(False),
            "claims_to_verify": strings(None, "set", one_of=("exp", "nbf")),
            "anonymous": string(),
            "run_on_preflight": boolean(True),
            "maximum_expiration": number(0, between=(0, 31_536_000)),
            "realm": string(),
        },
        consumer_scope=False,
    ),
    "cors": PluginSchema(
        2000,
        {
            "origins": strings(),
            "headers": strings(),
            "exposed_headers": strings(),
            "methods": Field("array", list(METHODS), element=string(one_of=METHODS)),
            "max_age": number(),
            "credentials": boolean(False),
            "private_network": boolean(False),
            "preflight_continue": boolean(False),
            "allow_origin_absent": boolean(True),
        },
        consumer_scope=False,
    ),
    "rate-limiting": PluginSchema(
        910,
        {
            **dict.fromkeys(("second", "minute", "hour", "day", "month", "year"), PERIOD),
            "limit_by": string(
                default="consumer",
                one_of=("consumer", "credential", "ip", "service", "header", "path", "consumer-group"),
            ),
            "header_name": string(),
            "path": string(),
            "policy": string(default="local", one_of=("local", "cluster", "redis")),
            "fault_tolerant": boolean(True),
            "hide_client_headers": boolean(False),
            "error_code": integer(429),
            "error_message": string(default="API rate limit exceeded"),
            "sync_rate": number(-1),
            "redis": record(host=string(), port=integer(6379), timeout=integer(2000), database=integer(0)),
        },
        _some_period,
    ),
    "http-log": PluginSchema(
        12,
        {
            "http_endpoint": string(required=True, check=url),
            "method": string(default="POST", one_of=("POST", "PUT", "PATCH")),
            "content_type": string(
                default="application/json", one_of=("application/json", "application/json; charset=utf-8")
            ),
            "timeout": number(10_000),
            "keepalive": number(60_000),
            "headers": Field("map", element=string()),
            "custom_fields_by_lua": Field("map", element=string()),
            "queue": QUEUE,
        },
        _log_headers,
    ),
    "acl": PluginSchema(
        950,
        {
            "allow": strings(),
            "deny": strings(),
            "hide_groups_header": boolean(False),
            "include_consumer_groups": boolean(False),
            "always_use_authenticated_groups": boolean(False),
        },
        _only_one,
        consumer_scope=False,
    ),
    "basic-auth": PluginSchema(
        1100,
        {"anonymous": string(), "hide_credentials": boolean(False), "realm": string(default="service")},
        consumer_scope=False,
    ),
    "oauth2": PluginSchema(
        1400,
        {
            "scopes": strings(),
            "mandatory_scope": boolean(False),
            "provision_key": string(),
            "token_expiration": number(7200),
            "enable_authorization_code": boolean(False),
            "enable_implicit_grant": boolean(False),
            "enable_client_credentials": boolean(False),
            "enable_password_grant": boolean(False),
            "hide_credentials": boolean(False),
            "accept_http_if_already_terminated": boolean(False),
            "anonymous": string(),
            "global_credentials": boolean(False),
            "auth_header_name": string(default="authorization"),
            "refresh_token_ttl": number(1_209_600),
            "reuse_refresh_token": boolean(False),
            "pkce": string(default="lax", one_of=("none", "lax", "strict")),
        },
        consumer_scope=False,
    ),
    "request-size-limiting": PluginSchema(
        951,
        {
            "allowed_payload_size": integer(128),
            "size_unit": string(default="megabytes", one_of=("megabytes", "kilobytes", "bytes")),
            "require_content_length": boolean(False),
        },
    ),
    "bot-detection": PluginSchema(
        2500, {"allow": strings([], check=regex), "deny": strings([], check=regex)}, consumer_scope=False
    ),
    "correlation-id": PluginSchema(
        100_001,
        {
            "header_name": string(default="Kong-Request-ID"),
            "generator": string(default="uuid#counter", one_of=("uuid", "uuid#counter", "tracker")),
            "echo_downstream": boolean(False),
        },
    ),
    "prometheus": PluginSchema(
        13,
        {
            "per_consumer": boolean(False),
            "status_code_metrics": boolean(False),
            "latency_metrics": boolean(False),
            "bandwidth_metrics": boolean(False),
            "upstream_health_metrics": boolean(False),
        },
        consumer_scope=False,
    ),
    "file-log": PluginSchema(
        9, {"path": string(required=True), "reopen": boolean(False), "custom_fields_by_lua": Field("map")}
    ),
}
