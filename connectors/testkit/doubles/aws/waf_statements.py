"""Whether one WAFv2 rule statement matches a request.

Source: AWS WAF Developer Guide, "Using rule statements in AWS WAF". SQLi and XSS matching is the vendor's
secret (libinjection-like); here a short list of patterns stands for it.
"""

import ipaddress
import re
from base64 import b64decode
from collections import defaultdict, deque
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from connectors.testkit.doubles.aws.web_request import BODY_LIMIT, WebRequest, components, transformed

Statement = dict[str, Any]

SQL_INJECTION = re.compile(
    rb"(?i)('|%27)\s*(or|and)\b.{0,40}(=|like)|union\s+(all\s+)?select|;\s*(drop|insert|update|delete)\s|"
    rb"\b(sleep|benchmark|pg_sleep|waitfor\s+delay)\b\s*[\(']|information_schema|'\s*--|\bor\s+1\s*=\s*1"
)
CROSS_SITE_SCRIPTING = re.compile(rb"(?i)<script|javascript:|on(error|load|click)\s*=|<svg|<iframe")


MAX_RATE_KEYS = 10_000
"""Keys beyond which counters of clients not seen for the longest window are forgotten."""


class AddressSet:
    """Membership of addresses in many networks: one set of integers per prefix length."""

    def __init__(self, addresses: list[str]) -> None:
        self._by_prefix: dict[tuple[int, int], set[int]] = defaultdict(set)
        for address in addresses:
            network = ipaddress.ip_network(address, strict=False)
            shift = network.max_prefixlen - network.prefixlen
            self._by_prefix[(network.version, shift)].add(int(network.network_address) >> shift)

    def __contains__(self, address: str) -> bool:
        try:
            parsed = ipaddress.ip_address(address)
        except ValueError:
            return False
        value, version = int(parsed), parsed.version
        return any(v == version and value >> shift in kept for (v, shift), kept in self._by_prefix.items())


class RateCounters:
    """Sliding-window request counts per (rule, aggregate key)."""

    def __init__(self) -> None:
        self._seen: dict[tuple[str, str], deque[int]] = defaultdict(deque)

    def over(self, rule: str, key: str, now_ms: int, window_s: int, limit: int) -> bool:
        """Count one request; True when more than ``limit`` fell into the last ``window_s`` seconds."""
        if len(self._seen) > MAX_RATE_KEYS:
            self._seen = defaultdict(deque, {k: s for k, s in self._seen.items() if s[-1] > now_ms - 600_000})
        seen = self._seen[(rule, key)]
        seen.append(now_ms)
        while seen and seen[0] <= now_ms - window_s * 1000:
            seen.popleft()
        return len(seen) > limit


@dataclass
class Context:
    """What statements refer to outside the request."""

    addresses: Callable[[str], AddressSet]
    patterns: Callable[[str], list[str]]
    rates: RateCounters = field(default_factory=RateCounters)
    scope: str = ""


@lru_cache(maxsize=2048)
def compiled(pattern: str) -> re.Pattern[bytes]:
    """A compiled regular expression; WAF matches anywhere in the component."""
    return re.compile(pattern.encode())


def _texts(body: Statement, request: WebRequest) -> list[bytes]:
    steps = body.get("TextTransformations") or []
    return [transformed(value, steps) for value in components(request, body["FieldToMatch"])]


def _byte_match(body: Statement, request: WebRequest, _context: Context) -> bool:
    wanted = b64decode(body["SearchString"])
    position = body["PositionalConstraint"]
    tests: dict[str, Callable[[bytes], bool]] = {
        "EXACTLY": lambda text: text == wanted,
        "STARTS_WITH": lambda text: text.startswith(wanted),
        "ENDS_WITH": lambda text: text.endswith(wanted),
        "CONTAINS": lambda text: wanted in text,
        "CONTAINS_WORD": lambda text: (
            re.search(rb"(?<!\w)" + re.escape(wanted) + rb"(?!\w)", text) is not None
        ),
    }
    return _oversize(body, request) or any(tests[position](text) for text in _texts(body, request))


def _oversize(body: Statement, request: WebRequest) -> bool:
    options = (
        (body.get("FieldToMatch") or {}).get("Body") or (body.get("FieldToMatch") or {}).get("JsonBody") or {}
    )
    return options.get("OversizeHandling") == "MATCH" and len(request.body) > BODY_LIMIT


