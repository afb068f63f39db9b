"""Plugin conditions (Kong Enterprise 3.15 and Konnect): read an expression, refuse what Kong does not have, evaluate it.

Sources: Kong documentation, "Conditional expressions for plugins" (at most 1,024 characters; ``default()`` around the
whole alone; a runtime error answers 500) and "CEL expressions reference" (fields, operators, functions, nulls).
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from connectors.testkit.doubles.cel_text import CelError, Cursor, compiled, literal
from connectors.testkit.doubles.kong.exchange import Exchange

MOST_CHARACTERS = 1024
WITHOUT_CONDITION = ("pre-function", "post-function", "websocket-size-limit", "websocket-validator")

Value = Callable[[Exchange], Any]

FIELDS: dict[str, Value] = {
    "http.method": lambda e: e.method,
    "http.host": lambda e: e.host,
    "http.path": lambda e: e.path,
    "http.path_segments": lambda e: [part for part in e.path.split("/") if part],
    "net.protocol": lambda e: e.scheme,
    "net.src.ip": lambda e: e.client_ip,
    **{
        f"{kind}.{name}": lambda e, k=kind, n=name: (getattr(e, k) or {}).get(n)  # type: ignore[misc]
        for kind, names in {
            "route": ("id", "name", "tags"),
            "service": ("id", "name", "tags"),
            "consumer": ("id", "username", "custom_id", "tags"),
        }.items()
        for name in names
    },
}
"""Fields of a request and of what was matched. Left out: queries, other ``net`` fields, principals, plugins."""

METHODS = {"contains", "startsWith", "endsWith", "matches", "size"}
BOOLEAN = {
    "or",
    "and",
    "not",
    "compare",
    "in",
    "contains",
    "startsWith",
    "endsWith",
    "matches",
    "true",
    "false",
}


@dataclass(frozen=True)
class Expression:
    """A value made of an exchange; ``kind`` tells what makes it."""

    kind: str
    value: Value


@lru_cache(maxsize=256)
def parse(text: str) -> Value:
    """The condition as a function; ``CelError`` for anything Kong would refuse."""
    if len(text) > MOST_CHARACTERS:
        raise CelError(f"length must be at most {MOST_CHARACTERS}")
    parser = _Parser(text)
    found = parser.whole()
    if parser.ahead() is not None:
        raise CelError(f"syntax error: extraneous input '{parser.ahead()}'")
    return found.value


def invalid(text: str) -> str | None:
    """Why a condition is refused when a plugin is written; None when it is taken."""
    try:
        parse(text)
    except CelError as error:
        return f"invalid expression: {error}"
    return None


def runs(plugin: dict[str, Any], exchange: Exchange) -> bool:
    """Whether a plugin runs for a request; ``CelError`` when its condition fails, which Kong answers with 500."""
    text = plugin.get("condition")
    if not text:
        return True
    found = parse(text)(exchange)
    if not isinstance(found, bool):
        raise CelError("the condition is not a boolean")
    return found


class _Parser(Cursor):
    """Recursive descent over one condition."""

    def whole(self) -> Expression:
        """``default(expression, fallback)`` or an expression."""
        if self.ahead() == "default":
            self._take("default")
            self._take("(")
            inside = self.either()
            self._take(",")
            fallback = self.either()
            self._take(")")
            return Expression("default", lambda e: _or_else(inside.value, fallback.value, e))
        found = self.either()
        if found.kind not in BOOLEAN:
            raise CelError("expression must evaluate to a boolean")
        return found

    def either(self) -> Expression:
        """``a || b``; one true side is enough, whatever goes wrong on the other (CEL)."""
        return self._joined("or", "||", self._both, True)

    def _both(self) -> Expression:
        return self._joined("and", "&&", self._negated, False)

    def _joined(
        self, kind: str, operator: str, inside: Callable[[], Expression], decides: bool
    ) -> Expression:
        parts = [inside()]
        while self.ahead() == operator:
            self._take(operator)
            parts.append(inside())
        if len(parts) == 1:
            return parts[0]
        if any(part.kind not in BOOLEAN for part in parts):
            raise CelError(f"found no matching overload for '_{operator}_'")
        return Expression(kind, lambda e: _decided([part.value for part in parts], decides, e))

    def _negated(self) -> Expression:
        if self.ahead() != "!":
            return self._compared()
        self._take("!")
        inside = self._negated()
        if inside.kind not in BOOLEAN:
            raise CelError("found no matching overload for '!_'")
        return Expression("not", lambda e: not inside.value(e))

    def _compared(self) -> Expression:
        left = self._primary()
        operator = self.ahead()
        if operator == "in":
            self._take("in")
            right = self._primary()
            return Expression("in", lambda e: _member(left.value(e), right.value(e)))
        if operator not in ("==", "!="):
            return left
        self._take(operator)
        right = self._primary()
        return Expression("compare", lambda e: (left.value(e) == right.value(e)) is (operator == "=="))

    def _primary(self) -> Expression:
        kind, text = self._next()
        if kind == "string":
            value = literal(text)
            found = Expression("literal", lambda e: value)
        elif text == "(":
            found = self.either()
            self._take(")")
        elif text == "[":
            found = self._list()
        elif text in ("true", "false", "null"):
            constant = {"true": True, "false": False, "null": None}[text]
            found = Expression(text, lambda e: constant)
        elif kind == "name":
            return self._field(text)
        else:
            raise CelError(f"syntax error: mismatched input '{text}'")
        return self._called(found)

    def _list(self) -> Expression:
        parts: list[Expression] = []
        while self.ahead() != "]":
            if parts:
                self._take(",")
            parts.append(self._primary())
        self._take("]")
        return Expression("list", lambda e: [part.value(e) for part in parts])

    def _field(self, name: str) -> Expression:
        """A field's dotted name, as long as no function is called."""
        while name not in FIELDS and not name.startswith("http.headers.") and self.ahead() == ".":
            self._take(".")
            name = f"{name}.{self._next()[1]}"
        if name.startswith("http.headers."):
            header = name.removeprefix("http.headers.")
            if header != header.lower():
                raise CelError("names of headers are lower case")
            return self._called(Expression("field", lambda e: _header(e, header)))
        if name not in FIELDS:
            raise CelError(f"undeclared reference to '{name}'")
        return self._called(Expression("field", FIELDS[name]))

    def _called(self, target: Expression) -> Expression:
        while self.ahead() == ".":
            self._take(".")
            name = self._next()[1]
            self._take("(")
            argument = None if self.ahead() == ")" else self.either()
            self._take(")")
            if name not in METHODS or (argument is None) is not (name == "size"):
                raise CelError(f"found no matching overload for '{name}'")
            target = _method(name, target.value, argument)
        return target


