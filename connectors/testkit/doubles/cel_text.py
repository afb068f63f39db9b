"""What every dialect of the Common Expression Language has in common: tokens, literals and RE2 patterns.

Source: the language's definition (cel-spec, "Syntax").
"""

import re
from typing import Any

import re2

_TOKEN = re.compile(
    r"""\s*(?:(?P<string>[rR]?'(?:[^'\\\n]|\\.)*'|[rR]?"(?:[^"\\\n]|\\.)*")|(?P<number>\d+(?:\.\d+)?)
    |(?P<name>[A-Za-z_]\w*)|(?P<operator>\|\||&&|==|!=|<=|>=|[!<>+().,\[\]{}:-]))""",
    re.VERBOSE,
)
_ESCAPES = {"\\": "\\", "'": "'", '"': '"', "n": "\n", "r": "\r", "t": "\t", "?": "?", "`": "`"}


class CelError(Exception):
    """The expression is none, or its evaluation ends in an error."""


def tokens(text: str) -> list[tuple[str, str]]:
    """(kind, text) of each token; kinds are string, number, name and operator."""
    found: list[tuple[str, str]] = []
    position = 0
    while text[position:].strip():
        token = _TOKEN.match(text, position)
        if token is None or not token.lastgroup:
            raise CelError(f"token recognition error at '{text[position:].strip()[:12]}'")
        found.append((token.lastgroup, token[token.lastgroup]))
        position = token.end()
    return found


class Cursor:
    """A place among the tokens of one expression; a dialect's parser goes on from there."""

    def __init__(self, text: str) -> None:
        self._tokens = tokens(text)

    def ahead(self) -> str | None:
        """The next token's text."""
        return self._tokens[0][1] if self._tokens else None

    def _next(self) -> tuple[str, str]:
        if not self._tokens:
            raise CelError("syntax error: mismatched input '<EOF>'")
        return self._tokens.pop(0)

    def _take(self, wanted: str) -> None:
        text = self._next()[1]
        if text != wanted:
            raise CelError(f"syntax error: mismatched input '{text}' expecting '{wanted}'")


def compiled(pattern: str) -> Any:
    """An RE2 pattern over bytes (Latin1, as the vendor compiles it); ``CelError`` when it is none."""
    options = re2.Options()
    options.encoding = re2.Options.Encoding.LATIN1
    options.log_errors = False
    try:
        return re2.compile(pattern.encode(), options=options)
    except re2.error as error:
        raise CelError(f"invalid regular expression: {error}") from None


def literal(text: str) -> str:
    """The value of a string token."""
    if text[0] in "rR":
        return text[2:-1]
    made, rest = "", text[1:-1]
    while rest:
        if rest[0] == "\\":
            if rest[1] not in _ESCAPES:
                raise CelError(f"token recognition error at '\\{rest[1]}'")
            made, rest = made + _ESCAPES[rest[1]], rest[2:]
        else:
            made, rest = made + rest[0], rest[1:]
    return made
