"""OpenAPI 2.0, 3.0 and 3.1 documents as configuration; broken documents load as far as they can be read."""

from __future__ import annotations

from connectors.base.errors import VendorAnswerError
from connectors.base.formats import LoadedDocument
from connectors.file.openapi.document import parse
from connectors.file.openapi.model import snapshot_of

__all__ = ["load", "looks_like_openapi"]

_MARKS = (b'"openapi"', b'"swagger"', b"openapi:", b"swagger:")


def looks_like_openapi(head: bytes, filename: str) -> float:
    """The version field every OpenAPI document has, usually at its top; ``paths`` as a weaker sign."""
    if b"_format_version" in head:
        return 0.0
    first = head.lstrip()[:1]
    if any(mark in head for mark in _MARKS) and first in (
        b"{",
        b"o",
        b"s",
        b"#",
        b"-",
        b"i",
        b"'",
        b'"',
        b"%",
    ):
        return 0.95
    named = filename.lower().endswith((".yaml", ".yml", ".json"))
    return 0.5 if named and (b'"paths"' in head or b"\npaths:" in head) else 0.0


def load(data: bytes, filename: str, host: str) -> LoadedDocument:
    """Services, routes, authentication and parameters of a document, and each error with its line.

    Raises ``VendorAnswerError`` when no part of the document could be read.
    """
    document = parse(data)
    if document.root is None:
        first = document.errors[0]
        where = f" (line {first.line})" if first.line else ""
        raise VendorAnswerError(
            f"{filename or 'The document'} could not be read{where}: {first.detail}",
            unchanged="Nothing was imported.",
            action="Upload an OpenAPI 2.0, 3.0 or 3.1 document as JSON or YAML.",
        )
    return snapshot_of(document, filename, host)
