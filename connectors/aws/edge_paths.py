"""Path patterns of load balancers and CloudFront as templates of the neutral model. Pure.

Both compare with ``*`` (any characters, slashes too) and ``?`` (exactly one); what no template says is marked approximate.
Sources: Elastic Load Balancing "Path conditions", CloudFront "Path pattern".
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

_WILDCARD: Final = re.compile(r"[*?]")


@dataclass(frozen=True, slots=True)
class EdgePath:
    """A pattern as a template; ``prefix``: paths below the template belong to it too."""

    pattern: str
    template: str
    prefix: bool = False
    approximate: bool = False

    @property
    def catch_all(self) -> bool:
        """Whether it is every path."""
        return self.prefix and self.template == "/" and not self.approximate


def edge_path(pattern: str) -> EdgePath:
    """``/a/*`` is ``/a`` and below; of any other pattern the part before its first wildcard, marked approximate."""
    if pattern in ("*", "/*"):
        return EdgePath(pattern, "/", prefix=True)
    path = pattern if pattern.startswith(("/", "*")) else f"/{pattern}"
    literal = _WILDCARD.split(path, maxsplit=1)[0]
    if literal == path:
        return EdgePath(pattern, path)
    if path == f"{literal}*" and literal.endswith("/"):
        return EdgePath(pattern, literal.rstrip("/"), prefix=True)
    return EdgePath(pattern, literal.rpartition("/")[0] or "/", prefix=True, approximate=True)


def regex_path(expression: str) -> EdgePath:
    """A regular expression: everything, approximately."""
    return EdgePath(expression, "/", prefix=True, approximate=True)


def literal_start(pattern: str) -> str:
    """The part of a pattern before its first wildcard, with a leading slash ("" for every path)."""
    text = _WILDCARD.split(pattern, maxsplit=1)[0]
    return text if not text or text.startswith("/") else f"/{text}"