def _method(name: str, target: Value, argument: Expression | None) -> Expression:
    if name == "matches":
        if argument is None or argument.kind != "literal":
            raise CelError("matches() takes a pattern")
        compiled(argument.value(None))  # type: ignore[arg-type]  # a literal needs no exchange

    def run(exchange: Exchange) -> Any:
        own = target(exchange)
        if name == "size" and isinstance(own, list | str):
            return len(own)
        given = argument.value(exchange) if argument else None
        if not isinstance(own, str) or not isinstance(given, str):
            raise CelError(f"no such overload: {name}")
        if name == "matches":
            return compiled(given).search(own.encode()) is not None
        return {
            "contains": given in own,
            "startsWith": own.startswith(given),
            "endsWith": own.endswith(given),
        }[name]

    return Expression(name, run)


def _decided(parts: list[Value], decides: bool, exchange: Exchange) -> bool:
    failed: CelError | None = None
    for part in parts:
        try:
            if (part(exchange) is True) == decides:
                return decides
        except CelError as error:
            failed = error
    if failed:
        raise failed
    return not decides


def _or_else(inside: Value, fallback: Value, exchange: Exchange) -> Any:
    try:
        return inside(exchange)
    except CelError:
        return fallback(exchange)


def _member(value: Any, values: Any) -> bool:
    if not isinstance(values, list):
        raise CelError("no such overload: in")
    return bool(value in values)


def _header(exchange: Exchange, wanted: str) -> str | None:
    """The first value of a header, whose name is written with underscores."""
    return next((v for n, v in exchange.headers if n.lower().replace("-", "_") == wanted), None)
