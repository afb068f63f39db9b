"""Kong's route paths as templates, with what they really match: a prefix, a whole path, or a pattern.

Sources: Kong documentation "Router" (prefix and ``~`` regex paths) and "expressions language" (3.x).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

_NAMED = re.compile(r"^\(\?P?<(\w+)>(.*)\)$", re.DOTALL)
_GROUP = re.compile(r"^\(\??:?(.*)\)$", re.DOTALL)
_LITERAL = re.compile(r"^(?:[\w~!$&',;=:@ %-]|\\[./\-+*?()|\[\]{}^$_~ ])+$")
_WHOLE_TAIL = re.compile(r"^(?:\(?\.[*+]\??\)?)$")
_EXPRESSION_PATH = re.compile(r'http\.path\s*(==|\^=|~)\s*(?:r#"(.*?)"#|"((?:[^"\\]|\\.)*)")', re.DOTALL)
_EXPRESSION_METHOD = re.compile(r'http\.method\s*==\s*"([A-Za-z]+)"')
_EXPRESSION_HOST = re.compile(r'http\.host\s*==\s*"([^"]+)"')

#: A pattern longer than this is not read segment by segment.
_MAX_PATTERN: Final = 2048


@dataclass(frozen=True, slots=True)
class RoutePath:
    """A path template and how Kong matches it: ``exact``, ``prefix`` or (unreadable) ``pattern``."""

    template: str
    match: str


def route_path(path: str) -> RoutePath:
    """The template of one entry of a route's ``paths``."""
    if path.startswith("~"):
        return pattern_path(path[1:])
    return RoutePath(path or "/", "prefix")


def pattern_path(pattern: str) -> RoutePath:
    """A regular expression read segment by segment; variable segments become ``{name}`` or ``{param1}``."""
    body = pattern.removeprefix("^")
    anchored = body.endswith("$") and not body.endswith("\\$")
    body = body[:-1] if anchored else body
    optional_slash = body.endswith("/?")
    body = body[:-2] if optional_slash else body
    segments = _segments(body)
    if len(pattern) > _MAX_PATTERN or segments is None or segments[:1] != [""]:
        return RoutePath(f"/{{pattern:{pattern}}}", "pattern")
    made: list[str] = []
    for number, segment in enumerate(segments[1:], start=1):
        if segment and _WHOLE_TAIL.match(segment) and number == len(segments) - 1:
            return RoutePath("/".join(["", *made]) or "/", "prefix")
        made.append(_segment(segment, number))
    return RoutePath("/" + "/".join(made), "exact" if anchored else "prefix")


def expression_paths(expression: str) -> list[RoutePath]:
    """The paths an ``expressions`` route names; what cannot be told from the text is one catch-all."""
    found: list[RoutePath] = []
    for operator, raw, quoted in _EXPRESSION_PATH.findall(expression):
        text = raw or quoted.replace('\\"', '"').replace("\\\\", "\\")
        if operator == "~":
            found.append(pattern_path(text))
        else:
            found.append(RoutePath(text, "exact" if operator == "==" else "prefix"))
    return found or [RoutePath("/", "prefix")]


def expression_methods(expression: str) -> tuple[str, ...]:
    """Methods an expression compares for equality."""
    return tuple(dict.fromkeys(method.upper() for method in _EXPRESSION_METHOD.findall(expression)))


def expression_hosts(expression: str) -> tuple[str, ...]:
    """Hosts an expression compares for equality."""
    return tuple(dict.fromkeys(_EXPRESSION_HOST.findall(expression)))


def _segments(body: str) -> list[str] | None:
    """Split a pattern at slashes outside of groups and classes; None when brackets do not balance."""
    parts, current, depth, in_class, escaped = [], "", 0, False, False
    for char in body:
        if escaped or char == "\\":
            escaped = not escaped
        elif in_class:
            in_class = char != "]"
        elif char == "[":
            in_class = True
        elif char in "()":
            depth += 1 if char == "(" else -1
        elif char == "/" and depth == 0:
            parts.append(current)
            current = ""
            continue
        current += char
    return None if depth or in_class or escaped else [*parts, current]


def _segment(segment: str, number: int) -> str:
    """One path segment: literal text, or a placeholder."""
    if not segment or _LITERAL.match(segment):
        return re.sub(r"\\(.)", r"\1", segment)
    named = _NAMED.match(segment)
    if named:
        return "{" + named.group(1) + "}"
    group = _GROUP.match(segment)
    inner = group.group(1) if group else segment
    return re.sub(r"\\(.)", r"\1", inner) if _LITERAL.match(inner) else f"{{param{number}}}"
