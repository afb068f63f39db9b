"""Replace sensitive values by keyed tokens: `~<class>.<16 hex of HMAC-SHA256(key, value)>`.

Equal values under one key give equal tokens, so redacted traffic can still be grouped and joined; without the key
a token tells only the class.
"""

from __future__ import annotations

import hmac
import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Any
from urllib.parse import quote, unquote, unquote_plus

import re2  # type: ignore[import-untyped, unused-ignore]

from .classifier import Classifier, encodable
from .definitions import Definition, options
from .types import DataClass

TOKEN = re.compile(r"~([a-z0-9_]{2,40})\.[0-9a-f]{16}")
"""A redaction token; its group is the class id."""
_REDACTED_LEVELS = frozenset(("confidential", "restricted"))
_RESTRICTED = frozenset(("restricted",))
#: No issuer writes a shorter secret; names this short are not looked at.
_SHORTEST_NAME = 12
_SHORTEST_SEGMENT = 6
_MAX_KNOWN = 100_000
_MAX_KEYS = 16_384
Known = dict[str, tuple[str, list[str]]]
"""What became of the pieces of one batch under one key."""
_PAIR = re.compile(
    r"""["']?(?P<name>[A-Za-z_][\w.-]{1,60})["']?\s{0,3}[:=]\s{0,3}"""
    r"""(?:"(?P<double>(?:[^"\\]|\\.){1,4096})"|'(?P<single>[^']{1,4096})'|(?P<bare>[^\s,;&"'{}<>\[\]]{1,4096}))"""
)


@dataclass(frozen=True, slots=True)
class _TextScanner:
    """Patterns of classes that can be recognised inside text, with a set that tells which can match."""

    matcher: Any
    owners: tuple[tuple[Definition, Any], ...]

    @staticmethod
    def build(classifier: Classifier, levels: frozenset[str]) -> _TextScanner:
        """Compile the text patterns of a classifier's redacted classes."""
        matcher, owners = re2.Set.SearchSet(options()), []
        for definition in classifier.definitions:
            if definition.text and definition.data_class.level in levels:
                matcher.Add(definition.text)
                owners.append((definition, re2.compile(definition.text, options())))
        matcher.Compile()
        return _TextScanner(matcher, tuple(owners))


def token(data_class: DataClass, value: str, key: bytes) -> str:
    """The replacement of one value."""
    digest = hmac.digest(key, value.encode("utf-8", "surrogatepass"), "sha256").hex()
    return f"~{data_class.id}.{digest[:16]}"


