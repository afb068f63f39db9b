"""Parse JSON or YAML into values that remember their lines, salvaging what stands before and after damage."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any, Final

import orjson
import yaml

from connectors.base.bounded import check_bounded
from connectors.base.formats import DocumentError, without_quotes

#: How many damaged lines are cut out of a YAML document before giving up.
_MAX_CUTS: Final = 25
_MAX_NODES: Final = 2_000_000
#: Documents beyond this name errors by JSON pointer only: finding lines takes seconds per megabyte.
_MAX_INDEXED: Final = 6 << 20


@dataclass(slots=True)
class Document:
    """A parsed document: ``root`` is None when nothing could be read. Errors are collected."""

    root: dict[str, Any] | None
    text: str
    errors: list[DocumentError] = field(default_factory=list)
    _lines: dict[str, int] | None = None

    def report(self, detail: str, pointer: str = "") -> None:
        """Note something unreadable at a JSON pointer; the line is looked up from it."""
        self.errors.append(DocumentError(detail, self.line(pointer), pointer))

    def line(self, pointer: str) -> int | None:
        """The line a JSON pointer starts at, or its nearest parent; None when the text has no tree."""
        if self._lines is None:
            self._lines = _line_index(self.text)
        while pointer and pointer not in self._lines:
            pointer = pointer.rpartition("/")[0]
        return self._lines.get(pointer)


def parse(data: bytes) -> Document:
    """The document's tree; syntax errors are in ``errors`` with their lines, the rest is still read."""
    text = data.decode("utf-8-sig", errors="replace")
    if text.lstrip()[:1] == "{":
        return _parse_json(text)
    return _parse_yaml(text)


def _parse_json(text: str) -> Document:
    try:
        return _rooted(orjson.loads(text), text, [])
    except (orjson.JSONDecodeError, UnicodeEncodeError):
        pass
    errors: list[DocumentError] = []
    try:
        return _rooted(json.loads(text, strict=False), text, errors)
    except json.JSONDecodeError as error:
        errors.append(DocumentError(f"JSON: {error.msg}", error.lineno))
        position = error.pos
    except RecursionError:
        return Document(None, text, [DocumentError("nested too deeply")])
    loose = _load_yaml(text)  # trailing commas and comments are read by YAML
    if isinstance(loose, dict):
        return _rooted(loose, text, errors)
    return _rooted(_closed_prefix(text, position), text, errors)


def _closed_prefix(text: str, position: int) -> Any:
    """The value up to the last complete element before ``position``, its open brackets closed."""
    stack: list[str] = []
    cuts: list[tuple[int, str]] = []
    in_string = escaped = False
    for offset, char in enumerate(text[:position]):
        if in_string:
            if escaped:
                escaped = False
            elif char == "\\":
                escaped = True
            elif char == '"':
                in_string = False
        elif char == '"':
            in_string = True
        elif char in "{[":
            stack.append("}" if char == "{" else "]")
            cuts.append((offset + 1, "".join(reversed(stack))))
        elif char in "}]" and stack:
            stack.pop()
            cuts.append((offset + 1, "".join(reversed(stack))))
        elif char == ",":
            cuts.append((offset, "".join(reversed(stack))))
    for offset, closing in reversed(cuts[-200:]):
        try:
            return json.loads(text[:offset] + closing, strict=False)
        except (json.JSONDecodeError, RecursionError):
            continue
    return None


def _parse_yaml(text: str) -> Document:
    """Load; at a syntax error blank the damaged line, note it and try again, keeping line numbers true."""
    lines = text.split("\n")
    errors: list[DocumentError] = []
    for _ in range(_MAX_CUTS):
        try:
            return _rooted(_plain_values("\n".join(lines)), "\n".join(lines), errors)
        except yaml.MarkedYAMLError as error:
            mark = error.problem_mark or error.context_mark
            if mark is None:
                break
            number = min(mark.line, len(lines) - 1)
            while number > 0 and not lines[number].strip():
                number -= 1
            errors.append(
                DocumentError(f"YAML: {without_quotes(error.problem or 'syntax error')}", number + 1)
            )
            if not lines[number].strip():
                break
            lines[number] = ""
        except (yaml.YAMLError, RecursionError, ValueError) as error:
            errors.append(DocumentError(f"YAML: {without_quotes(str(error))[:200]}"))
            break
    return Document(None, text, errors or [DocumentError("no YAML or JSON document")])


def _load_yaml(text: str) -> Any:
    try:
        return _plain_values(text)
    except (yaml.YAMLError, RecursionError, ValueError):
        return None


class _Plain(yaml.CSafeLoader):
    """Safe YAML without anchors expanded into bombs: dates stay text, which is what OpenAPI means."""

    yaml_implicit_resolvers = {
        first: [(tag, pattern) for tag, pattern in entries if tag != "tag:yaml.org,2002:timestamp"]
        for first, entries in yaml.CSafeLoader.yaml_implicit_resolvers.items()
    }


def _plain_values(text: str) -> Any:
    """The document's values; ``_Plain`` builds nothing but plain values."""
    loader = _Plain(text)
    try:
        return loader.get_single_data()
    finally:
        loader.dispose()


def _rooted(root: Any, text: str, errors: list[DocumentError]) -> Document:
    check_bounded(root)
    if isinstance(root, dict) and root:
        return Document(root, text, errors)
    return Document(None, text, errors or [DocumentError("the document is no object", 1)])


def _line_index(text: str) -> dict[str, int]:
    """Line of each JSON pointer, from the YAML node tree (JSON is read as YAML too)."""
    if len(text) > _MAX_INDEXED:
        return {}
    try:
        root = yaml.compose(text, Loader=_Plain)
    except (yaml.YAMLError, RecursionError, ValueError):
        return {}
    index: dict[str, int] = {}
    pending: list[tuple[str, Any]] = [("", root)]
    while pending and len(index) < _MAX_NODES:
        pointer, node = pending.pop()
        if node is None or pointer in index:
            continue
        index[pointer] = node.start_mark.line + 1
        if isinstance(node, yaml.MappingNode):
            for key, value in node.value:
                name = str(key.value).replace("~", "~0").replace("/", "~1")
                child = f"{pointer}/{name}"
                pending.append((child, value))
                if isinstance(value, yaml.MappingNode | yaml.SequenceNode):
                    index.setdefault(child + "\x00key", key.start_mark.line + 1)
        elif isinstance(node, yaml.SequenceNode):
            pending.extend((f"{pointer}/{number}", value) for number, value in enumerate(node.value))
    for marked in [name for name in index if name.endswith("\x00key")]:
        index[marked[:-4]] = index.pop(marked)
    return index
