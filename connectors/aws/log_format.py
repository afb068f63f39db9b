"""Access-log formats turned round: from a stage's ``accessLogSettings.format`` to the variables of each line.

A format is free text with ``$context.*`` variables (API Gateway Developer Guide, "Set up CloudWatch logging"):
JSON, CLF, CSV, XML or anything else. JSON lines are decoded as JSON. Every format is also a linear-time (RE2)
pattern, which reads the other shapes and salvages JSON lines that are none: API Gateway escapes nothing, so a
quote in a user agent breaks them. ``-`` is AWS's "no value".
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, Final

import msgspec
import re2

#: One ``$context.identity.sourceIp``; names as in the variable reference.
VARIABLE: Final = re.compile(r"\$context\.([A-Za-z0-9_]+(?:\.[A-Za-z0-9_-]+)*)")
#: Lines longer than this are not log lines of a 3 KB template.
MAX_LINE: Final = 64 * 1024

_decode_list = msgspec.json.Decoder(list[dict[str, Any]])
_decode_one = msgspec.json.Decoder(dict[str, Any])

#: Values of the variables of one line, by variable name without ``$context.``.
Variables = dict[str, Any]


@dataclass(frozen=True, slots=True)
class _Pattern:
    """A template as an anchored pattern; ``names[i]`` is the variable of group i + 1."""

    names: tuple[str, ...]
    compiled: Any

    def read(self, text: str) -> Variables | None:
        found = self.compiled.match(text)
        return dict(zip(self.names, found.groups(), strict=True)) if found else None


@dataclass(frozen=True, slots=True)
class LogFormat:
    """A format: for JSON, which variable each key holds; for every format, the pattern of a whole line."""

    text: str
    pattern: _Pattern
    keys: Mapping[tuple[str, ...], str] = field(default_factory=dict)
    mixed: Mapping[tuple[str, ...], _Pattern] = field(default_factory=dict)
    is_json: bool = False

    @property
    def variables(self) -> frozenset[str]:
        """Every variable the format writes."""
        return frozenset(self.pattern.names)

    def read(self, lines: Sequence[bytes]) -> tuple[list[Variables | None], int]:
        """The variables of each line (None: unreadable) and how many lines had to be salvaged."""
        if not self.is_json:
            return [self._matched(line) for line in lines], 0
        documents, broken = decode_lines(lines)
        made: list[Variables | None] = []
        salvaged = 0
        for line, document in zip(lines, documents, strict=True):
            if document is not None:
                made.append(self._from_json(document))
                continue
            found = self._matched(line)
            salvaged += found is not None
            made.append(found)
        return made, salvaged if broken else 0

    def _from_json(self, document: Mapping[str, Any]) -> Variables:
        values: Variables = {}
        for path, name in self.keys.items():
            value: Any = document
            for key in path:
                value = value.get(key) if isinstance(value, dict) else None
            values[name] = value
        for path, pattern in self.mixed.items():
            value = document
            for key in path:
                value = value.get(key) if isinstance(value, dict) else None
            values.update(pattern.read(str(value)) or {})
        return values

    def salvaged(self, line: bytes) -> dict[str, Any] | None:
        """A line that is no JSON, read by the pattern, as the document it should have been."""
        found = self._matched(line)
        if found is None:
            return None
        document: dict[str, Any] = {}
        for path, name in self.keys.items():
            place = document
            for key in path[:-1]:
                place = place.setdefault(key, {})
            place[path[-1]] = found.get(name)
        return document

    def _matched(self, line: bytes) -> Variables | None:
        if len(line) > MAX_LINE:
            return None
        return self.pattern.read(line.decode("utf-8", "replace").strip())


def decode_lines(lines: Sequence[bytes]) -> tuple[list[dict[str, Any] | None], int]:
    """Each line as a JSON object or None, and how many are none. Decodes all at once when all are good."""
    try:
        documents = _decode_list.decode(b"[" + b",".join(lines) + b"]")
        if len(documents) == len(lines):
            return list(documents), 0
    except (msgspec.DecodeError, UnicodeDecodeError):
        pass
    made: list[dict[str, Any] | None] = []
    for line in lines:
        try:
            made.append(_decode_one.decode(line))
        except (msgspec.DecodeError, UnicodeDecodeError):
            made.append(None)
    return made, made.count(None)


@lru_cache(maxsize=256)
def parse_format(text: str) -> LogFormat:
    """The format a stage declares. Raises ``ValueError`` when it names no variable at all."""
    stripped = " ".join(part.strip() for part in text.splitlines()).strip()
    if not VARIABLE.search(stripped):
        raise ValueError("the access-log format names no $context variable")
    pattern = _pattern(stripped)
    document = _as_json(stripped)
    if document is None:
        return LogFormat(stripped, pattern)
    keys: dict[tuple[str, ...], str] = {}
    mixed: dict[tuple[str, ...], _Pattern] = {}
    for path, value in _leaves(document, ()):
        names = VARIABLE.findall(value)
        if len(names) == 1 and VARIABLE.fullmatch(value):
            keys[path] = names[0]
        elif names:
            mixed[path] = _pattern(value)
    return LogFormat(stripped, pattern, keys, mixed, True)


def _pattern(text: str) -> _Pattern:
    parts: list[str] = []
    names: list[str] = []
    position = 0
    for found in VARIABLE.finditer(text):
        parts.append(_literal(text[position : found.start()]))
        parts.append("(.*?)")
        names.append(found.group(1))
        position = found.end()
    parts.append(_literal(text[position:]))
    options = re2.Options()
    options.dot_nl = True
    options.log_errors = False
    return _Pattern(tuple(names), re2.compile(f"^{''.join(parts)}$", options))


def _literal(text: str) -> str:
    """The text between two variables; runs of blanks may differ (a template written over several lines)."""
    return r"\s+".join(re.escape(part) for part in re.split(r"\s+", text)) if text else ""


def _as_json(text: str) -> dict[str, Any] | None:
    """A JSON template as a document; variables outside quotes (numbers) are quoted first."""
    if not text.startswith("{"):
        return None
    parts: list[str] = []
    position, quoted = 0, False
    for found in VARIABLE.finditer(text):
        before = text[position : found.start()]
        quoted ^= len(re.findall(r'(?<!\\)"', before)) % 2 == 1
        parts += [before, found.group(0) if quoted else f'"{found.group(0)}"']
        position = found.end()
    parts.append(text[position:])
    try:
        document = json.loads("".join(parts))
    except ValueError:
        return None
    return document if isinstance(document, dict) else None


def _leaves(value: Any, path: tuple[str, ...]) -> list[tuple[tuple[str, ...], str]]:
    if isinstance(value, dict):
        return [leaf for key, inner in value.items() for leaf in _leaves(inner, (*path, str(key)))]
    return [(path, value)] if isinstance(value, str) else []
