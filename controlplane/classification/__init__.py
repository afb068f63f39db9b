"""Sensitive data: which class a value belongs to, and redaction by keyed tokens. Pure; values are never kept.

`classify_value`, `classify_document`, `redact_text`, `redact_path` and `redact_query` use the shipped classes;
`Classifier` and `Redactor` take a tenant's own definitions as well. `redact_paths`, `redact_queries` and
`redact_texts` work on Arrow columns.
"""

from .classifier import Classifier, DocumentClasses
from .columns import ClassKinds, redact_paths, redact_queries, redact_texts
from .redaction import Redactor, token
from .types import LEVELS, ClassDefinitionError, DataClass, FieldClass, Level


def classify_value(name: str, value: str) -> DataClass | None:
    """The data class of a value under a key (empty when it has none), or None."""
    return Classifier.load().classify_value(name, value)


def classify_document(document: object, max_depth: int = 16, max_keys: int = 2_000) -> list[FieldClass]:
    """Data classes in a JSON-like document, by path; at most `max_keys` leaves to `max_depth` are read."""
    return Classifier.load().classify_document(document, max_depth, max_keys)


def redact_text(text: str, key: bytes) -> tuple[str, list[str]]:
    """Text with sensitive values replaced by `~class.hex`, and the class ids, one per replaced value."""
    return Redactor.load().redact_text(text, key)


def redact_name(name: str, key: bytes) -> str:
    """A name from traffic (of a field or a parameter) with restricted values in it replaced; e-mail addresses stay."""
    return Redactor.restricted().redact_text(name, key)[0]


def redact_path(path: str, key: bytes) -> tuple[str, list[str]]:
    """URL path with sensitive segments replaced, and the class ids found."""
    return Redactor.load().redact_path(path, key)


def redact_query(query: str, key: bytes) -> tuple[str, list[str]]:
    """Raw query string with sensitive values replaced, and the class ids found."""
    return Redactor.load().redact_query(query, key)


__all__ = [
    "LEVELS",
    "ClassDefinitionError",
    "ClassKinds",
    "Classifier",
    "DataClass",
    "DocumentClasses",
    "FieldClass",
    "Level",
    "Redactor",
    "classify_document",
    "classify_value",
    "redact_name",
    "redact_path",
    "redact_paths",
    "redact_queries",
    "redact_query",
    "redact_text",
    "redact_texts",
    "token",
]
