"""Route matching of the traditional router.

Source: Kong documentation, "How to configure routes" > "Matching priorities": a route must match all its
attributes; more matched attributes win; then plain hosts before wildcards, more headers, regex paths by
``regex_priority`` before prefix paths, longer prefixes, and the older route.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from connectors.testkit.doubles.kong.plugin_schemas import python_regex

Route = dict[str, Any]


@dataclass(frozen=True)
class Asked:
    """What a request offers to the router; header names in lower case."""

    method: str
    host: str
    path: str
    scheme: str
    headers: Mapping[str, str]


@dataclass(frozen=True)
class Match:
    """A matched route; ``prefix`` is the matched part of the path, for ``strip_path``."""

    route: Route
    prefix: str


@lru_cache(maxsize=1024)
def _regex(pattern: str) -> re.Pattern[str]:
    return re.compile(python_regex(pattern))


def _host_rank(hosts: list[str], host: str) -> int | None:
    """2 for a plain host, 1 for a wildcard, None when no host matches."""
    best = None
    for wanted in hosts:
        if wanted == host:
            return 2
        if wanted.startswith("*.") and host.endswith(wanted[1:]):
            best = 1
        if wanted.endswith(".*") and host.startswith(wanted[:-1]):
            best = 1
    return best


def _path_rank(paths: list[str], path: str, regex_priority: int) -> tuple[tuple[int, int], str] | None:
    """((kind and priority, length), matched prefix) of the best path; None when none matches."""
    found = []
    for wanted in paths:
        if wanted.startswith("~"):
            if matched := _regex(wanted[1:]).match(path):
                found.append(((1_000_000 + regex_priority, len(wanted)), matched.group(0)))
        elif path.startswith(wanted):
            found.append(((0, len(wanted)), wanted))
    return max(found, default=None)


def _rank(route: Route, asked: Asked) -> tuple[tuple[int, ...], str] | None:
    """The sort key of a matching route and its path prefix; None when it does not match."""
    attributes, host_rank, header_count, path_rank, prefix = 0, 0, 0, (0, 0), ""
    if route["methods"]:
        if asked.method not in route["methods"]:
            return None
        attributes += 1
    if route["hosts"]:
        ranked = _host_rank(route["hosts"], asked.host)
        if ranked is None:
            return None
        attributes, host_rank = attributes + 1, ranked
    if route["headers"]:
        for name, values in route["headers"].items():
            if asked.headers.get(name.lower()) not in values:
                return None
        attributes, header_count = attributes + 1, len(route["headers"])
    if route["paths"]:
        best = _path_rank(route["paths"], asked.path, route["regex_priority"])
        if best is None:
            return None
        attributes, (path_rank, prefix) = attributes + 1, best
    return (attributes, host_rank, header_count, *path_rank, -int(route["created_at"])), prefix


def select(routes: list[Route], asked: Asked) -> Match | None:
    """The route that serves ``asked``; None when none does."""
    candidates = []
    for order, route in enumerate(routes):
        if (ranked := _rank(route, asked)) is not None:
            candidates.append((ranked[0], -order, route, ranked[1]))
    if not candidates:
        return None
    _, _, route, prefix = max(candidates, key=lambda item: item[:2])
    return Match(route, prefix)


def upstream_path(match: Match, service_path: str | None, path: str) -> str:
    """The path sent upstream (``path_handling`` v0: joined without a doubled slash)."""
    rest = path[len(match.prefix) :] if match.route["strip_path"] and match.prefix else path
    base = (service_path or "").rstrip("/")
    return base + (rest if rest.startswith("/") else f"/{rest}")
