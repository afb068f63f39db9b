"""Words of the Rules language: strings in both notations, numbers, addresses, lists, operators.

Source: Cloudflare Ruleset Engine, Rules language, "Values" (quoted strings escape only ``\\"`` and ``\\\\``; raw strings
``r#"…"#`` escape nothing) and "Operators".
"""

import re
from dataclasses import dataclass


class ExpressionError(Exception):
    """The expression is not one; the text says where, as the API's answer does."""


@dataclass(frozen=True)
class Token:
    """One word: ``kind`` is string, int, address, list, name or symbol; ``raw`` marks raw strings."""

    kind: str
    text: str
    raw: bool = False


_RAW = re.compile(r'r(#{0,255})"')
_ADDRESS = re.compile(r"[0-9a-fA-F]*[.:][0-9a-fA-F.:]*(?:/\d{1,3})?")
_INT = re.compile(r"\d+")
_NAME = re.compile(r"[a-z_][a-z0-9_]*(?:\.[a-z_][a-z0-9_]*)*")
_LIST = re.compile(r"\$[a-z0-9_]+")
_SYMBOL = re.compile(r"==|!=|<=|>=|&&|\|\||\^\^|[(){}\[\],<>!~*]")


def tokens(text: str) -> list[Token]:
    """The words of an expression; ``ExpressionError`` where it has none."""
    found: list[Token] = []
    position = 0
    while position < len(text):
        if text[position] in " \t\r\n":
            position += 1
            continue
        token, position = _next(text, position)
        found.append(token)
    return found


def _next(text: str, position: int) -> tuple[Token, int]:
    if text[position] == '"':
        return _quoted(text, position + 1)
    if raw := _RAW.match(text, position):
        return _raw(text, raw)
    if listed := _LIST.match(text, position):
        return Token("list", listed.group()[1:]), listed.end()
    address = _ADDRESS.match(text, position)
    if address and len(address.group()) > 1 and (text[position].isdigit() or ":" in address.group()):
        return Token("address", address.group()), address.end()
    for kind, pattern in (("int", _INT), ("name", _NAME), ("symbol", _SYMBOL)):
        if matched := pattern.match(text, position):
            return Token(kind, matched.group()), matched.end()
    raise ExpressionError(f"unexpected character at {position}: {text[position : position + 20]!r}")


def _quoted(text: str, position: int) -> tuple[Token, int]:
    made: list[str] = []
    while position < len(text):
        character = text[position]
        if character == '"':
            return Token("string", "".join(made)), position + 1
        if character == "\\":
            escaped = text[position + 1 : position + 2]
            if escaped not in ('"', "\\"):
                raise ExpressionError(f'invalid character escape sequence: \\{escaped} (only \\" and \\\\)')
            made.append(escaped)
            position += 2
            continue
        made.append(character)
        position += 1
    raise ExpressionError("missing ending quote")


def _raw(text: str, start: re.Match[str]) -> tuple[Token, int]:
    closing = '"' + start.group(1)
    end = text.find(closing, start.end())
    if end < 0:
        raise ExpressionError("missing ending quote of a raw string")
    return Token("string", text[start.end() : end], raw=True), end + len(closing)
