"""A ``CallFilter`` as a condition with bound parameters; no value ever becomes SQL text."""

from __future__ import annotations

from typing import Any

from connectors.base.evaluate import template_pattern
from controlplane.traffic.types import CallFilter, Window


def where_clause(window: Window, where: CallFilter) -> tuple[str, list[Any]]:
    """The condition's text with placeholders, and the values for them in order."""
    parts, values = _conditions(where)
    return " AND ".join(["ts >= ?", "ts < ?", *parts]), [window.start, window.end, *values]


def _conditions(where: CallFilter) -> tuple[list[str], list[Any]]:
    parts: list[str] = []
    values: list[Any] = []
    for column, value in (("connection", where.connection), ("host", where.host)):
        if value is not None:
            parts.append(f"{column} = ?")
            values.append(value)
    for column, several in (
        ("method", where.methods),
        ("principal", where.principals),
        ("client_ip", where.client_ips),
        ("consumer", where.consumers),
        ("call_id", where.call_ids),
    ):
        if several:
            parts.append(f"list_contains(?::VARCHAR[], {column})")
            values.append(list(several))
    if where.template is not None:
        parts.append("regexp_matches(path, ?)")
        values.append(template_pattern(where.template))
    for template in where.except_templates:
        parts.append("NOT regexp_matches(path, ?)")
        values.append(template_pattern(template))
    if where.either:
        alternatives = [_conditions(alternative) for alternative in where.either]
        parts.append(
            "(" + " OR ".join(f"({' AND '.join(inner) or 'true'})" for inner, _ in alternatives) + ")"
        )
        values += [value for _, held in alternatives for value in held]
    return parts, values