class Redactor:
    """Redaction of texts, paths and query strings with one classifier."""

    def __init__(self, classifier: Classifier, levels: frozenset[str] = _REDACTED_LEVELS) -> None:
        """Compile the text patterns of `classifier` for classes of these levels."""
        self._classifier, self._levels = classifier, levels
        self._scanner = _TextScanner.build(classifier, levels)
        self._keys: dict[str, tuple[str, DataClass | None]] = {}

    @staticmethod
    def load() -> Redactor:
        """The redactor over the shipped classes, compiled once per process."""
        return _shipped(_REDACTED_LEVELS)

    @staticmethod
    def restricted() -> Redactor:
        """The redactor over the shipped restricted classes: for names, which may well be an address of somebody."""
        return _shipped(_RESTRICTED)

    def redact_text(self, text: str, key: bytes) -> tuple[str, list[str]]:
        """`text` with sensitive values replaced, and the ids of the classes found (one per replaced value)."""
        text = encodable(text)
        spans: list[tuple[int, int, DataClass]] = []
        matched = self._scanner.matcher.Match(text.encode())
        if not matched and ":" not in text and "=" not in text:
            return text, []
        for index in matched or ():
            definition, pattern = self._scanner.owners[index]
            for match in pattern.finditer(text):
                start, end = match.span(pattern.groupindex.get("value", 0))
                if definition.checksum is None or definition.checksum(text[start:end]):
                    spans.append((start, end, definition.data_class))
        if ":" in text or "=" in text:
            spans.extend(self._pair_spans(text))
        return _replace(text, spans, key)

    def _pair_spans(self, text: str) -> list[tuple[int, int, DataClass]]:
        spans = []
        for match in _PAIR.finditer(text):
            data_class = self._sensitive(match.group("name"), match.group(match.lastgroup or "bare"))
            if data_class:
                spans.append((*match.span(match.lastgroup or "bare"), data_class))
        return spans

    def _sensitive(self, name: str, value: str) -> DataClass | None:
        data_class = self._classifier.classify_value(name, value)
        return data_class if data_class and data_class.level in self._levels else None

    def redact_path(self, path: str, key: bytes, known: Known | None = None) -> tuple[str, list[str]]:
        """A URL path with sensitive segments replaced (percent-decoded for recognition; structure kept).

        `known` (one per batch and key, it holds values in clear) keeps what became of segments that paths share.
        """
        known = {} if known is None else known
        found: list[str] = []
        segments = path.split("/")
        for position, segment in enumerate(segments):
            if len(segment) < _SHORTEST_SEGMENT:
                continue
            result = known.get(segment)
            if result is None:
                result = _keep(known, segment, self._segment(segment, key))
            segments[position] = result[0]
            found += result[1]
        return "/".join(segments), found

    def _segment(self, segment: str, key: bytes) -> tuple[str, list[str]]:
        if TOKEN.fullmatch(segment):
            return segment, []
        found: list[str] = []
        head, semicolon, parameters = segment.partition(";")
        if semicolon and "=" in parameters:
            parameters, found = self.redact_query(parameters, key)
        plain = unquote(head)
        data_class = self._sensitive("", plain)
        if data_class:
            head = token(data_class, plain, key)
            found = [*found, data_class.id]
        else:
            replaced, inner = self.redact_text(plain, key)
            if inner:
                head = quote(replaced, safe="~@:!$&'()*+,;=")
                found = found + inner
        return head + semicolon + parameters, found

    def redact_query(self, query: str, key: bytes, known: Known | None = None) -> tuple[str, list[str]]:
        """A raw query string with sensitive values and names that are secrets replaced; order and separators stay.

        Values under secret keys (token, apikey, password, session ...) are always replaced. `known` is as in
        `redact_path`, for the pairs that queries share.
        """
        known = {} if known is None else known
        found: list[str] = []
        pairs = query.split("&")
        for position, pair in enumerate(pairs):
            result = known.get(pair)
            if result is None:
                result = _keep(known, pair, self._pair(pair, key))
            pairs[position] = result[0]
            found += result[1]
        return "&".join(pairs), found

    def _pair(self, pair: str, key: bytes) -> tuple[str, list[str]]:
        found: list[str] = []
        name, equals, raw = pair.partition("=")
        if not equals:
            raw, name = name, ""
        key_name, secret = self._key(name)
        if len(name) >= _SHORTEST_NAME:
            safe, found = self.redact_text(key_name, key)
            if found:
                name = quote(safe, safe="~")
        if not raw or TOKEN.fullmatch(raw):
            return name + equals + raw, found
        plain = unquote_plus(raw) if "%" in raw or "+" in raw else raw
        data_class = secret or self._sensitive(key_name, plain)
        if data_class:
            return name + equals + token(data_class, plain, key), [*found, data_class.id]
        replaced, inner = self.redact_text(plain, key)
        if inner:
            return name + equals + quote(replaced, safe="~"), found + inner
        return name + equals + raw, found

    def _key(self, name: str) -> tuple[str, DataClass | None]:
        """The decoded name of a parameter, and the class of its values when they are secrets whatever they are."""
        known = self._keys.get(name)
        if known is None:
            plain = unquote_plus(name)
            known = (plain, self._classifier.secret_name(plain) if name else None)
            if len(self._keys) >= _MAX_KEYS:
                self._keys.clear()
            self._keys[name] = known
        return known


def _keep(known: Known, text: str, result: tuple[str, list[str]]) -> tuple[str, list[str]]:
    if len(known) >= _MAX_KNOWN:
        known.clear()
    known[text] = result
    return result


def _replace(text: str, spans: list[tuple[int, int, DataClass]], key: bytes) -> tuple[str, list[str]]:
    """Replace spans from left to right; of overlapping spans the earliest, then the longest one counts."""
    spans.sort(key=lambda span: (span[0], -span[1]))
    out, found, position = [], [], 0
    for start, end, data_class in spans:
        if start < position:
            # A longer secret may begin inside a replaced one: what sticks out is replaced as well.
            if end <= position:
                continue
            start = position
        out += [text[position:start], token(data_class, text[start:end], key)]
        found.append(data_class.id)
        position = end
    return "".join([*out, text[position:]]), found


@lru_cache(maxsize=2)
def _shipped(levels: frozenset[str]) -> Redactor:
    return Redactor(Classifier.load(), levels)
