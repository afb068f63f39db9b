"""A web request as WAFv2 sees it, and the request components and text transformations rules inspect.

Source: AWS WAF Developer Guide, "Request components in AWS WAF" and "Using text transformations in AWS WAF".
"""

import base64
import binascii
import html
import posixpath
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, unquote_to_bytes

import orjson

BODY_LIMIT = 16 * 1024
"""Bytes of the body WAF inspects by default for API Gateway."""


@dataclass(frozen=True)
class WebRequest:
    """One HTTP request. ``uri`` is the raw path, ``query`` the raw query string; headers keep order and
    case.
    """

    method: str
    uri: str
    query: str
    headers: tuple[tuple[str, str], ...]
    body: bytes
    client_ip: str
    time_ms: int
    request_id: str
    host: str = ""
    country: str = "-"
    asn: int = 0
    ja3: str = ""
    ja4: str = ""
    http_version: str = "HTTP/1.1"
    labels: set[str] = field(default_factory=set)

    def header(self, name: str) -> str | None:
        """The first header of that name, any case; None when absent."""
        wanted = name.lower()
        return next((value for key, value in self.headers if key.lower() == wanted), None)


def _json_values(document: Any, scope: str) -> list[bytes]:
    if isinstance(document, dict):
        keys = [str(key).encode() for key in document] if scope in ("ALL", "KEY") else []
        return keys + [item for value in document.values() for item in _json_values(value, scope)]
    if isinstance(document, list):
        return [item for value in document for item in _json_values(value, scope)]
    return [str(document).encode()] if scope in ("ALL", "VALUE") else []


def _json_body(request: WebRequest, options: dict[str, Any]) -> list[bytes]:
    try:
        return _json_values(orjson.loads(request.body[:BODY_LIMIT]), options.get("MatchScope", "ALL"))
    except orjson.JSONDecodeError:
        fallback = options.get("InvalidFallbackBehavior", "EVALUATE_AS_STRING")
        return [request.body[:BODY_LIMIT]] if fallback == "EVALUATE_AS_STRING" else []


def _pairs(items: list[tuple[str, str]], options: dict[str, Any]) -> list[bytes]:
    scope, pattern = (options.get("MatchScope", "ALL"), options.get("MatchPattern") or {"All": {}})
    included = {
        name.lower() for key in ("IncludedHeaders", "IncludedCookies") for name in pattern.get(key, [])
    }
    excluded = {
        name.lower() for key in ("ExcludedHeaders", "ExcludedCookies") for name in pattern.get(key, [])
    }
    found = []
    for name, value in items:
        if (included and name.lower() not in included) or name.lower() in excluded:
            continue
        found += [name.encode()] if scope in ("ALL", "KEY") else []
        found += [value.encode()] if scope in ("ALL", "VALUE") else []
    return found


def _cookies(request: WebRequest) -> list[tuple[str, str]]:
    raw = request.header("cookie") or ""
    return [(n.strip(), v) for n, _, v in (part.partition("=") for part in raw.split(";")) if n.strip()]


def components(request: WebRequest, field_to_match: dict[str, Any]) -> list[bytes]:
    """The byte strings a ``FieldToMatch`` selects; empty when the component is absent."""
    ((kind, options),) = field_to_match.items()
    options = options or {}
    arguments = parse_qsl(request.query, keep_blank_values=True)
    plain: dict[str, Callable[[], list[bytes]]] = {
        "Method": lambda: [request.method.encode()],
        "UriPath": lambda: [request.uri.encode()],
        "QueryString": lambda: [request.query.encode()],
        "Body": lambda: [request.body[:BODY_LIMIT]],
        "JsonBody": lambda: _json_body(request, options),
        "AllQueryArguments": lambda: [part.encode() for pair in arguments for part in pair],
        "Headers": lambda: _pairs(list(request.headers), options),
        "Cookies": lambda: _pairs(_cookies(request), options),
        "HeaderOrder": lambda: [":".join(name.lower() for name, _ in request.headers).encode()],
        "JA3Fingerprint": lambda: [request.ja3.encode()] if request.ja3 else [],
        "JA4Fingerprint": lambda: [request.ja4.encode()] if request.ja4 else [],
    }
    if kind == "SingleHeader":
        value = request.header(options["Name"])
        return [] if value is None else [value.encode()]
    if kind == "SingleQueryArgument":
        return [v.encode() for n, v in arguments if n.lower() == options["Name"].lower()]
    return plain[kind]() if kind in plain else []


def _base64(value: bytes) -> bytes:
    try:
        return base64.b64decode(value, validate=True)
    except (binascii.Error, ValueError):
        return value


def _normalize_path(value: bytes) -> bytes:
    text = value.decode("latin-1")
    normal = posixpath.normpath(re.sub(r"/{2,}", "/", text)) if text else text
    return (normal + ("/" if text.endswith("/") and normal != "/" else "")).encode("latin-1")


TRANSFORMATIONS: dict[str, Callable[[bytes], bytes]] = {
    "NONE": lambda value: value,
    "LOWERCASE": bytes.lower,
    "URL_DECODE": lambda value: unquote_to_bytes(value.replace(b"+", b" ")),
    "URL_DECODE_UNI": lambda value: unquote_to_bytes(value.replace(b"+", b" ")),
    "HTML_ENTITY_DECODE": lambda value: html.unescape(value.decode("latin-1")).encode("utf-8", "replace"),
    "COMPRESS_WHITE_SPACE": lambda value: re.sub(rb"\s+", b" ", value),
    "CMD_LINE": lambda value: re.sub(rb"[\s,;]+", b" ", re.sub(rb"[\\\"'^]", b"", value)).lower(),
    "NORMALIZE_PATH": _normalize_path,
    "BASE64_DECODE": _base64,
    "REMOVE_NULLS": lambda value: value.replace(b"\0", b""),
    "REPLACE_COMMENTS": lambda value: re.sub(rb"/\*.*?(\*/|$)", b" ", value, flags=re.DOTALL),
}


def transformed(value: bytes, transformations: list[dict[str, Any]]) -> bytes:
    """``value`` after the transformations in their priority order; unknown ones leave it as it is."""
    for step in sorted(transformations, key=lambda item: item.get("Priority", 0)):
        value = TRANSFORMATIONS.get(step.get("Type", "NONE"), TRANSFORMATIONS["NONE"])(value)
    return value
