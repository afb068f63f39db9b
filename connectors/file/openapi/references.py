"""Local ``$ref`` pointers, followed with a limit; and the fields of a schema, flattened."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from connectors.file.openapi.document import Document

_MAX_HOPS: Final = 16
_MAX_DEPTH: Final = 3
_MAX_FIELDS: Final = 300


def escaped(name: object) -> str:
    """A member name as one token of a JSON pointer (RFC 6901)."""
    return str(name).replace("~", "~0").replace("/", "~1")


def resolved(document: Document, value: object, pointer: str) -> Mapping[str, Any] | None:
    """The object behind ``value``; unresolvable or circular references are reported and give None."""
    for _ in range(_MAX_HOPS):
        if not isinstance(value, Mapping):
            return None
        reference = value.get("$ref")
        if not isinstance(reference, str):
            return value
        found = _at(document.root, reference) if reference.startswith("#/") else None
        if found is None:
            what = "points nowhere" if reference.startswith("#") else "points outside of the document"
            document.report(f"$ref {reference} {what}", pointer)
            return None
        value = found
    document.report("$ref leads in a circle", pointer)
    return None


def fields(document: Document, schema: object, pointer: str) -> list[tuple[str, str, bool]]:
    """(dotted name, type, required) of a schema's properties, three levels deep; lists are ``name[]``."""
    found: dict[str, tuple[str, str, bool]] = {}
    for name, kind, required in _walk(document, schema, pointer, "", 0):
        found.setdefault(name, (name, kind, required))
        if len(found) >= _MAX_FIELDS:
            break
    return list(found.values())


def type_of(schema: Mapping[str, Any] | None) -> str:
    """The declared type, with its format: ``string(uuid)``; 3.1's type lists leave out null."""
    if schema is None:
        return ""
    kind = schema.get("type")
    if isinstance(kind, list):
        kind = next((entry for entry in kind if entry != "null"), "")
    declared = kind if isinstance(kind, str) else ""
    form = schema.get("format")
    return f"{declared}({form})" if isinstance(form, str) and form else declared


def _walk(
    document: Document, schema: object, pointer: str, prefix: str, depth: int
) -> Iterator[tuple[str, str, bool]]:
    known = resolved(document, schema, pointer)
    if known is None or depth > _MAX_DEPTH:
        return
    for combined in ("allOf", "oneOf", "anyOf"):
        parts = known.get(combined)
        for number, part in enumerate(parts if isinstance(parts, list) else ()):
            yield from _walk(document, part, f"{pointer}/{combined}/{number}", prefix, depth + 1)
    if "items" in known and prefix:
        yield from _walk(document, known["items"], f"{pointer}/items", f"{prefix}[]", depth + 1)
    properties, required = known.get("properties"), known.get("required")
    for name, child in (properties if isinstance(properties, Mapping) else {}).items():
        place, path = f"{pointer}/properties/{escaped(name)}", f"{prefix}.{name}" if prefix else str(name)
        target = resolved(document, child, place) or {}
        yield path, type_of(target), isinstance(required, list) and name in required
        yield from _walk(document, target, place, path, depth + 1)


def _at(root: object, reference: str) -> object:
    """What a local JSON pointer reference leads to; None when there is nothing."""
    value = root
    for token in reference[2:].split("/"):
        name = token.replace("~1", "/").replace("~0", "~")
        if isinstance(value, Mapping) and name in value:
            value = value[name]
        elif isinstance(value, list) and name.isdigit() and int(name) < len(value):
            value = value[int(name)]
        else:
            return None
    return value
