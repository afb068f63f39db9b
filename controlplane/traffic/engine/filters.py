"""A ``CallFilter`` as a condition with bound parameters; no value ever becomes SQL text."""

from __future__ import annotations

import re
from typing import Any

from connectors.base.evaluate import template_pattern
from controlplane.traffic.engine.sql import Sql
from controlplane.traffic.types import CallFilter, Window

_TOKEN = re.compile(r"\\.|\.\+|\$$", re.DOTALL)
#: RE2 and Java differ in what `.` leaves out and in whether `$` stands before a last line break.
_SAME_EVERYWHERE = {".+": r"[^\n]+", "$": r"\z"}


def matching(window: Window, where: CallFilter) -> Sql:
    """The condition with its values."""
    parts, values = _conditions(where)
    return Sql(" AND ".join(["ts >= ?", "ts < ?", *parts]), (window.start, window.end, *values))


def _pattern(template: str) -> str:
    """``template_pattern`` in words that RE2 and Java read alike."""
    return _TOKEN.sub(lambda found: _SAME_EVERYWHERE.get(found[0], found[0]), template_pattern(template))


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
            parts.append(f"list_contains(CAST(? AS VARCHAR[]), {column})")
            values.append(list(several))
    if where.template is not None:
        parts.append("regexp_matches(path, ?)")
        values.append(_pattern(where.template))
    for template in where.except_templates:
        parts.append("NOT regexp_matches(path, ?)")
        values.append(_pattern(template))
    if where.either:
        alternatives = [_conditions(alternative) for alternative in where.either]
        parts.append(
            "(" + " OR ".join(f"({' AND '.join(inner) or 'true'})" for inner, _ in alternatives) + ")"
        )
        values += [value for _, held in alternatives for value in held]
    return parts, values
