"""Strings and sets of the Rules language, and what cannot be written in it."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

from connectors.cloudflare.limits import EXPRESSION_LENGTH

_PRINTABLE: Final = re.compile(r"^[\x20-\x7e]+$")


class Inexpressible(Exception):
    """A condition Cloudflare cannot express; the text says why and what to do instead."""


def checked(expression: str) -> str:
    """The expression itself, unless it is too long."""
    if len(expression) > EXPRESSION_LENGTH:
        raise Inexpressible(
            f"The rule would have {len(expression):,} characters; Cloudflare takes {EXPRESSION_LENGTH:,}. "
            "Split it into several blocks."
        )
    return expression


def quoted(text: str) -> str:
    """A quoted string. Only printable ASCII is taken: what else arrives is not compared as one would think."""
    if not _PRINTABLE.match(text):
        raise Inexpressible(f"Cloudflare cannot compare with an empty or non-ASCII text: {text[:40]!r}.")
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def raw(text: str) -> str:
    """A raw string, closed by more ``#`` than the text has after any quote."""
    if not _PRINTABLE.match(text):
        raise Inexpressible(f"Cloudflare cannot compare with an empty or non-ASCII text: {text[:40]!r}.")
    longest = max((len(found) for found in re.findall(r'"(#*)', text)), default=-1)
    marks = "#" * (longest + 1)
    return f'r{marks}"{text}"{marks}'


def any_of(field: str, values: Iterable[str]) -> str:
    """The field has one of these values; "" for none."""
    known = sorted(set(values))
    if not known:
        return ""
    if len(known) == 1:
        return f"{field} eq {quoted(known[0])}"
    return f"{field} in {{{' '.join(quoted(value) for value in known)}}}"
