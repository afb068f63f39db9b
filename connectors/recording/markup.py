"""XML as tags and texts, rewritten without parsing it: what is not well formed is kept as ill formed as it came."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final
from xml.sax.saxutils import escape, quoteattr, unescape

_PART: Final = re.compile(
    r"(?P<other><!--.*?-->|<!\[CDATA\[.*?\]\]>|<[!?][^>]*>)"
    r"|(?P<tag><(?P<end>/?)(?P<name>[\w:.-]+)(?:[^<>\"']|\"[^\"]*\"|'[^']*')*>)|(?P<text>[^<]+|<)",
    re.DOTALL,
)
_ATTRIBUTE: Final = re.compile(r"([\w:.-]+)(\s*=\s*)(\"[^\"]*\"|'[^']*')")
_FLAGS: Final = frozenset({"true", "false"})


def is_markup(text: str) -> bool:
    """Whether a text is a document or a piece of XML."""
    return text.lstrip()[:1] == "<" and text.rstrip()[-1:] == ">"


def rewritten(
    text: str,
    named: Callable[[str, str], str],
    free: Callable[[str], str],
    whole: frozenset[str] = frozenset(),
) -> str:
    """The text with each value passed through ``named(name, value)`` and what has no name through ``free``.

    The name is an attribute's or that of the element around a text, without a prefix; flags stay. Within an element
    of ``whole`` it is that element's.
    """
    within: list[str] = []

    def value(name: str, given: str) -> str:
        around = next((element for element in within if element in whole), name)
        return given if given.strip() in _FLAGS else named(around.rpartition(":")[2], given)

    def attribute(found: re.Match[str]) -> str:
        return found[1] + found[2] + quoteattr(value(found[1], unescape(found[3][1:-1], {"&quot;": '"'})))

    def part(found: re.Match[str]) -> str:
        if found["tag"]:
            if not found["end"] and not found["tag"].endswith("/>"):
                within.append(found["name"])
            elif found["end"] and found["name"] in within:
                del within[len(within) - 1 - within[::-1].index(found["name"]) :]
            return _ATTRIBUTE.sub(attribute, found["tag"])
        if found["text"]:
            return (
                escape(value(within[-1] if within else "", unescape(found["text"])))
                if found["text"].strip("< \n\r\t")
                else found[0]
            )
        return free(found[0])

    return _PART.sub(part, text)
