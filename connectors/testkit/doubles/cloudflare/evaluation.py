"""Expressions evaluated on one request. A value that is missing makes its comparison false, as at Cloudflare."""

from collections.abc import Mapping
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import Any
from urllib.parse import unquote

import re2

from connectors.testkit.doubles.cloudflare.expression_parser import Node


@dataclass(frozen=True)
class EdgeRequest:
    """A request as the edge sees it; header names are lower case."""

    method: str
    host: str
    path: str
    query: str
    headers: tuple[tuple[str, str], ...]
    client_ip: str
    country: str
    asn: int
    ja4: str

    def header(self, name: str) -> list[str]:
        """All values of a header."""
        return [value for found, value in self.headers if found == name]


def holds(node: Node, request: EdgeRequest, lists: Mapping[str, tuple[Any, ...]]) -> bool:
    """Whether an expression holds for a request; ``lists`` are the account's by name."""
    return bool(_value(node, request, lists))


def _value(node: Node, request: EdgeRequest, lists: Mapping[str, tuple[Any, ...]]) -> Any:
    if node.kind == "field":
        return _field(node.name, request)
    if node.kind == "key":
        return request.header(str(node.value))
    parts = [_value(part, request, lists) for part in node.parts]
    if node.kind == "each":
        return parts[0] or []
    if node.kind in ("literal", "set"):
        return node.value
    if node.kind == "list":
        return lists.get(node.name, ())
    if node.kind == "not":
        return [not value for value in parts[0]] if node.many else not parts[0]
    if node.kind in ("and", "or"):
        return (all if node.kind == "and" else any)(parts)
    if node.kind == "call" and node.name in ("any", "all"):
        return any(parts[0]) if node.name == "any" else bool(parts[0]) and all(parts[0])
    rest = parts[1:]
    if node.many:
        return [_apply(node, [value, *rest]) for value in parts[0]]
    return _apply(node, parts)


def _apply(node: Node, values: list[Any]) -> Any:
    if values[0] is None:
        return None
    return _FUNCTIONS[node.name](*values) if node.kind == "call" else _OPERATORS[node.name](*values)


def _field(name: str, request: EdgeRequest) -> Any:
    target = f"{request.path}?{request.query}" if request.query else request.path
    return {
        "ip.src": ip_address(request.client_ip),
        "ip.src.country": request.country or None,
        "ip.src.asnum": request.asn or None,
        "http.host": request.host,
        "http.request.method": request.method,
        "http.request.uri": target,
        "http.request.uri.path": request.path,
        "http.request.uri.query": request.query,
        "http.request.full_uri": f"https://{request.host}{target}",
        "http.user_agent": next(iter(request.header("user-agent")), None),
        "http.referer": next(iter(request.header("referer")), None),
        "cf.bot_management.ja4": request.ja4 or None,
        "cf.threat_score": 0,
        "ssl": True,
    }.get(name)


def _is_in(value: Any, members: tuple[Any, ...]) -> bool:
    if isinstance(value, IPv4Address | IPv6Address):
        return any(value.version == member.version and value in member for member in members)
    return value in members


def _wildcard(value: str, pattern: str) -> bool:
    parts: list[str] = []
    position = 0
    while position < len(pattern):
        character = pattern[position]
        if character == "\\":
            position += 1
            parts.append(re2.escape(pattern[position : position + 1]))
        else:
            parts.append("(?s:.*)" if character == "*" else re2.escape(character))
        position += 1
    return re2.fullmatch("".join(parts), value) is not None


_OPERATORS: dict[str, Any] = {
    "eq": lambda value, other: value == other,
    "ne": lambda value, other: value != other,
    "lt": lambda value, other: value < other,
    "le": lambda value, other: value <= other,
    "gt": lambda value, other: value > other,
    "ge": lambda value, other: value >= other,
    "contains": lambda value, other: other in value,
    "matches": lambda value, other: re2.search(other, value) is not None,
    "in": _is_in,
    "wildcard": lambda value, other: _wildcard(value.lower(), other.lower()),
    "strict wildcard": _wildcard,
}
_FUNCTIONS: dict[str, Any] = {
    "lower": lambda value: "".join(c.lower() if c.isascii() else c for c in value),
    "upper": lambda value: "".join(c.upper() if c.isascii() else c for c in value),
    "url_decode": unquote,
    "starts_with": lambda value, other: value.startswith(other),
    "ends_with": lambda value, other: value.endswith(other),
}
