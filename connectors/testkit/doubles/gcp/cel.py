"""Cloud Armor's rules language: read an expression and refuse what the language does not have.

Source: "Configure custom rules language attributes" (operations, attributes, at most five subexpressions);
Cloud Armor quotas (2,048 characters in an expression, 1,024 in a subexpression).
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from connectors.testkit.doubles.cel_text import CelError, Cursor, compiled, literal

ATTRIBUTES: dict[str, type] = {
    "origin.ip": str,
    "origin.user_ip": str,
    "origin.region_code": str,
    "origin.asn": int,
    "origin.tls_ja3_fingerprint": str,
    "origin.tls_ja4_fingerprint": str,
    "request.method": str,
    "request.path": str,
    "request.query": str,
    "request.scheme": str,
}
#: Functions on a string: the types of their arguments and of their result.
METHODS: dict[str, tuple[tuple[type, ...], type]] = {
    "contains": ((str,), bool),
    "startsWith": ((str,), bool),
    "endsWith": ((str,), bool),
    "matches": ((str,), bool),
    "lower": ((), str),
    "upper": ((), str),
    "urlDecode": ((), str),
    "base64Decode": ((), str),
}
FUNCTIONS: dict[str, tuple[int, int, type]] = {
    "inIpRange": (2, 2, bool),
    "evaluatePreconfiguredWaf": (1, 2, bool),
    "evaluatePreconfiguredExpr": (1, 2, bool),
    "evaluateAddressGroup": (2, 3, bool),
    "evaluateThreatIntelligence": (1, 3, bool),
    "evaluateAdaptiveProtection": (1, 1, bool),
    "evaluateAdaptiveProtectionAutoDeploy": (0, 0, bool),
    "size": (1, 1, int),
    "int": (1, 1, int),
}
MOST_CHARACTERS, MOST_SUBEXPRESSIONS, MOST_IN_SUBEXPRESSION = 2048, 5, 1024


@dataclass(frozen=True)
class Node:
    """One step of an expression: ``kind`` with its parts, and the type it gives."""

    kind: str  # or, and, not, compare, add, attribute, header, has, literal, method, call, list, map
    value: Any
    parts: tuple["Node", ...]
    type: type


def parse(text: str) -> Node:
    """The expression; ``CelError`` for anything the language does not have, or past its limits."""
    if len(text) > MOST_CHARACTERS:
        raise CelError(f"expression has {len(text)} characters, the limit is {MOST_CHARACTERS}")
    parser = _Parser(text)
    found = parser.either()
    if parser.ahead() is not None:
        raise CelError(f"syntax error: extraneous input '{parser.ahead()}'")
    if found.type is not bool:
        raise CelError("expression must evaluate to a boolean")
    leaves = subexpressions(found)
    if len(leaves) > MOST_SUBEXPRESSIONS:
        raise CelError(f"expression has {len(leaves)} subexpressions, the limit is {MOST_SUBEXPRESSIONS}")
    if any(_length(leaf) > MOST_IN_SUBEXPRESSION for leaf in leaves):
        raise CelError(f"a subexpression is longer than {MOST_IN_SUBEXPRESSION} characters")
    return found


def subexpressions(node: Node) -> list[Node]:
    """The conditions that ``&&``, ``||`` and ``!`` join."""
    if node.kind in ("or", "and", "not"):
        return [leaf for part in node.parts for leaf in subexpressions(part)]
    return [node]


def _length(node: Node) -> int:
    own = len(str(node.value)) if node.value is not None else 2
    return own + sum(_length(part) for part in node.parts)


class _Parser(Cursor):
    """Recursive descent over the tokens of one expression."""

    def either(self) -> Node:
        """``a || b``."""
        return self._joined("or", "||", self._both)

    def _both(self) -> Node:
        return self._joined("and", "&&", self._negated)

    def _joined(self, kind: str, operator: str, inside: Callable[[], Node]) -> Node:
        parts = [inside()]
        while self.ahead() == operator:
            self._take(operator)
            parts.append(inside())
        if len(parts) == 1:
            return parts[0]
        if any(part.type is not bool for part in parts):
            raise CelError(f"found no matching overload for '_{operator}_'")
        return Node(kind, None, tuple(parts), bool)

    def _negated(self) -> Node:
        if self.ahead() == "!":
            self._take("!")
            inside = self._negated()
            if inside.type is not bool:
                raise CelError("found no matching overload for '!_'")
            return Node("not", None, (inside,), bool)
        return self._compared()

    def _compared(self) -> Node:
        left = self._sum()
        operator = self.ahead()
        if operator not in ("==", "!=", "<", "<=", ">", ">="):
            return left
        self._take(operator)
        right = self._sum()
        if left.type is not right.type or (operator not in ("==", "!=") and left.type is not int):
            raise CelError(f"found no matching overload for '_{operator}_'")
        return Node("compare", operator, (left, right), bool)

    def _sum(self) -> Node:
        left = self._primary()
        while self.ahead() == "+":
            self._take("+")
            right = self._primary()
            if left.type is not str or right.type is not str:
                raise CelError("found no matching overload for '_+_'")
            left = Node("add", None, (left, right), str)
        return left

    def _primary(self) -> Node:
        kind, text = self._next()
        if kind == "string":
            node = Node("literal", literal(text), (), str)
        elif kind == "number":
            node = Node("literal", int(text) if text.isdigit() else float(text), (), int)
        elif text == "(":
            node = self.either()
            self._take(")")
        elif text in ("[", "{"):
            return self._collection(text)
        elif kind == "name" and text in ("true", "false"):
            return Node("literal", text == "true", (), bool)
        elif kind == "name" and self.ahead() == "(":
            return self._called(text)
        elif kind == "name":
            node = self._attribute(text)
        else:
            raise CelError(f"syntax error: mismatched input '{text}'")
        while self.ahead() == ".":
            node = self._method(node)
        return node

    def _attribute(self, first: str) -> Node:
        self._take(".")
        name = f"{first}.{self._next()[1]}"
        if name == "request.headers":
            self._take("[")
            kind, text = self._next()
            self._take("]")
            key = literal(text) if kind == "string" else ""
            if not key or key != key.lower():
                raise CelError("keys of request.headers are lower case string literals")
            return Node("header", key, (), str)
        if name not in ATTRIBUTES:
            raise CelError(f"undeclared reference to '{name}'")
        return Node("attribute", name, (), ATTRIBUTES[name])

    def _method(self, target: Node) -> Node:
        self._take(".")
        name = self._next()[1]
        arguments = self._arguments()
        if name not in METHODS or target.type is not str:
            raise CelError(f"found no matching overload for '{name}'")
        expected, result = METHODS[name]
        if tuple(argument.type for argument in arguments) != expected:
            raise CelError(f"found no matching overload for '{name}'")
        if name == "matches":
            compiled(str(arguments[0].value) if arguments[0].kind == "literal" else "")
        return Node("method", name, (target, *arguments), result)

    def _called(self, name: str) -> Node:
        arguments = self._arguments()
        if name == "has":
            if len(arguments) != 1 or arguments[0].kind != "header":
                raise CelError("invalid argument to has() macro")
            return Node("has", arguments[0].value, (), bool)
        if name not in FUNCTIONS:
            raise CelError(f"undeclared reference to '{name}'")
        fewest, most, result = FUNCTIONS[name]
        if not fewest <= len(arguments) <= most:
            raise CelError(f"found no matching overload for '{name}'")
        return Node("call", name, arguments, result)

    def _arguments(self) -> tuple[Node, ...]:
        self._take("(")
        found: list[Node] = []
        while self.ahead() != ")":
            if found:
                self._take(",")
            found.append(self.either())
        self._take(")")
        return tuple(found)

    def _collection(self, opening: str) -> Node:
        closing = "]" if opening == "[" else "}"
        parts: list[Node] = []
        while self.ahead() != closing:
            if parts:
                self._take(",")
            parts.append(self._primary())
            if opening == "{":
                self._take(":")
                parts.append(self._primary())
        self._take(closing)
        return Node("list" if opening == "[" else "map", None, tuple(parts), list)
