"""Which backend service a URL map sends a request to (source: "URL maps overview")."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from connectors.testkit.doubles.cel_text import compiled


@dataclass(frozen=True)
class Routed:
    """Where a request goes: the link of a backend service, or a redirect."""

    service: str = ""
    redirect: Mapping[str, Any] | None = None


def fits_host(pattern: str, host: str) -> bool:
    """``*``, ``*.example.com`` or a plain name."""
    if pattern.startswith("*"):
        return host.endswith(pattern[1:]) and len(host) > len(pattern) - 1
    return pattern.partition(":")[0] == host


def route(url_map: Mapping[str, Any], host: str, path: str, method: str) -> Routed:
    """The target of a request in one URL map; the longest host pattern and the longest path win."""
    rules = [
        (len(pattern), rule["pathMatcher"])
        for rule in url_map.get("hostRules", ())
        for pattern in rule["hosts"]
        if fits_host(pattern, host)
    ]
    if not rules:
        return _target(url_map, "default")
    name = max(rules)[1]
    matcher = next(entry for entry in url_map.get("pathMatchers", ()) if entry["name"] == name)
    for rule in sorted(matcher.get("routeRules", ()), key=lambda entry: int(entry.get("priority", 0))):
        if not rule.get("matchRules") or any(_matches(match, path, method) for match in rule["matchRules"]):
            return _target(rule, "")
    paths = [
        (len(pattern), number)
        for number, rule in enumerate(matcher.get("pathRules", ()))
        for pattern in rule["paths"]
        if _fits_path(pattern, path)
    ]
    if paths:
        return _target(matcher["pathRules"][max(paths)[1]], "")
    return _target(matcher, "default")


def _target(rule: Mapping[str, Any], prefix: str) -> Routed:
    def member(name: str) -> Any:
        return rule.get(f"{prefix}{name[0].upper()}{name[1:]}" if prefix else name)

    weighted = (member("routeAction") or {}).get("weightedBackendServices") or [{}]
    service = member("service") or weighted[0].get("backendService", "")
    return Routed(service, member("urlRedirect"))


def _fits_path(pattern: str, path: str) -> bool:
    """``/a/*`` is everything below ``/a/``, not ``/a`` itself."""
    return path.startswith(pattern[:-1]) if pattern.endswith("/*") else path == pattern


def _matches(match: Mapping[str, Any], path: str, method: str) -> bool:
    lowered = path.lower() if match.get("ignoreCase") else path
    for header in match.get("headerMatches", ()):
        wanted = header.get("exactMatch")
        if header["headerName"] == ":method" and wanted is not None and wanted != method:
            return False
    if "fullPathMatch" in match:
        return bool(lowered == match["fullPathMatch"])
    if "prefixMatch" in match:
        return lowered.startswith(match["prefixMatch"])
    if "regexMatch" in match:
        return compiled(match["regexMatch"]).fullmatch(path.encode()) is not None
    if "pathTemplateMatch" in match:
        return re.fullmatch(_template(match["pathTemplateMatch"]), path) is not None
    return True


def _template(template: str) -> str:
    """``/a/{x}``, ``/a/{x=*}/b``, ``/a/{rest=**}``, ``*`` and ``**``."""
    parts = []
    for segment in template.strip("/").split("/"):
        wild = segment.endswith(("=**}", "**"))
        one = segment.startswith("{") or segment == "*"
        parts.append(".+" if wild else "[^/]+" if one else re.escape(segment))
    return "/" + "/".join(parts)
