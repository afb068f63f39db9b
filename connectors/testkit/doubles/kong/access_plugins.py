"""The access-phase plugins other than authentication.

Source: each plugin's reference page; messages and statuses as its handler answers them.
"""

import ipaddress
import re
import threading
from collections.abc import Callable
from functools import lru_cache
from typing import Any

from werkzeug.wrappers import Response

from connectors.testkit.doubles.kong import authentication
from connectors.testkit.doubles.kong.exchange import Exchange
from connectors.testkit.doubles.kong.store import Entity, Store

UNITS = {"megabytes": 1 << 20, "kilobytes": 1 << 10, "bytes": 1}
PERIODS_S = {"second": 1, "minute": 60, "hour": 3600, "day": 86_400, "month": 2_592_000, "year": 31_536_000}
KNOWN_BOTS = (r"(?i)^curl/bot", r"facebookexternalhit", r"(?i)scrapy", r"nikto", r"(?i)ahrefsbot")


def bot_detection(exchange: Exchange, config: Entity, _store: Store) -> Response | None:
    """403 for denied user agents; the allow list wins."""
    agent = exchange.header("user-agent") or ""
    if any(re.search(pattern, agent) for pattern in config["allow"] or []):
        return None
    if any(re.search(pattern, agent) for pattern in [*(config["deny"] or []), *KNOWN_BOTS]):
        return exchange.refuse(403, "Forbidden")
    return None


def cors(exchange: Exchange, config: Entity, _store: Store) -> Response | None:
    """Add CORS headers; answer preflight requests."""
    origin, origins = exchange.header("origin"), config["origins"] or ["*"]
    if origin and ("*" in origins or any(origin == o or re.fullmatch(o, origin) for o in origins)):
        wildcard = "*" in origins and not config["credentials"]
        exchange.response_headers["Access-Control-Allow-Origin"] = "*" if wildcard else origin
        if config["credentials"]:
            exchange.response_headers["Access-Control-Allow-Credentials"] = "true"
    if exchange.method == "OPTIONS" and exchange.header("access-control-request-method"):
        exchange.response_headers["Access-Control-Allow-Methods"] = ",".join(config["methods"])
        return None if config["preflight_continue"] else Response(status=200)
    return None


@lru_cache(maxsize=256)
def _networks(addresses: tuple[str, ...]) -> tuple[Any, ...]:
    return tuple(ipaddress.ip_network(address, strict=False) for address in addresses)


def _within(address: str, addresses: list[str]) -> bool:
    parsed = ipaddress.ip_address(address)
    return any(
        parsed.version == network.version and parsed in network for network in _networks(tuple(addresses))
    )


def ip_restriction(exchange: Exchange, config: Entity, _store: Store) -> Response | None:
    """Deny first, then allow, on the client address after trusted_ips."""
    refusal = (config["status"] or 403, config["message"] or "Your IP address is not allowed")
    if config["deny"] and _within(exchange.client_ip, config["deny"]):
        return exchange.refuse(*refusal)
    if config["allow"] and not _within(exchange.client_ip, config["allow"]):
        return exchange.refuse(*refusal)
    return None


def request_size_limiting(exchange: Exchange, config: Entity, _store: Store) -> Response | None:
    """417/413 for large bodies."""
    if len(exchange.body) > config["allowed_payload_size"] * UNITS[config["size_unit"]]:
        return exchange.refuse(413, "Request size limit exceeded")
    return None


def acl(exchange: Exchange, config: Entity, store: Store) -> Response | None:
    """403 unless the consumer's groups fit."""
    if exchange.consumer is None:
        return exchange.refuse(401, "Unauthorized")
    groups = {a["group"] for a in store.all("acls") if a["consumer"]["id"] == exchange.consumer["id"]}
    if config["deny"] and groups & set(config["deny"]):
        return exchange.refuse(403, "You cannot consume this service")
    if config["allow"] and not groups & set(config["allow"]):
        return exchange.refuse(403, "You cannot consume this service")
    return None


class RateLimiter:
    """Fixed-window counters of the rate-limiting plugin with policy ``local``. Safe for threads."""

    def __init__(self) -> None:
        self._counts: dict[tuple[str, str, str, int], int] = {}
        self._lock = threading.Lock()

    def run(self, exchange: Exchange, plugin: Entity) -> Response | None:
        """429 once a period's limit is used up; adds the RateLimit headers."""
        config = plugin["config"]
        identifier = _limited_by(exchange, config)
        for period, length in PERIODS_S.items():
            limit = config[period]
            if not limit:
                continue
            window = exchange.time_ms // 1000 // length
            with self._lock:
                key = (plugin["id"], identifier, period, window)
                used = self._counts.get(key, 0)
                self._counts[key] = used + 1
                if len(self._counts) > 50_000:
                    self._counts.clear()
            remaining = max(0, int(limit) - used - 1)
            if not config["hide_client_headers"]:
                exchange.response_headers[f"X-RateLimit-Limit-{period.title()}"] = f"{limit:g}"
                exchange.response_headers[f"X-RateLimit-Remaining-{period.title()}"] = str(remaining)
            if used >= limit:
                exchange.response_headers["Retry-After"] = str(length - exchange.time_ms // 1000 % length)
                return exchange.refuse(config["error_code"], config["error_message"])
        return None


def _limited_by(exchange: Exchange, config: Entity) -> str:
    kind = config["limit_by"]
    if kind == "consumer" and exchange.consumer:
        return str(exchange.consumer["id"])
    if kind == "credential" and exchange.credential_id:
        return exchange.credential_id
    if kind == "service" and exchange.service:
        return str(exchange.service["id"])
    if kind == "header" and config["header_name"]:
        return exchange.header(config["header_name"]) or exchange.client_ip
    if kind == "path" and config["path"] == exchange.path:
        return exchange.path
    return exchange.client_ip


def request_termination(exchange: Exchange, config: Entity, _store: Store) -> Response | None:
    """Answer instead of the upstream."""
    trigger = config["trigger"]
    if trigger and not exchange.header(trigger) and f"{trigger}=" not in exchange.query:
        return None
    if config["body"]:
        content_type = config["content_type"] or "application/json; charset=utf-8"
        return Response(config["body"], status=config["status_code"], content_type=content_type)
    messages = {503: "Service unavailable", 403: "Forbidden", 404: "Not found"}
    default = messages.get(config["status_code"], "An unexpected error occurred")
    return exchange.refuse(config["status_code"], config["message"] or default)


def correlation_id(exchange: Exchange, config: Entity, _store: Store) -> Response | None:
    """Send a request id upstream."""
    if exchange.header(config["header_name"]) is None:
        exchange.headers.append((config["header_name"], exchange.request_id))
    if config["echo_downstream"]:
        exchange.response_headers[config["header_name"]] = exchange.header(config["header_name"]) or ""
    return None


ACCESS: dict[str, Callable[[Exchange, Entity, Store], Response | None]] = {
    "bot-detection": bot_detection,
    "cors": cors,
    "jwt": authentication.jwt,
    "key-auth": authentication.key_auth,
    "basic-auth": authentication.basic_auth,
    "ip-restriction": ip_restriction,
    "request-size-limiting": request_size_limiting,
    "acl": acl,
    "correlation-id": correlation_id,
    "request-termination": request_termination,
}
"""rate-limiting keeps counters and is run by its ``RateLimiter``; log plugins run after the answer."""
