"""Parts of the neutral model that REST and HTTP APIs share: upstreams, hosts and base paths, evidence."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit, urlunsplit

from connectors.base.model import Parameter, Route, Service, Setting, Stage, Upstream

_LAMBDA = re.compile(r"functions/(arn:[^/]+)/invocations")
_SECRET_NAME = re.compile(r"pass(?:word|wd)?|secret|token|credential|api_?key|private_?key", re.IGNORECASE)
_ACCESS_KEY = re.compile(r"\bA(?:KIA|SIA)[A-Z0-9]{16}\b")
_PLACEHOLDER = re.compile(r"\{([^{}+]+)\+?\}")


@dataclass(frozen=True, slots=True)
class DomainMapping:
    """One custom-domain mapping: ``host`` + ``base_path`` ("" or "/shop") leads to a stage of an API."""

    host: str
    base_path: str
    api_id: str
    stage: str


@dataclass(slots=True)
class Parts:
    """What one reader adds to the snapshot."""

    services: list[Service] = field(default_factory=list)
    stages: list[Stage] = field(default_factory=list)
    routes: list[Route] = field(default_factory=list)
    upstreams: dict[str, Upstream] = field(default_factory=dict)
    settings: list[Setting] = field(default_factory=list)


def picked(document: Mapping[str, Any], *keys: str) -> dict[str, Any]:
    """The named members of a vendor document that are present, JSON-ready: the evidence we keep."""
    return {key: plain(document[key]) for key in keys if document.get(key) is not None}


def plain(value: Any) -> Any:
    """A botocore value as JSON would hold it: times as ISO text, bytes as text."""
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    if isinstance(value, Mapping):
        return {str(key): plain(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [plain(inner) for inner in value]
    return value


def variables_evidence(variables: Mapping[str, str] | None) -> dict[str, Any]:
    """Stage variables by name only, and which of them look like secrets; values are never kept."""
    if not variables:
        return {}
    suspicious = [
        name
        for name, value in variables.items()
        if value and (_SECRET_NAME.search(name) or _ACCESS_KEY.search(value))
    ]
    return {"variableNames": sorted(variables), "secretLikeVariables": sorted(suspicious)}


def upstream(
    api_id: str, kind: str, uri: str, connection: str, tls: Mapping[str, Any] | None
) -> Upstream | None:
    """Where an integration sends requests; None for mocks and integrations without an address."""
    if not uri or kind == "MOCK":
        return None
    function = _LAMBDA.search(uri)
    verified: bool | None = None
    if function or uri.startswith("arn:aws:lambda"):
        url, named = (function.group(1) if function else uri), "lambda"
    elif kind.startswith("HTTP"):
        url, named = without_secrets(uri), "vpc_link" if connection == "VPC_LINK" else "http"
        if url.startswith("https://"):
            skip = (tls or {}).get("insecureSkipVerification")
            verified = not skip
    else:
        url, named = uri, "aws"
    digest = hashlib.sha256(f"{named} {url} {verified}".encode()).hexdigest()[:12]
    evidence = {"type": kind, "uri": url, **({"connectionType": connection} if connection else {})}
    if tls:
        evidence["tlsConfig"] = plain(tls)
    return Upstream(f"{api_id}/upstream/{digest}", url, named, verified, evidence)


def without_secrets(url: str) -> str:
    """A URL without user information and query values."""
    parts = urlsplit(url)
    host = parts.netloc.rpartition("@")[2]
    query = "&".join(f"{pair.partition('=')[0]}=" for pair in parts.query.split("&") if pair)
    return urlunsplit((parts.scheme, host, parts.path, query, ""))


def path_parameters(path: str) -> list[Parameter]:
    """The placeholders of a path template."""
    return [Parameter(name, "path", True) for name in _PLACEHOLDER.findall(path)]


def is_catch_all(path: str) -> bool:
    """Whether a template ends in a greedy placeholder."""
    return path.endswith("+}")


def hosts_of(mappings: Iterable[DomainMapping], api_id: str) -> tuple[str, ...]:
    """Custom domains that lead to an API."""
    return tuple(sorted({entry.host for entry in mappings if entry.api_id == api_id}))


def stage_addresses(
    mappings: Iterable[DomainMapping],
    api_id: str,
    stage: str,
    default_host: str,
    default_enabled: bool,
    default_base: str,
) -> tuple[str, tuple[str, ...], list[dict[str, str]]]:
    """Base path and hosts of a stage, and all its (host, base path) pairs.

    A stage can be reached under several base paths. The custom domain's one comes first, because clients use
    it; hosts that share it are listed, the others stand in the pairs (kept as evidence).
    """
    pairs = [
        (entry.host, entry.base_path) for entry in mappings if (entry.api_id, entry.stage) == (api_id, stage)
    ]
    pairs.sort(key=lambda pair: (len(pair[1]), pair))
    if default_enabled:
        pairs.append((default_host, default_base))
    listed = [{"host": host, "basePath": base} for host, base in pairs]
    if not pairs:
        return default_base, (), listed
    base_path = pairs[0][1]
    return base_path, tuple(host for host, base in pairs if base == base_path), listed
