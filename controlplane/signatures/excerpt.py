"""Masked excerpts: enough of a value to recognise the attack, nothing that could be a secret."""

from __future__ import annotations

import re

LIMIT = 80
"""Longest excerpt in characters."""
_CONTEXT = 12
_SECRET_PAIR = re.compile(
    r"(?i)\b(pass(?:word|wd)?|pwd|secret|token|api[_-]?key|auth\w*|session\w*)(\W{1,3})([^\s&;,'\"]{3,})"
)
_EMAIL = re.compile(r"[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63})+")
_LONG_DIGITS = re.compile(r"\d(?:[ -]?\d){7,}")
_LONG_TOKEN = re.compile(r"[A-Za-z0-9_+=-]{24,}")


def masked_excerpt(value: str, start: int, end: int) -> str:
    """The matched span `value[start:end]` with a little context, at most `LIMIT` characters.

    Long digit runs, e-mail addresses, long tokens and `password=`-like values become `*`; control characters
    become blanks.
    """
    left = max(0, start - _CONTEXT)
    # Masking looks at more than is shown, so that a secret cut by the window's edge is still recognised.
    wide_from, wide_to = max(0, left - 64), min(len(value), left + LIMIT + 64)
    wide = value[wide_from:wide_to]
    for pattern in (_SECRET_PAIR, _EMAIL, _LONG_DIGITS, _LONG_TOKEN):
        group = 3 if pattern is _SECRET_PAIR else 0
        for found in pattern.finditer(wide):
            a, b = found.span(group)
            wide = wide[:a] + "*" * (b - a) + wide[b:]
    shown = wide[left - wide_from : min(end + _CONTEXT, left + LIMIT) - wide_from]
    return shown if shown.isprintable() else "".join(char if char.isprintable() else " " for char in shown)