def _regex_match(body: Statement, request: WebRequest, _context: Context) -> bool:
    pattern = compiled(body["RegexString"])
    return _oversize(body, request) or any(pattern.search(text) for text in _texts(body, request))


def _regex_set(body: Statement, request: WebRequest, context: Context) -> bool:
    texts = _texts(body, request)
    return any(compiled(pattern).search(text) for pattern in context.patterns(body["ARN"]) for text in texts)


def _ip_set(body: Statement, request: WebRequest, context: Context) -> bool:
    forwarded = body.get("IPSetForwardedIPConfig")
    address = request.client_ip
    if forwarded:
        chain = [
            part.strip()
            for part in (request.header(forwarded["HeaderName"]) or "").split(",")
            if part.strip()
        ]
        if not chain:
            return bool(forwarded.get("FallbackBehavior") == "MATCH")
        address = chain[-1] if forwarded.get("Position") == "LAST" else chain[0]
    return address in context.addresses(body["ARN"])


def _size(body: Statement, request: WebRequest, _context: Context) -> bool:
    wanted = int(body["Size"])
    tests: dict[str, Callable[[int], bool]] = {
        "EQ": lambda size: size == wanted,
        "NE": lambda size: size != wanted,
        "LE": lambda size: size <= wanted,
        "LT": lambda size: size < wanted,
        "GE": lambda size: size >= wanted,
        "GT": lambda size: size > wanted,
    }
    return any(tests[body["ComparisonOperator"]](len(text)) for text in _texts(body, request))


def _label(body: Statement, request: WebRequest, context: Context) -> bool:
    key = body["Key"]
    if body.get("Scope") == "NAMESPACE":
        return any(f"{key.rstrip(':')}:" in label for label in request.labels)
    return any(
        label == key or label == context.scope + key or label.endswith(":" + key) for label in request.labels
    )


def _aggregate_key(body: Statement, request: WebRequest) -> str:
    kind = body.get("AggregateKeyType", "IP")
    if kind == "IP":
        return request.client_ip
    if kind == "CONSTANT":
        return "*"
    if kind == "FORWARDED_IP":
        return request.header(body["ForwardedIPConfig"]["HeaderName"]) or ""
    parts = []
    for key in body.get("CustomKeys") or []:
        ((name, options),) = key.items()
        simple = {"IP": request.client_ip, "HTTPMethod": request.method, "UriPath": request.uri}
        selector = {"Header": "SingleHeader", "QueryArgument": "SingleQueryArgument"}.get(name, name)
        found = [simple[name].encode()] if name in simple else components(request, {selector: options})
        parts.append(b"|".join(found).decode("latin-1"))
    return "\x1f".join(parts)


def _rate_based(body: Statement, request: WebRequest, context: Context) -> bool:
    if body.get("ScopeDownStatement") and not matches(body["ScopeDownStatement"], request, context):
        return False
    window, limit = int(body.get("EvaluationWindowSec") or 300), int(body["Limit"])
    return context.rates.over(context.scope, _aggregate_key(body, request), request.time_ms, window, limit)


def _search(pattern: re.Pattern[bytes]) -> Callable[[Statement, WebRequest, Context], bool]:
    return lambda body, request, _context: any(pattern.search(text) for text in _texts(body, request))


STATEMENTS: dict[str, Callable[[Statement, WebRequest, Context], bool]] = {
    "ByteMatchStatement": _byte_match,
    "RegexMatchStatement": _regex_match,
    "RegexPatternSetReferenceStatement": _regex_set,
    "IPSetReferenceStatement": _ip_set,
    "GeoMatchStatement": lambda body, request, _c: request.country in body.get("CountryCodes", []),
    "AsnMatchStatement": lambda body, request, _c: request.asn in body.get("AsnList", []),
    "SizeConstraintStatement": _size,
    "SqliMatchStatement": _search(SQL_INJECTION),
    "XssMatchStatement": _search(CROSS_SITE_SCRIPTING),
    "LabelMatchStatement": _label,
    "RateBasedStatement": _rate_based,
    "AndStatement": lambda body, request, c: all(matches(s, request, c) for s in body["Statements"]),
    "OrStatement": lambda body, request, c: any(matches(s, request, c) for s in body["Statements"]),
    "NotStatement": lambda body, request, c: not matches(body["Statement"], request, c),
}


def matches(statement: Statement, request: WebRequest, context: Context) -> bool:
    """Whether ``statement`` matches ``request``. Raises KeyError on a statement kind nobody modelled."""
    ((kind, body),) = statement.items()
    return STATEMENTS[kind](body, request, context)
