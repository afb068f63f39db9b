"""Where proxies send requests to: the URL or the target servers of each target endpoint."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit, urlunsplit

from connectors.apigee.bundle import said
from connectors.apigee.reading import Document
from connectors.base.model import Upstream


def upstream_of(ref: str, target: Any, servers: Mapping[str, Document]) -> Upstream:
    """The upstream of a target endpoint; ``servers`` are the environment's target servers by name."""
    connection = target.find("HTTPTargetConnection")
    if connection is None:
        other = next((child.tag for child in target if child.tag.endswith("Connection")), "none")
        return Upstream(ref, "", kind=other)
    path = said(connection, "Path")
    names = [server.get("name", "") for server in connection.iter("Server")]
    if names:
        found = [servers[name] for name in names if name in servers]
        urls = [_server_url(server) + path for server in found]
        verified = [_server_verified(server) for server in found]
        known = len(found) == len(names)
        all_verified = None if not known or None in verified else all(verified)
        checked = False if False in verified else all_verified
        kept = [{key: server[key] for key in ("name", "host", "port") if key in server} for server in found]
        return Upstream(
            ref, urls[0] if urls else "", "target_servers", checked, {"servers": kept, "named": names}
        )
    url = _bare(said(connection, "URL"))
    ssl = connection.find("SSLInfo")
    verified_here = _verified(
        said(ssl, "IgnoreValidationErrors").lower() == "true" if ssl is not None else False,
        ssl is not None and (said(ssl, "Enforce").lower() == "true" or bool(said(ssl, "TrustStore"))),
    )
    encrypted = url.lower().startswith("https")
    evidence = {"url": url, "sslInfo": ssl is not None}
    return Upstream(ref, url, "http", verified_here if encrypted else None, evidence)


def _bare(url: str) -> str:
    """An address without credentials, query and fragment: those may hold secrets."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return ""
    return urlunsplit((parts.scheme, parts.netloc.rpartition("@")[2], parts.path, "", ""))


def _server_url(server: Document) -> str:
    encrypted = (server.get("sSLInfo") or {}).get("enabled") is True
    return f"{'https' if encrypted else 'http'}://{server.get('host')}:{server.get('port', 443 if encrypted else 80)}"


def _server_verified(server: Document) -> bool | None:
    ssl = server.get("sSLInfo") or {}
    if ssl.get("enabled") is not True:
        return None
    return _verified(
        ssl.get("ignoreValidationErrors") is True, ssl.get("enforce") is True or bool(ssl.get("trustStore"))
    )


def _verified(ignored: bool, demanded: bool) -> bool | None:
    """Without a trust store or ``Enforce`` it is the runtime's default that decides, which configuration does not tell."""
    if ignored:
        return False
    return True if demanded else None
