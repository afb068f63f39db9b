"""Conditions of flows and steps: which paths and methods they let in, and whether they hold for a route.

Source: "Conditions reference" (operators, MatchesPath: ``*`` is one segment, ``**`` any number), "Flow variables".
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

_TOKEN: Final = re.compile(
    r"""\s*("(?:[^"\\]|\\.)*"|\(|\)|&&|\|\||==|!=|:=|>=|<=|=\||~/|~~|=|!|~|>|<|[^\s()"=!<>~&|:]+)"""
)
_OPERATORS: Final = {
    "=": "equals", "==": "equals", "equals": "equals", "is": "equals",
    "!=": "differs", "notequals": "differs", "isnot": "differs",
    ":=": "folds", "equalscaseinsensitive": "folds",
    "~": "glob", "matches": "glob", "like": "glob",
    "~/": "path", "matchespath": "path", "likepath": "path",
    "~~": "regex", "javaregex": "regex",
    "=|": "starts", "startswith": "starts",
    ">": "other", "<": "other", ">=": "other", "<=": "other", "greaterthan": "other", "lesserthan": "other",
    "greaterthanorequals": "other", "lesserthanorequals": "other",
}  # fmt: skip
_LITERAL: Final = re.compile(r'"((?:[^"\\]|\\.)*)"')
_HARMLESS: Final = re.compile(r"/[^?=]*|GET|HEAD|POST|PUT|PATCH|DELETE|OPTIONS|CONNECT|TRACE|")
_VERBS: Final = ("request.verb", "message.verb")
SUFFIX: Final = "proxy.pathsuffix"
_DEEPEST, _MOST_WORDS = 40, 1000


@dataclass(frozen=True, slots=True)
class Compared:
    """One comparison; ``operator`` in the words of ``_OPERATORS``."""

    variable: str
    operator: str
    value: str


@dataclass(frozen=True, slots=True)
class Joined:
    """``and``, ``or`` and ``not`` of what stands inside."""

    word: str
    parts: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Unread:
    """A condition we do not understand: it may hold or not."""


Node = Compared | Joined | Unread


def parsed(text: str) -> Node | None:
    """A condition; None when there is none, ``Unread`` when it cannot be understood."""
    if not text.strip():
        return None
    words = _words(text)
    if words is None:
        return Unread()
    reader = _Reader(words)
    try:
        node = reader.alternatives(0)
    except (IndexError, ValueError):
        return Unread()
    return node if reader.at == len(words) else Unread()


def holds(node: Node | None, suffix: str | None, methods: Sequence[str]) -> bool | None:
    """Whether a condition holds for every request of a route (path suffix as a template), for none, or cannot be told."""
    if node is None:
        return True
    if isinstance(node, Unread):
        return None
    if isinstance(node, Joined):
        inside = [holds(part, suffix, methods) for part in node.parts]
        if node.word == "not":
            return None if inside[0] is None else not inside[0]
        decisive = node.word == "or"
        if decisive in inside:
            return decisive
        return None if None in inside else not decisive
    if node.variable in _VERBS and node.operator in ("equals", "folds", "differs"):
        found = _verb(node.value, methods)
        return found if found is None or node.operator != "differs" else not found
    if node.variable == SUFFIX and suffix is not None:
        return _path(node, suffix)
    return None


def without_values(text: str) -> str:
    """A condition as it is written, but for texts that are neither paths nor methods: they may be secrets."""
    return _LITERAL.sub(lambda found: found[0] if _HARMLESS.fullmatch(found[1]) else '"(not kept)"', text)


def segments(path: str) -> list[str]:
    """The segments of a path; none for the root."""
    return [part for part in path.strip("/").split("/") if part] if path.strip("/") else []


def is_verb(node: Compared) -> bool:
    """Whether it says what the request's method is."""
    return node.variable in _VERBS and node.operator in ("equals", "folds")


def _words(text: str) -> list[str] | None:
    found: list[str] = []
    text, at = text.strip(), 0
    while at < len(text):
        token = _TOKEN.match(text, at)
        if token is None or len(found) > _MOST_WORDS:
            return None
        found.append(token[1])
        at = token.end()
    return found


class _Reader:
    """Recursive descent over the words: ``or`` binds least, then ``and``, then ``not``."""

    def __init__(self, words: list[str]) -> None:
        self._words = words
        self.at = 0

    def alternatives(self, depth: int) -> Node:
        """Terms joined by ``or``."""
        return self._joined("or", ("or", "||"), depth)

    def _joined(self, word: str, signs: tuple[str, ...], depth: int) -> Node:
        if depth > _DEEPEST:
            raise ValueError("nested too deeply")
        parts = [self._joined("and", ("and", "&&"), depth) if word == "or" else self._term(depth)]
        while self.at < len(self._words) and self._words[self.at].lower() in signs:
            self.at += 1
            parts.append(self._joined("and", ("and", "&&"), depth) if word == "or" else self._term(depth))
        return parts[0] if len(parts) == 1 else Joined(word, tuple(parts))

    def _term(self, depth: int) -> Node:
        if depth > _DEEPEST:
            raise ValueError("nested too deeply")
        word = self._next()
        if word.lower() in ("not", "!"):
            return Joined("not", (self._term(depth + 1),))
        if word == "(":
            inside = self.alternatives(depth + 1)
            if self._next() != ")":
                raise ValueError("a bracket is not closed")
            return inside
        operator = _OPERATORS[self._next().lower()] if self._has_operator() else "true"
        value = self._next() if operator != "true" else ""
        return Compared(word, operator, _unquoted(value))

    def _has_operator(self) -> bool:
        return self.at < len(self._words) and self._words[self.at].lower() in _OPERATORS

    def _next(self) -> str:
        self.at += 1
        return self._words[self.at - 1]


def _unquoted(word: str) -> str:
    return re.sub(r"\\(.)", r"\1", word[1:-1]) if word.startswith('"') else word


def _verb(value: str, methods: Sequence[str]) -> bool | None:
    wanted = value.upper()
    if not methods:
        return None
    if wanted not in methods:
        return False
    return True if set(methods) == {wanted} else None


def _path(node: Compared, suffix: str) -> bool | None:
    if node.operator == "path":
        return covers(segments(node.value), segments(suffix))
    if node.operator in ("equals", "differs"):
        found = covers(segments(node.value.replace("*", "\0")), segments(suffix))
        return found if found is None or node.operator == "equals" else not found
    return None


def covers(pattern: Sequence[str], template: Sequence[str]) -> bool | None:
    """Whether a pattern (``*``, ``**``) takes in all paths of a template (``{x}``, ``{x+}``), none (False), or some."""
    if not pattern and not template:
        return True
    if pattern and pattern[0] == "**":
        return bool(template) if len(pattern) == 1 else None
    if not pattern or not template:
        return False
    if template[0].endswith("+}"):
        return None
    wanted, found = pattern[0], template[0]
    here: bool | None = True
    if wanted != "*" and wanted != found:
        here = None if found.startswith("{") else False
    rest = covers(pattern[1:], template[1:])
    if here is False or rest is False:
        return False
    return True if here and rest else None
