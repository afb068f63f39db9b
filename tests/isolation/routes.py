"""Every route of the URL map with its methods, and the other tenant's ids to put into it."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

from django.urls import URLPattern, URLResolver, get_resolver
from django.urls.resolvers import RoutePattern

from controlplane.api.permissions import Anyone

METHODS = ("get", "post", "put", "patch", "delete")
PARAMETER = re.compile(r"<(?:[^:>]+:)?([^>]+)>|\(\?P<([^>]+)>(?:[^()]|\([^()]*\))*\)")
ABSENT = "con_00000000000000000000000000"
CATCH_ALL = ("^.*$", "^(api|_allauth|static|sso|scim)(/.*)?$")


@dataclass(frozen=True)
class Route:
    """One address with its methods; `basename` is the router's, `open` views check their callers themselves."""

    pattern: str
    name: str
    parameters: tuple[str, ...]
    methods: tuple[str, ...]
    open: bool

    @property
    def basename(self) -> str:
        """Name of the resource: the route's name without DRF's suffix."""
        return re.sub(r"-(list|detail)$", "", self.name)

    def address(self, ids: dict[str, str]) -> str:
        """Return the path with these ids: by parameter name, by resource, else an id that exists nowhere."""
        path = self.pattern
        for parameter in self.parameters:
            value = ids.get(parameter) or self._of_resource(ids) or ABSENT
            path = PARAMETER.sub(value.replace("\\", ""), path, count=1)
        return "/" + path.replace("^", "").replace("$", "").replace("\\Z", "").replace("\\.", ".").lstrip("/")

    def _of_resource(self, ids: dict[str, str]) -> str | None:
        known = [name for name in ids if self.basename == name or self.basename.startswith(f"{name}-")]
        return ids[max(known, key=len)] if known else None


def routes() -> list[Route]:
    """Return every route of a tenant's host."""
    return list(_walk(get_resolver("controlplane.config.urls").url_patterns, ""))


def foreign_ids() -> dict[str, str]:
    """Make one of everything in the entered tenant by every `tests/factories/<app>.py`."""
    ids: dict[str, str] = {}
    for file in sorted((Path(__file__).parents[1] / "factories").glob("*.py")):
        build = getattr(import_module(f"tests.factories.{file.stem}"), "build", None)
        if build is not None:
            ids |= build()
    return ids


def _walk(patterns: list[Any], prefix: str) -> Iterator[Route]:
    for entry in patterns:
        text = str(entry.pattern)
        if isinstance(entry, URLResolver):
            yield from _walk(entry.url_patterns, prefix + text)
        elif isinstance(entry, URLPattern) and text not in CATCH_ALL:
            whole = prefix + (text if isinstance(entry.pattern, RoutePattern) else text.removeprefix("^"))
            names = tuple(first or second for first, second in PARAMETER.findall(whole))
            yield Route(whole, entry.name or "", names, _methods(entry), _is_open(entry))


def _methods(entry: URLPattern) -> tuple[str, ...]:
    actions = getattr(entry.callback, "actions", None)
    if actions:
        return tuple(actions)
    view = getattr(entry.callback, "view_class", None) or getattr(entry.callback, "cls", None)
    if view is None:
        return ("get", "post")
    return tuple(method for method in METHODS if hasattr(view, method)) or ("get",)


def _is_open(entry: URLPattern) -> bool:
    view = getattr(entry.callback, "cls", None)
    if view is None:
        return True
    return any(isinstance(kind, type) and issubclass(kind, Anyone) for kind in view.permission_classes)
