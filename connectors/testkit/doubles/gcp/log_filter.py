"""The Logging query language as far as clients of requests and audit logs use it.

Comparisons ``field op value`` with ``= != > >= < <= : =~``, a list of alternatives in parentheses after ``=`` or ``:``,
``AND``, ``OR``, ``NOT`` and parentheses; a missing operator between comparisons is AND, OR binds tighter than AND.
Source: "Logging query language".
"""

import re
from collections.abc import Callable, Mapping
from typing import Any

Fits = Callable[[Mapping[str, Any]], bool]

_TOKEN = re.compile(
    r'\s*(?:(?P<string>"(?:[^"\\]|\\.)*")|(?P<operator>>=|<=|!=|=~|!~|[=:<>()])|(?P<word>[^\s=:<>()"!]+))'
)


class FilterError(Exception):
    """The filter cannot be read."""


def parse_filter(text: str) -> Fits:
    """A predicate over entries; ``FilterError`` when the text is none."""
    tokens: list[tuple[str, str]] = []
    position = 0
    while text[position:].strip():
        found = _TOKEN.match(text, position)
        if found is None or not found.lastgroup:
            raise FilterError(f"at {text[position:][:20]!r}")
        tokens.append((found.lastgroup, found[found.lastgroup]))
        position = found.end()
    if not tokens:
        return lambda entry: True
    parser = _Parser(tokens)
    fits = parser.all_of()
    if tokens:
        raise FilterError(f"unexpected {tokens[0][1]!r}")
    return fits


class _Parser:
    def __init__(self, tokens: list[tuple[str, str]]) -> None:
        self._tokens = tokens

    def all_of(self) -> Fits:
        """Comparisons joined by AND."""
        parts = [self._any_of()]
        while self._tokens and self._tokens[0][1] != ")":
            if self._tokens[0] == ("word", "AND"):
                self._tokens.pop(0)
            parts.append(self._any_of())
        return lambda entry: all(part(entry) for part in parts)

    def _any_of(self) -> Fits:
        parts = [self._one()]
        while self._tokens and self._tokens[0] == ("word", "OR"):
            self._tokens.pop(0)
            parts.append(self._one())
        return lambda entry: any(part(entry) for part in parts)

    def _one(self) -> Fits:
        kind, text = self._next()
        if (kind, text) == ("word", "NOT"):
            inside = self._one()
            return lambda entry: not inside(entry)
        if text == "(":
            grouped = self.all_of()
            self._expect(")")
            return grouped
        if kind != "word":
            raise FilterError(f"unexpected {text!r}")
        operator = self._next()[1]
        if operator not in (">=", "<=", "!=", "=~", "=", ":", "<", ">"):
            raise FilterError(f"{operator!r} is no comparison")
        values = self._values()
        return lambda entry: any(_compare(_field(entry, text), operator, value) for value in values)

    def _values(self) -> list[str]:
        if self._tokens and self._tokens[0][1] == "(":
            self._next()
            values = [self._value()]
            while self._tokens and self._tokens[0] == ("word", "OR"):
                self._next()
                values.append(self._value())
            self._expect(")")
            return values
        return [self._value()]

    def _value(self) -> str:
        kind, text = self._next()
        if kind == "operator":
            raise FilterError(f"unexpected {text!r}")
        return re.sub(r"\\(.)", r"\1", text[1:-1]) if kind == "string" else text

    def _expect(self, text: str) -> None:
        if self._next()[1] != text:
            raise FilterError(f"expected {text!r}")

    def _next(self) -> tuple[str, str]:
        if not self._tokens:
            raise FilterError("it ends too early")
        return self._tokens.pop(0)


def _field(entry: Mapping[str, Any], path: str) -> Any:
    found: Any = entry
    for name in path.split("."):
        found = found.get(name) if isinstance(found, Mapping) else None
    return found


def _compare(found: Any, operator: str, value: str) -> bool:
    if operator == ":":
        return found is not None and (value == "*" or value.lower() in str(found).lower())
    if found is None:
        return operator == "!="
    text = str(found).lower() if isinstance(found, bool) else str(found)
    if operator == "=~":
        return re.search(value, text) is not None
    # Times compare as texts: all are UTC with nine digits after the point.
    if operator in ("=", "!="):
        return (text == value) is (operator == "=")
    bound = _padded(value)
    return {">": text > bound, ">=": text >= bound, "<": text < bound, "<=": text <= bound}[operator]


def _padded(value: str) -> str:
    """A time with as many digits after the point as entries have."""
    moment = re.fullmatch(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d{1,9}))?Z", value)
    return f"{moment[1]}.{(moment[2] or '').ljust(9, '0')}Z" if moment else value
