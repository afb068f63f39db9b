"""Procedural confirmations that rules name with `check`: view in, reason out, None when not confirmed."""

from __future__ import annotations

import re
from collections.abc import Callable

from . import sql


def _repeated_filler(text: str) -> str | None:
    """A run of one repeated character longer than any plausible value."""
    run, previous = 0, ""
    for char in text:
        run = run + 1 if char == previous else 1
        previous = char
        if run >= 200:
            return "one character repeated 200 times or more"
    return None


def _open_quotes(text: str) -> str | None:
    """Quotes that do not pair up, or pair up around operators rather than around words."""
    odd = any(text.count(quote) % 2 for quote in "'\"`")
    operators = re.search(r"[=<>(|]|--|#|/\*|;|\b(?:union|having|limit|like|null)\b", text)
    if operators or (odd and re.search(r"['\"`] ?\)*\s*(?:and|or|xor|div|\W)\s", text)):
        return "a quote is closed and the statement goes on"
    return None


CHECKS: dict[str, Callable[[str], str | None]] = {
    "sql_structure": sql.looks_like_injection,
    "sql_quotes": _open_quotes,
    "sql_tautology": lambda text: "a condition that is always true is added" if sql.tautology(text) else None,
    "repeated_filler": _repeated_filler,
}
"""Checks by the name rules use."""
