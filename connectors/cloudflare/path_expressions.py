"""Path templates in the Rules language: by regular expression where the plan has it, else by wildcards. Pure.

A wildcard's ``*`` takes slashes too. That each stands for one segment is said by the number of slashes in the whole path,
and that none is empty by the absence of ``//`` and of a slash at the end.
Source: Ruleset Engine, "Operators" (``matches`` from the Business plan on, ``strict wildcard`` on every plan).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from connectors.base.evaluate import template_pattern
from connectors.cloudflare.strings import Inexpressible, any_of, quoted, raw

PATH: Final = "http.request.uri.path"
_META: Final = re.compile(r"([\\.^$*+?()\[\]{}|])")
_SEGMENT: Final = re.compile(r"^\{[^{}+]*\}$")
_TAIL: Final = re.compile(r"^\{[^{}]*\+\}$")


def paths(templates: Sequence[str], *, patterns: bool) -> str:
    """The path fits one of the templates, as Cloudflare normalises paths; ``patterns`` when the plan has them."""
    if not any("{" in template for template in templates):
        exact = {path for template in templates for path in _with_and_without_slash(template)}
        return any_of(PATH, exact)
    if patterns:
        made = sorted({template_pattern(template, _escaped) for template in templates})
        return f"{PATH} matches {raw('|'.join(f'(?:{pattern})' for pattern in made))}"
    return " or ".join(f"({_by_wildcards(template)})" for template in sorted(set(templates)))


def _escaped(text: str) -> str:
    """Text as a pattern: only characters that mean something are escaped, which every engine takes."""
    return _META.sub(r"\\\1", text)


def _with_and_without_slash(template: str) -> tuple[str, ...]:
    bare = template.rstrip("/")
    return (bare, f"{bare}/") if bare else ("/",)


def _by_wildcards(template: str) -> str:
    if "{" not in template:
        return any_of(PATH, _with_and_without_slash(template))
    first, *segments = template.rstrip("/").split("/")
    if first or "" in segments:
        raise _needs_patterns(template)
    if _TAIL.match(segments[-1]) and not any("{" in segment for segment in segments[:-1]):
        start = quoted("/".join(["", *segments[:-1], ""]))
        return f"starts_with({PATH}, {start}) and {PATH} ne {start}"
    if any("{" in segment and not _SEGMENT.match(segment) for segment in segments):
        raise _needs_patterns(template)
    shape = "".join("/*" if _SEGMENT.match(segment) else f"/{_literal(segment)}" for segment in segments)
    slashes = len(segments)
    plain = (
        f"{_like(shape)} and not {_like('*/' * (slashes + 1) + '*')} and not ends_with({PATH}, {quoted('/')})"
    )
    ended = f"{_like(f'{shape}/')} and not {_like('*/' * (slashes + 2) + '*')}"
    return f"(({plain}) or ({ended})) and not {PATH} contains {quoted('//')}"


def _like(pattern: str) -> str:
    return f"{PATH} strict wildcard {raw(pattern)}"


def _literal(segment: str) -> str:
    return segment.replace("\\", "\\\\").replace("*", "\\*")


def _needs_patterns(template: str) -> Inexpressible:
    return Inexpressible(
        f"{template} needs a regular expression, which Cloudflare has from the Business plan on: on this plan a placeholder "
        "stands for a whole segment, or for all that follows."
    )
