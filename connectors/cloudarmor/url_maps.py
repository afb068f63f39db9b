"""URL maps taken apart: which hosts and paths go to which backend service.

Source: compute v1 discovery document (UrlMap, PathMatcher, HttpRouteRule); "URL maps overview".
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from connectors.cloudarmor.client import resource_name

_LITERAL: Final = re.compile(r"^[A-Za-z0-9/_.~-]*")
_METHOD_HEADER: Final = ":method"
#: Members that add headers to requests or answers, on every level of a map.
_ADDING: Final = ("headerAction",)


@dataclass(frozen=True, slots=True)
class Path:
    """One path of a URL map as a template; ``prefix``: paths below belong to it too."""

    template: str
    prefix: bool = False
    methods: tuple[str, ...] = ()
    approximate: bool = False  # the map compares by a pattern that no template says

    @property
    def catch_all(self) -> bool:
        """Whether it is every path."""
        return self.prefix and self.template == "/"


@dataclass(frozen=True, slots=True)
class Entry:
    """A path on hosts (none: any host) and the backend services it goes to, with the part of the map that says so."""

    hosts: tuple[str, ...]
    path: Path
    backends: tuple[str, ...]
    evidence: Mapping[str, Any]


def entries(url_map: Mapping[str, Any]) -> Iterator[Entry]:
    """Everything a map sends to backends, in the order it is written; redirects are left out."""
    matchers = {str(m.get("name")): m for m in _objects(url_map.get("pathMatchers"))}
    for rule in _objects(url_map.get("hostRules")):
        hosts = tuple(str(host) for host in rule.get("hosts") or () if host != "*")
        matcher = matchers.get(str(rule.get("pathMatcher")))
        if matcher is not None:
            yield from _of_matcher(hosts, matcher)
    default = _backends(url_map, "default")
    if default:
        named = ("defaultService", "defaultRouteAction")
        evidence = {name: _without_values(url_map[name]) for name in named if name in url_map}
        yield Entry((), Path("/", prefix=True), default, evidence)


def _of_matcher(hosts: tuple[str, ...], matcher: Mapping[str, Any]) -> Iterator[Entry]:
    for rule in _objects(matcher.get("routeRules")):
        backends = _backends(rule, "")
        matches = _objects(rule.get("matchRules")) or [{}]
        for match in matches if backends else ():
            yield Entry(hosts, _route_path(match), backends, _without_values(rule))
    for rule in _objects(matcher.get("pathRules")):
        backends = _backends(rule, "")
        for path in rule.get("paths") or () if backends else ():
            yield Entry(hosts, _rule_path(str(path)), backends, _without_values(rule))
    default = _backends(matcher, "default")
    if default:
        yield Entry(hosts, Path("/", prefix=True), default, {"pathMatcher": matcher.get("name")})


def _rule_path(path: str) -> Path:
    """``/a`` or ``/a/*``, which is everything below ``/a/``."""
    if path == "/*":
        return Path("/", prefix=True)
    return Path(f"{path[:-2]}/{{rest+}}") if path.endswith("/*") else Path(path)


def _route_path(match: Mapping[str, Any]) -> Path:
    methods = tuple(
        str(header["exactMatch"]).upper()
        for header in _objects(match.get("headerMatches"))
        if header.get("headerName") == _METHOD_HEADER and header.get("exactMatch")
    )
    if match.get("fullPathMatch"):
        return Path(str(match["fullPathMatch"]), methods=methods)
    if match.get("pathTemplateMatch"):
        return Path(_template(str(match["pathTemplateMatch"])), methods=methods)
    if match.get("regexMatch"):
        pattern = str(match["regexMatch"]).removeprefix("^")
        literal = _LITERAL.match(pattern.replace("\\.", "."))
        start = (literal[0] if literal else "/").rpartition("/")[0] or "/"
        return Path(start, prefix=True, methods=methods, approximate=True)
    prefix = str(match.get("prefixMatch") or "/")
    return Path(prefix.rstrip("/") or "/", prefix=True, methods=methods)


def _template(template: str) -> str:
    """``{x=*}``, ``{x=**}``, ``*`` and ``**`` as ``{x}`` and ``{x+}``."""
    parts = []
    for number, segment in enumerate(template.split("/")):
        name, _, pattern = segment.strip("{}").partition("=")
        if segment in ("*", "**"):
            name, pattern = f"part{number}", segment
        elif not segment.startswith("{"):
            parts.append(segment)
            continue
        parts.append(f"{{{name}{'+' if pattern == '**' else ''}}}")
    return "/".join(parts)


def _backends(rule: Mapping[str, Any], prefix: str) -> tuple[str, ...]:
    """The backends of a rule, of a matcher's default or of the map's: one, or several by weight."""
    service, action = (
        f"{prefix}{name[0].upper()}{name[1:]}" if prefix else name for name in ("service", "routeAction")
    )
    names = [resource_name(rule.get(service))]
    given = rule.get(action)
    weighted = given.get("weightedBackendServices") if isinstance(given, dict) else None
    names += [resource_name(entry.get("backendService")) for entry in _objects(weighted)]
    return tuple(dict.fromkeys(name for name in names if name))


def _without_values(part: Any) -> Any:
    """A part of a map without the values it expects in headers and adds to them: those may be secrets."""
    if isinstance(part, list):
        return [_without_values(entry) for entry in part]
    if not isinstance(part, dict):
        return part
    if "headerName" in part and part["headerName"] != _METHOD_HEADER:
        return {"headerName": part["headerName"]}
    return {key: _without_values(value) for key, value in part.items() if key not in _ADDING}


def _objects(value: Any) -> Sequence[Mapping[str, Any]]:
    return [entry for entry in value if isinstance(entry, dict)] if isinstance(value, list) else []
