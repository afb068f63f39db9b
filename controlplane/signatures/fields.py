"""Split a request into the named fields rules look at. Sizes are bounded; nothing is evaluated twice."""

from __future__ import annotations

import re
from collections.abc import Iterator
from urllib.parse import unquote_to_bytes

import msgspec

from .types import Field, RequestParts

MAX_FIELDS = 400
"""Fields read per request; later ones are not evaluated."""
MAX_VALUE = 16_384
"""Characters read per value; longer values are cut."""
MAX_DEPTH = 32
"""Nesting of a JSON body that is followed."""

_OPAQUE_HEADERS = frozenset(
    [
        "host", "accept", "accept-charset", "accept-encoding", "connection", "content-length", "keep-alive",
        "proxy-connection", "authorization", "date", "age", "if-modified-since", "if-unmodified-since",
        "sec-ch-ua", "sec-ch-ua-platform", "sec-ch-ua-mobile", "sec-fetch-site", "sec-fetch-mode",
        "sec-fetch-dest", "sec-fetch-user", "upgrade-insecure-requests", "dnt", "te", "traceparent",
        "tracestate", "x-amzn-trace-id", "x-forwarded-port", "x-forwarded-proto", "x-real-ip",
        "x-request-id", "cf-ray",
    ]
)  # fmt: skip
"""Headers whose grammar leaves no room for a payload or whose content is a credential."""
_ORDINARY_NAME = re.compile(r"[A-Za-z]+(?:_[A-Za-z]+)*\d{0,2}\Z|\d{1,6}\Z")
_PART_HEADER = re.compile(r"(?im)^content-disposition:\s*form-data(?P<rest>.*)$")
_PART_NAME = re.compile(r"""\bname=(?:"([^"]*)"|'([^']*)'|([^;\s]+))""")
_PART_FILE = re.compile(r"""\bfilename\*?=(?:"([^"\r\n]*)"?|'([^'\r\n]*)'|([^;\r\n]+))""")
_XML_TAG = re.compile(r"<[^<>]*>")
_XML_ATTRIBUTE = re.compile(r"""[\w:.-]+\s*=\s*(?:"([^"]*)"|'([^']*)')""")


def _text(raw: bytes) -> str:
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError:
        return raw.decode("latin-1")


def _unquote(value: str) -> str:
    value = value.replace("+", " ")
    return _text(unquote_to_bytes(value)) if "%" in value else value


def _pairs(raw: str, place: str) -> Iterator[Field]:
    for pair in raw.split("&"):
        if not pair:
            continue
        name, equals, value = pair.partition("=")
        shown = _unquote(name)[:80]
        if not equals:
            yield Field(place, place, _unquote(name))
            continue
        if not _ORDINARY_NAME.match(name):
            yield Field(f"{place}_name", f"{place} name", _unquote(name))
        yield Field(place, f"{place}.{shown}", _unquote(value))


def _json_leaves(node: object, path: str, depth: int) -> Iterator[Field]:
    if depth > MAX_DEPTH:
        return
    if isinstance(node, dict):
        for key, child in node.items():
            name = str(key)
            if not _ORDINARY_NAME.match(name):
                yield Field("body_name", "body name", name)
            yield from _json_leaves(child, f"{path}.{name[:40]}", depth + 1)
    elif isinstance(node, list):
        for child in node:
            yield from _json_leaves(child, f"{path}[]", depth + 1)
    elif isinstance(node, str):
        yield Field("body", path, node)


def _multipart(body: str) -> Iterator[Field]:
    first = body.lstrip().split("\n", 1)[0].strip()
    for part in body.split(first) if first.startswith("--") else [body]:
        head, _, content = part.partition("\r\n\r\n") if "\r\n\r\n" in part else part.partition("\n\n")
        found = _PART_HEADER.search(head)
        if not found:
            if part.strip(" -\r\n"):
                yield Field("part_header", "body part header", head.strip())
            continue
        rest = found.group("rest")
        name = next((g for m in _PART_NAME.finditer(rest) for g in m.groups() if g is not None), "")
        for file_name in _PART_FILE.finditer(rest):
            yield Field(
                "filename",
                f"body.{name[:40]} file name",
                next(g for g in file_name.groups() if g is not None),
            )
        if not _ORDINARY_NAME.match(name):
            yield Field("body_name", "body name", name)
        yield Field("part_header", "body part header", head.strip())
        yield Field("body", f"body.{name[:40]}", content.strip("\r\n-"))


def _xml(body: str) -> Iterator[Field]:
    yield Field("xml", "body", body)
    for tag in _XML_TAG.finditer(body):
        for attribute in _XML_ATTRIBUTE.finditer(tag.group()):
            value = attribute.group(1) if attribute.group(1) is not None else attribute.group(2)
            if value and not tag.group().startswith("<?"):
                yield Field("body", "body attribute", value)
    for text in _XML_TAG.split(body):
        if text.strip():
            yield Field("body", "body text", text.strip())


def _body(parts: RequestParts, content_type: str) -> Iterator[Field]:
    body = _text(parts.body) if isinstance(parts.body, bytes) else (parts.body or "")
    if not body.strip():
        return
    start = body.lstrip()[:1]
    if "multipart/" in content_type:
        yield from _multipart(body)
    elif "xml" in content_type and start == "<":
        yield from _xml(body)
    elif start in "{[" and "form-urlencoded" not in content_type:
        try:
            yield from _json_leaves(msgspec.json.decode(body), "body", 0)
        except (msgspec.DecodeError, RecursionError):
            yield Field("body", "body", body)
    elif "form-urlencoded" in content_type or (not content_type and "=" in body):
        yield from _pairs(body, "body")
    else:
        yield Field("body", "body", body)


def _headers(parts: RequestParts) -> Iterator[Field]:
    for name, value in parts.headers:
        key = name.lower()
        if key == "cookie":
            for crumb in value.split(";"):
                label, _, content = crumb.strip().partition("=")
                yield Field("cookie_name", "cookie name", label)
                if content:
                    yield Field("cookie", f"cookie.{label[:40]}", content)
        elif key in ("user-agent", "referer", "content-type"):
            yield Field(key.replace("-", "_"), f"header.{key}", value)
        elif key not in _OPAQUE_HEADERS:
            yield Field("header", f"header.{key}", value)


def split(parts: RequestParts) -> list[Field]:
    """Fields of a request, at most `MAX_FIELDS`, each value cut at `MAX_VALUE` characters."""
    content_type = (parts.content_type or "").lower()
    if not content_type:
        content_type = next(
            (value.lower() for name, value in parts.headers if name.lower() == "content-type"), ""
        )
    fields = [Field("method", "method", parts.method), Field("path", "path", parts.path.replace("+", " "))]
    for source in (_pairs(parts.query, "query"), _body(parts, content_type), _headers(parts)):
        for field in source:
            if not field.value:
                continue
            if len(fields) >= MAX_FIELDS:
                return fields
            if len(field.value) > MAX_VALUE:
                field = Field(field.place, field.name, field.value[:MAX_VALUE])
            fields.append(field)
    return fields
