"""An OpenAPI document as a snapshot: one service, a stage per server, a route per operation.

As for gateways, a stage carries host and base path and a route's path comes after them. Only for servers that
name no host the base path is part of the routes' paths.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlsplit

from connectors.base.formats import LoadedDocument
from connectors.base.model import (
    Auth,
    Completeness,
    ConfigSnapshot,
    Parameter,
    Route,
    Section,
    Service,
    Stage,
)
from connectors.file.openapi.document import Document
from connectors.file.openapi.references import escaped, fields, resolved, type_of
from connectors.file.openapi.security import declares_schemes, requirements

_METHODS: Final = ("get", "put", "post", "delete", "options", "head", "patch", "trace")
_LOCATIONS: Final = {"path", "query", "header", "cookie", "body"}


@dataclass(frozen=True, slots=True)
class _Server:
    """One base address: scheme, host without port and base path without a trailing slash."""

    scheme: str
    host: str
    base: str


def snapshot_of(document: Document, filename: str, host: str) -> LoadedDocument:
    """The neutral snapshot of a parsed document; ``host`` stands in for relative servers."""
    root = document.root or {}
    title = _title(root, filename)
    service_ref = "openapi:" + (re.sub(r"[^a-z0-9]+", "-", title.lower()).strip("-") or "document")
    servers = _servers(root, host)
    hosts = tuple(dict.fromkeys(server.host for server in servers if server.host))
    stages = tuple(_stage(service_ref, server) for server in servers)
    routes = _routes(document, root, service_ref, stages)
    info = root.get("info")
    version = str(info.get("version", "")) if isinstance(info, Mapping) else ""
    service = Service(
        ref=service_ref,
        name=title,
        kind="openapi",
        hosts=hosts,
        evidence={
            "document": filename,
            "title": title,
            "version": version,
            "servers": [f"{s.host}{s.base}" for s in servers],
        },
    )
    snapshot = ConfigSnapshot(
        vendor="openapi",
        gateway_ref=service_ref,
        gateway_name=filename or title,
        services=(service,),
        stages=stages,
        routes=tuple(routes),
        sections=_sections(document),
    )
    return LoadedDocument(snapshot, tuple(document.errors))


def _stage(service_ref: str, server: _Server) -> Stage:
    """One server as an environment."""
    name = f"{server.host}{server.base}" or "/"
    return Stage(
        ref=f"{service_ref}@{name}",
        service_ref=service_ref,
        name=name,
        base_path=server.base if server.host else "",
        hosts=(server.host,) if server.host else (),
        evidence={"base_path": server.base},
    )


def _groups(stages: tuple[Stage, ...]) -> list[tuple[str, tuple[str, ...]]]:
    """(path prefix of the routes, stages they are deployed to): hosted servers share one route."""
    found: list[tuple[str, tuple[str, ...]]] = []
    hosted = tuple(stage.ref for stage in stages if stage.hosts)
    if hosted:
        found.append(("", hosted))
    for stage in stages:
        if not stage.hosts:
            found.append((str(stage.evidence["base_path"]), (stage.ref,)))
    return found


def _title(root: Mapping[str, Any], filename: str) -> str:
    info = root.get("info")
    title = info.get("title") if isinstance(info, Mapping) else None
    return str(title) if title else (filename.rsplit(".", 1)[0] or "API document")


def _sections(document: Document) -> tuple[Section, ...]:
    if not document.errors:
        return (Section("services", Completeness.COMPLETE), Section("routes", Completeness.COMPLETE))
    reason = f"{len(document.errors)} parts of the document could not be read."
    return (Section("services", Completeness.COMPLETE), Section("routes", Completeness.PARTIAL, reason))


def _servers(root: Mapping[str, Any], host: str) -> list[_Server]:
    """Base addresses of 3.x ``servers`` or of 2.0 ``schemes``/``host``/``basePath``."""
    if "servers" not in root and ("swagger" in root or "host" in root or "basePath" in root):
        schemes = root.get("schemes")
        scheme = str(schemes[0]) if isinstance(schemes, list) and schemes else "https"
        base = str(root.get("basePath") or "").rstrip("/")
        return [
            _Server(
                scheme,
                _bare(str(root.get("host") or host)),
                base if base.startswith("/") or not base else f"/{base}",
            )
        ]
    declared = root.get("servers")
    found = [
        _server(entry, host)
        for entry in (declared if isinstance(declared, list) else [])
        if isinstance(entry, Mapping) and isinstance(entry.get("url"), str)
    ]
    return list(dict.fromkeys(found)) or [_Server("https", host.lower(), "")]


def _server(entry: Mapping[str, Any], host: str) -> _Server:
    """One ``servers`` entry with its variables at their defaults."""
    variables = entry.get("variables")
    url = str(entry["url"])
    for name, variable in (variables if isinstance(variables, Mapping) else {}).items():
        default = variable.get("default", "") if isinstance(variable, Mapping) else ""
        url = url.replace("{" + str(name) + "}", str(default))
    try:
        parts = urlsplit(url if "://" in url or url.startswith("/") else f"//{url}")
    except ValueError:
        return _Server("https", host.lower(), "")
    return _Server(parts.scheme or "https", _bare(parts.netloc) or host.lower(), parts.path.rstrip("/"))


def _bare(netloc: str) -> str:
    return netloc.rpartition("@")[2].partition(":")[0].lower()


def _routes(
    document: Document, root: Mapping[str, Any], service_ref: str, stages: tuple[Stage, ...]
) -> list[Route]:
    paths = root.get("paths")
    if not isinstance(paths, Mapping):
        if "webhooks" not in root:
            document.report("the document has no paths object", "/paths" if "paths" in root else "")
        return []
    found: list[Route] = []
    for template, item in paths.items():
        pointer = f"/paths/{escaped(template)}"
        if str(template).startswith("x-"):
            continue
        if not str(template).startswith("/"):
            document.report(f"the path {template!r} does not start with a slash", pointer)
            continue
        known = resolved(document, item, pointer)
        if known is None:
            if not isinstance(item, Mapping):
                document.report(f"the path {template} is no object", pointer)
            continue
        found.extend(_operations(document, root, str(template), known, pointer, service_ref, stages))
    return found


def _operations(
    document: Document,
    root: Mapping[str, Any],
    template: str,
    item: Mapping[str, Any],
    pointer: str,
    service_ref: str,
    stages: tuple[Stage, ...],
) -> list[Route]:
    found: list[Route] = []
    for method in _METHODS:
        if method not in item:
            continue
        operation, place = item[method], f"{pointer}/{method}"
        if not isinstance(operation, Mapping):
            document.report(f"the operation {method.upper()} {template} is no object", place)
            continue
        parameters = _parameters(document, root, item, operation, pointer, place)
        auth, auth_known = _auth(document, root, operation, place)
        for prefix, refs in _groups(stages):
            path = f"{prefix}{template}"
            found.append(
                Route(
                    ref=f"{service_ref}#{method.upper()} {path}",
                    service_ref=service_ref,
                    path=path,
                    methods=(method.upper(),),
                    auth=auth,
                    auth_known=auth_known,
                    parameters=parameters,
                    stage_refs=refs,
                    evidence={
                        "line": document.line(place) if document.errors else None,
                        "operation_id": str(operation.get("operationId") or ""),
                        "deprecated": operation.get("deprecated") is True,
                        "match": "exact",
                    },
                )
            )
    return found


def _auth(
    document: Document, root: Mapping[str, Any], operation: Mapping[str, Any], pointer: str
) -> tuple[tuple[Auth, ...], bool]:
    """The operation's own requirements, else the document's. A document without schemes says nothing."""
    declared = operation.get("security", root.get("security"))
    if declared is None:
        return (), declares_schemes(root)
    if not isinstance(declared, list):
        document.report("security is no list", pointer)
        return (), False
    return requirements(document, root, declared, pointer)


def _parameters(
    document: Document,
    root: Mapping[str, Any],
    item: Mapping[str, Any],
    operation: Mapping[str, Any],
    item_pointer: str,
    pointer: str,
) -> tuple[Parameter, ...]:
    """Parameters of the path and the operation (which wins), and the fields of the request body."""
    found: dict[tuple[str, str], Parameter] = {}
    for owner, place in ((item, item_pointer), (operation, pointer)):
        declared = owner.get("parameters")
        for number, entry in enumerate(declared if isinstance(declared, list) else ()):
            where = f"{place}/parameters/{number}"
            for parameter in _parameter(document, entry, where):
                found[(parameter.name, parameter.location)] = parameter
    body = resolved(document, operation.get("requestBody"), f"{pointer}/requestBody")
    content = body.get("content") if body is not None else None
    for kind, media in (content if isinstance(content, Mapping) else {}).items():
        schema = media.get("schema") if isinstance(media, Mapping) else None
        for name, declared_type, required in fields(
            document, schema, f"{pointer}/requestBody/content/{escaped(kind)}/schema"
        ):
            found.setdefault((name, "body"), Parameter(name, "body", required, declared_type))
    return tuple(found.values())


def _parameter(document: Document, entry: object, pointer: str) -> list[Parameter]:
    known = resolved(document, entry, pointer)
    if known is None:
        if not isinstance(entry, Mapping):
            document.report("a parameter is no object", pointer)
        return []
    name, location = known.get("name"), known.get("in")
    if location == "body":  # 2.0: the whole body under one schema
        return [
            Parameter(n, "body", required, kind)
            for n, kind, required in fields(document, known.get("schema"), pointer)
        ]
    if location == "formData":
        location = "body"
    if not isinstance(name, str) or location not in _LOCATIONS:
        document.report("a parameter has no name or no known place (in)", pointer)
        return []
    schema = resolved(document, known["schema"], f"{pointer}/schema") if "schema" in known else known
    return [Parameter(name, str(location), known.get("required") is True, type_of(schema))]
