"""Decide which sensitive data class a named value belongs to. Precision first; values are never kept."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import Any

import re2  # type: ignore[import-untyped, unused-ignore]

from .definitions import Definition, define, options, shipped
from .types import ClassDefinitionError, DataClass, FieldClass

MAX_VALUE = 8_192
"""Characters of a value that are read."""
MAX_KNOWN = 100_000
"""Values whose class is kept while a batch is read."""
_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
_SEPARATORS = re.compile(r"[^0-9A-Za-z]+")
_EMPTY = frozenset(("", "true", "false", "null", "none", "nil", "undefined", "n/a", "-", "[]", "{}"))


@lru_cache(maxsize=8192)
def snake_case(name: str) -> str:
    """A key or path's last key in snake_case: `user.homeAddress` becomes `home_address`."""
    last = name.replace("[]", "").rsplit(".", 1)[-1] or name
    return _SEPARATORS.sub("_", _CAMEL.sub("_", last)).strip("_").lower()


def encodable(text: str) -> str:
    """`text` with lone surrogates, which no UTF-8 engine accepts, replaced by question marks."""
    return text if text.isascii() else text.encode("utf-8", "replace").decode("utf-8")


class Classifier:
    """Compiled class definitions; immutable. `Classifier.load()` is the shipped set, compiled once per process."""

    def __init__(self, definitions: Iterable[Definition]) -> None:
        """Compile. Raises `ClassDefinitionError` when an id is used twice."""
        self.definitions = tuple(definitions)
        ids = [definition.data_class.id for definition in self.definitions]
        if len(set(ids)) != len(ids):
            raise ClassDefinitionError(
                "a data class id is defined twice: " + ", ".join({i for i in ids if ids.count(i) > 1})
            )
        self.classes = {definition.data_class.id: definition.data_class for definition in self.definitions}
        self._whole = re2.Set.FullMatchSet(options())
        self._owners: list[Definition] = []
        for definition in self.definitions:
            if definition.pattern is not None and not definition.needs_name:
                self._whole.Add(definition.pattern.pattern)
                self._owners.append(definition)
        self._whole.Compile()
        self._named: dict[str, tuple[Definition, ...]] = {}

    @staticmethod
    def load() -> Classifier:
        """The classifier over the shipped definitions."""
        return _shipped()

    def extended(self, raw: Iterable[dict[str, Any]]) -> Classifier:
        """A classifier with a tenant's own definitions first. Raises `ClassDefinitionError`."""
        return Classifier([*(define(item) for item in raw), *self.definitions])

    def hinted(self, name: str) -> tuple[Definition, ...]:
        """Definitions whose key hints match a name and whose negative hints do not."""
        key = snake_case(name)
        known = self._named.get(key)
        if known is None:
            known = tuple(
                definition
                for definition in self.definitions
                if definition.names is not None
                and definition.names.fullmatch(key)
                and not (definition.negative is not None and definition.negative.fullmatch(key))
            )
            if len(self._named) >= 16_384:
                self._named.clear()
            self._named[key] = known
        return known

    def secret_name(self, name: str) -> DataClass | None:
        """The class of a key whose values are secrets whatever they look like (password, token, session ...)."""
        for definition in self.hinted(name):
            if definition.data_class.category == "secrets":
                return definition.data_class
        return None

    def classify_value(self, name: str, value: str) -> DataClass | None:
        """The data class of one value under a key (empty when it has none), or None."""
        text = encodable(value[:MAX_VALUE].strip())
        if text.lower() in _EMPTY:
            return None
        hinted = self.hinted(name) if name else ()
        matched = self._whole.Match(text.encode())
        if not matched and not hinted:
            return None
        best: tuple[int, Definition] | None = None
        key = snake_case(name) if name else ""
        for index in sorted(matched or ()):
            definition = self._owners[index]
            if (
                key
                and definition not in hinted
                and definition.negative is not None
                and definition.negative.fullmatch(key)
            ):
                continue
            if definition.checksum is None or definition.checksum(text):
                score = 2 + definition.strong + (2 if definition in hinted else 0)
                if best is None or score > best[0]:
                    best = (score, definition)
        for definition in hinted:
            pattern = definition.named_pattern or (definition.pattern if definition.needs_name else None)
            if (
                pattern is None
                or not pattern.fullmatch(text)
                or (definition.checksum and not definition.checksum(text))
            ):
                continue
            score = 2 + definition.strong
            if best is None or score > best[0]:
                best = (score, definition)
        return best[1].data_class if best else None

    def classify_document(
        self, document: object, max_depth: int = 16, max_keys: int = 2_000
    ) -> list[FieldClass]:
        """Data classes found in a JSON-like document, by path and class, sorted; at most `max_keys` leaves are read."""
        found: Counter[tuple[str, str, str]] = Counter()
        for path, node in leaves(document, max_depth, max_keys):
            data_class = self.classify_value(path, str(node))
            if data_class:
                found[path, "string" if isinstance(node, str) else "number", data_class.id] += 1
        return [
            FieldClass(path, kind, self.classes[name], count)
            for (path, kind, name), count in sorted(found.items())
        ]


def leaves(document: object, max_depth: int = 16, max_keys: int = 2_000) -> Iterator[tuple[str, object]]:
    """Path and value of the strings and numbers of a JSON-like document, at most `max_keys` of them."""
    stack: list[tuple[str, object, int]] = [("", document, 0)]
    read = 0
    while stack and read < max_keys:
        path, node, depth = stack.pop()
        if isinstance(node, dict):
            if depth < max_depth:
                stack.extend(
                    (f"{path}.{key}" if path else str(key), child, depth + 1) for key, child in node.items()
                )
        elif isinstance(node, list | tuple):
            if depth < max_depth:
                stack.extend((f"{path}[]", child, depth + 1) for child in node)
        elif node is not None and not isinstance(node, bool):
            read += 1
            yield path, node


class DocumentClasses:
    """Data classes in the documents of one batch: a value that several have under a path is classified once.

    It holds values in clear: keep it no longer than the batch.
    """

    def __init__(self) -> None:
        """Nothing is known yet."""
        self._classifier = Classifier.load()
        self._known: dict[tuple[str, str], DataClass | None] = {}

    def met_in(self, document: object) -> set[tuple[str, DataClass]]:
        """Path and class of what `classify_document` finds."""
        known, found = self._known, set()
        for path, node in leaves(document):
            text = str(node)
            try:
                data_class = known[path, text]
            except KeyError:
                if len(known) >= MAX_KNOWN:
                    known.clear()
                data_class = known[path, text] = self._classifier.classify_value(path, text)
            if data_class:
                found.add((path, data_class))
        return found


@lru_cache(maxsize=1)
def _shipped() -> Classifier:
    return Classifier(shipped())
