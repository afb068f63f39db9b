"""Rules-language expressions as trees, with the types of fields and functions checked as Cloudflare's parser does.

Source: Ruleset Engine, Rules language: "Fields", "Operators and grouping symbols", "Functions", "Values". A subset:
what is not listed here is refused, never ignored.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from ipaddress import ip_address, ip_network

import re2

from connectors.testkit.doubles.cloudflare.expression_tokens import ExpressionError, Token, tokens

MAX_LENGTH = 4096

#: Fields by type. A map holds arrays of strings.
FIELDS = {
    "ip.src": "ip",
    "ip.src.country": "string",
    "ip.src.asnum": "int",
    "http.host": "string",
    "http.request.method": "string",
    "http.request.uri": "string",
    "http.request.uri.path": "string",
    "http.request.uri.query": "string",
    "http.request.full_uri": "string",
    "http.user_agent": "string",
    "http.referer": "string",
    "http.request.headers": "map",
    "cf.bot_management.ja4": "string",
    "cf.bot_management.verified_bot": "bool",
    "cf.tls_client_auth.cert_verified": "bool",
    "cf.threat_score": "int",
    "ssl": "bool",
}
#: Functions: types of the arguments, and what they give.
FUNCTIONS = {
    "lower": (("string",), "string"),
    "upper": (("string",), "string"),
    "url_decode": (("string",), "string"),
    "starts_with": (("string", "string"), "bool"),
    "ends_with": (("string", "string"), "bool"),
    "any": (("bools",), "bool"),
    "all": (("bools",), "bool"),
}
_OPERATORS = {
    "eq": "eq", "==": "eq", "ne": "ne", "!=": "ne", "contains": "contains", "matches": "matches", "~": "matches",
    "in": "in", "wildcard": "wildcard", "lt": "lt", "<": "lt", "le": "le", "<=": "le", "gt": "gt", ">": "gt",
    "ge": "ge", ">=": "ge",
}  # fmt: skip
_BAD_WILDCARD = re.compile(r"^(?:[^\\*]|\\[\\*]|\*(?!\*))*(?:\*\*|\\(?![\\*]))")
_ALLOWED = {
    "string": {"eq", "ne", "contains", "matches", "in", "wildcard", "strict wildcard"},
    "ip": {"eq", "ne", "in"},
    "int": {"eq", "ne", "lt", "le", "gt", "ge", "in"},
    "bool": set[str](),
}


@dataclass(frozen=True)
class Node:
    """One part of an expression: what it is, what it gives, whether it stands for many values, its parts."""

    kind: str  # field, key, call, literal, compare, not, and, or
    name: str
    type: str
    many: bool = False
    parts: tuple["Node", ...] = ()
    value: object = None


@dataclass
class Uses:
    """What an expression needs of plan and account."""

    fields: set[str] = field(default_factory=set)
    lists: set[str] = field(default_factory=set)
    regex: bool = False


def parse(text: str) -> tuple[Node, Uses]:
    """The tree of an expression and what it uses; ``ExpressionError`` says what is wrong with it."""
    if len(text) > MAX_LENGTH:
        raise ExpressionError(f"the expression has {len(text)} characters; {MAX_LENGTH} are allowed")
    parser = _Parser(tokens(text))
    root = parser.any_of()
    if parser.left:
        raise ExpressionError(f"unexpected {parser.left[0].text!r}")
    if root.type != "bool" or root.many:
        raise ExpressionError("the expression does not give a boolean")
    return root, parser.uses


class _Parser:
    def __init__(self, words: list[Token]) -> None:
        self.left = words
        self.uses = Uses()

    def any_of(self) -> Node:
        return self._joined("or", ("or", "||"), self._all_of)

    def _all_of(self) -> Node:
        return self._joined("and", ("and", "&&"), self._negated)

    def _joined(self, kind: str, words: tuple[str, ...], inner: Callable[[], Node]) -> Node:
        parts = [inner()]
        while self._take(*words):
            parts.append(inner())
        if len(parts) == 1:
            return parts[0]
        if any(part.type != "bool" for part in parts):
            raise ExpressionError(f"both sides of {kind} have to be boolean")
        return Node(kind, kind, "bool", any(part.many for part in parts), tuple(parts))

    def _negated(self) -> Node:
        if self._take("not", "!"):
            inner = self._negated()
            if inner.type != "bool":
                raise ExpressionError("not takes a boolean")
            return Node("not", "not", "bool", inner.many, (inner,))
        if self._take("("):
            inner = self.any_of()
            self._expect(")")
            return inner
        return self._comparison()

    def _comparison(self) -> Node:
        left = self._value()
        operator = self._operator()
        if operator is None:
            return left
        if left.type not in _ALLOWED or operator not in _ALLOWED[left.type]:
            raise ExpressionError(f"{operator} cannot be used on {left.name} ({left.type})")
        right = self._set(left.type) if operator == "in" else self._literal(left.type)
        if operator == "matches":
            self.uses.regex = True
            try:
                re2.compile(str(right.value))
            except re2.error as error:
                raise ExpressionError(f"invalid regular expression: {error}") from error
        if "wildcard" in operator and _BAD_WILDCARD.search(str(right.value)):
            raise ExpressionError(
                "invalid wildcard pattern: two * in a row, or an escape other than \\* and \\\\"
            )
        return Node("compare", operator, "bool", left.many, (left, right))

    def _operator(self) -> str | None:
        if self._take("strict"):
            self._expect("wildcard")
            return "strict wildcard"
        if self.left and self.left[0].kind in ("name", "symbol") and self.left[0].text in _OPERATORS:
            return _OPERATORS[self.left.pop(0).text]
        return None

    def _value(self) -> Node:
        if not self.left or self.left[0].kind != "name":
            raise ExpressionError("a field or a function was expected")
        name = self.left.pop(0).text
        if self._take("("):
            return self._indexed(self._call(name))
        if name not in FIELDS:
            raise ExpressionError(f"unknown identifier {name!r}")
        self.uses.fields.add(name)
        return self._indexed(Node("field", name, FIELDS[name]))

    def _indexed(self, node: Node) -> Node:
        while self._take("["):
            if node.type == "map":
                key = self.left.pop(0) if self.left else Token("", "")
                if key.kind != "string":
                    raise ExpressionError("a map is indexed by a string")
                node = Node("key", node.name, "array", parts=(node,), value=key.text)
            elif self._take("*") and (node.type == "array" or node.many):
                node = Node("each", node.name, "string" if node.type == "array" else node.type, True, (node,))
            else:
                raise ExpressionError(f"{node.name} cannot be indexed like this")
            self._expect("]")
        return node

    def _call(self, name: str) -> Node:
        if name not in FUNCTIONS:
            raise ExpressionError(f"unknown function {name!r}")
        wanted, gives = FUNCTIONS[name]
        parts: list[Node] = []
        while not self._take(")"):
            if parts:
                self._expect(",")
            parts.append(self.any_of() if not parts else self._literal("string"))
        if len(parts) != len(wanted):
            raise ExpressionError(f"{name} takes {len(wanted)} arguments")
        if wanted[0] == "bools":
            if parts[0].type != "bool" or not parts[0].many:
                raise ExpressionError(f"{name} takes an array of booleans")
            return Node("call", name, gives, False, tuple(parts))
        if parts[0].type != "string":
            raise ExpressionError(f"{name} takes a string")
        return Node("call", name, gives, parts[0].many, tuple(parts))

    def _literal(self, kind: str) -> Node:
        token = self.left.pop(0) if self.left else Token("", "nothing")
        if kind == "string" and token.kind == "string":
            return Node("literal", "literal", "string", value=token.text)
        if kind == "int" and token.kind == "int":
            return Node("literal", "literal", "int", value=int(token.text))
        if kind == "ip" and token.kind in ("address", "name"):
            return Node("literal", "literal", "ip", value=_network(token.text, plain=True))
        raise ExpressionError(f"a {kind} was expected, not {token.text!r}")

    def _set(self, kind: str) -> Node:
        if self.left and self.left[0].kind == "list":
            name = self.left.pop(0).text
            if kind not in ("ip", "int", "string"):
                raise ExpressionError("lists hold addresses, numbers or host names")
            self.uses.lists.add(name)
            return Node("list", name, kind)
        self._expect("{")
        values: list[object] = []
        while not self._take("}"):
            token = self.left.pop(0) if self.left else Token("", "the end")
            if kind == "ip" and token.kind == "address":
                values.append(_network(token.text))
            elif kind == token.kind:
                values.append(int(token.text) if kind == "int" else token.text)
            else:
                raise ExpressionError(f"a {kind} was expected in the set, not {token.text!r}")
        if not values:
            raise ExpressionError("an empty set")
        return Node("set", "set", kind, value=tuple(values))

    def _take(self, *texts: str) -> bool:
        if self.left and self.left[0].kind in ("name", "symbol") and self.left[0].text in texts:
            self.left.pop(0)
            return True
        return False

    def _expect(self, text: str) -> None:
        if not self._take(text):
            found = self.left[0].text if self.left else "the end"
            raise ExpressionError(f"{text!r} was expected, not {found!r}")


def _network(text: str, *, plain: bool = False) -> object:
    try:
        return ip_address(text) if plain else ip_network(text, strict=True)
    except ValueError as error:
        raise ExpressionError(str(error)) from error
