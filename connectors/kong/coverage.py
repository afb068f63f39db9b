"""Which customer routes a match concerns, and how the neutral snapshot calls them."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from connectors.base.intent import Match
from connectors.kong.entities import Entity, strings
from connectors.kong.paths import (
    RoutePath,
    expression_hosts,
    expression_methods,
    expression_paths,
    route_path,
)

_HTTP = {"http", "https", "grpc", "grpcs", "ws", "wss"}


def paths_of(route: Entity) -> list[RoutePath]:
    """The paths a route answers; one catch-all when it names none."""
    expression = str(route.get("expression") or "")
    found = (
        expression_paths(expression)
        if expression
        else [route_path(path) for path in strings(route.get("paths"))]
    )
    return found or [RoutePath("/", "prefix")]


def refs_of(route: Entity) -> list[tuple[str, RoutePath]]:
    """(ref in the neutral snapshot, path) of a route: the id alone, or ``<id>#<template>`` for several paths."""
    paths, route_id = paths_of(route), str(route.get("id", ""))
    return [(route_id if len(paths) == 1 else f"{route_id}#{path.template}", path) for path in paths]


def methods_of(route: Entity) -> tuple[str, ...]:
    """Methods a route answers; empty for all."""
    return strings(route.get("methods")) or expression_methods(str(route.get("expression") or ""))


def hosts_of(route: Entity) -> tuple[str, ...]:
    """Hosts a route answers, wildcards included; empty for all."""
    return strings(route.get("hosts")) or expression_hosts(str(route.get("expression") or ""))


def concerned(route: Entity, match: Match) -> list[str]:
    """Refs of a route's paths that can serve a request of the match; empty when none can."""
    if not _HTTP.intersection(strings(route.get("protocols")) or ("http",)):
        return []
    if not common_methods(route, match) or not common_hosts(route, match):
        return []
    return [
        ref
        for ref, path in refs_of(route)
        if not match.path_templates or any(overlaps(path, template) for template in match.path_templates)
    ]


def common_methods(route: Entity, match: Match) -> tuple[str, ...] | None:
    """Methods both name; ``("*",)`` when neither restricts them, None when they exclude each other."""
    asked = tuple(dict.fromkeys(method.upper() for method in match.methods))
    return _common(methods_of(route), asked, lambda own, wanted: own == wanted)


def common_hosts(route: Entity, match: Match) -> tuple[str, ...] | None:
    """Hosts both name; ``("*",)`` when neither restricts them, None when they exclude each other."""
    return _common(hosts_of(route), tuple(host.lower() for host in match.hosts), _host_fits)


def _common(
    own: tuple[str, ...], asked: tuple[str, ...], fits: Callable[[str, str], bool]
) -> tuple[str, ...] | None:
    if not own or not asked:
        return own or asked or ("*",)
    both = tuple(value for value in asked if any(fits(pattern, value) for pattern in own))
    return both or None


def _host_fits(pattern: str, host: str) -> bool:
    """Kong's host patterns: plain, ``*.example.com`` or ``example.*``, a port ignored."""
    bare = pattern.lower().partition(":")[0]
    if bare.startswith("*."):
        return host.endswith(bare[1:])
    return host.startswith(bare[:-1]) if bare.endswith(".*") else host == bare


def overlaps(path: RoutePath, template: str) -> bool:
    """Whether a request can fit both; unreadable patterns are taken to overlap."""
    if path.match == "pattern":
        return True
    own, asked = path.template.split("/")[1:], template.rstrip("/").split("/")[1:]
    for number, segment in enumerate(own):
        last = number == len(own) - 1
        if number >= len(asked):
            return last and segment == ""
        other = asked[number]
        if other.endswith("+}") or segment.endswith("+}"):
            return True
        if "{" in segment or "{" in other or segment == other:
            continue
        return last and path.match == "prefix" and other.startswith(segment)
    return path.match == "prefix" or len(own) == len(asked)


def wider_than(route: Entity, match: Match) -> list[str]:
    """What a route answers beyond the match, in words; empty when the match covers the whole route."""
    found: list[str] = []
    if match.methods and not set(methods_of(route) or ("*",)) <= {method.upper() for method in match.methods}:
        found.append("other methods")
    if match.hosts and not set(hosts_of(route) or ("*",)) <= {host.lower() for host in match.hosts}:
        found.append("other hosts")
    if match.path_templates and not all(_covered(path, match.path_templates) for path in paths_of(route)):
        found.append("other paths")
    return found


def _covered(path: RoutePath, templates: Iterable[str]) -> bool:
    """Whether templates take in everything a path answers: the same exact path, or a tail ``{x+}`` above it."""
    for template in templates:
        if path.match == "exact" and _shape(path.template) == _shape(template):
            return True
        head, _, tail = template.rpartition("/")
        if tail.endswith("+}") and path.template.startswith(f"{head}/"):
            return True
    return False


def _shape(template: str) -> list[str]:
    return ["{}" if segment.startswith("{") else segment for segment in template.rstrip("/").split("/")]
