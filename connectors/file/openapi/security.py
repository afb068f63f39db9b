"""Security schemes and requirements of OpenAPI documents as authentication facts."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from connectors.base.model import Auth, AuthKind
from connectors.file.openapi.document import Document
from connectors.file.openapi.references import escaped, resolved


def declares_schemes(root: Mapping[str, Any]) -> bool:
    """Whether the document defines any scheme; one that defines none says nothing on authentication."""
    return bool(_schemes(root))


def requirements(
    document: Document, root: Mapping[str, Any], declared: list[Any], pointer: str
) -> tuple[tuple[Auth, ...], bool]:
    """One ``Auth`` per named scheme, and whether all could be read. ``{}`` as an alternative: optional."""
    schemes = _schemes(root)
    optional = any(entry == {} for entry in declared)
    found: dict[str, Auth] = {}
    known = True
    for number, entry in enumerate(declared):
        if not isinstance(entry, Mapping):
            document.report("a security requirement is no object", f"{pointer}/security/{number}")
            known = False
            continue
        for name, scopes in entry.items():
            scheme = resolved(
                document, schemes.get(str(name)), f"{pointer}/security/{number}/{escaped(name)}"
            )
            if scheme is None:
                document.report(
                    f"the security scheme {name!r} is not defined", f"{pointer}/security/{number}"
                )
                known = False
                continue
            found[str(name)] = _auth(str(name), scheme, scopes, optional, len(declared) > 1)
    return tuple(found.values()), known


def _schemes(root: Mapping[str, Any]) -> Mapping[str, Any]:
    components = root.get("components")
    if isinstance(components, Mapping) and isinstance(components.get("securitySchemes"), Mapping):
        schemes: Mapping[str, Any] = components["securitySchemes"]
        return schemes
    defined = root.get("securityDefinitions")
    return defined if isinstance(defined, Mapping) else {}


def _auth(name: str, scheme: Mapping[str, Any], scopes: object, optional: bool, alternative: bool) -> Auth:
    declared = str(scheme.get("type") or "").lower()
    location, kind = "header", AuthKind.CUSTOM
    details: dict[str, Any] = {"scheme": name}
    if scopes:
        details["scopes"] = [str(scope) for scope in scopes] if isinstance(scopes, list) else []
    if alternative:
        details["combined"] = "one of several"
    if declared == "apikey":
        kind, location = AuthKind.API_KEY, str(scheme.get("in") or "header")
        details["name"] = scheme.get("name")
    elif declared == "basic":
        kind = AuthKind.BASIC
    elif declared == "http":
        method = str(scheme.get("scheme") or "").lower()
        details["http_scheme"] = method
        kind = {"basic": AuthKind.BASIC, "bearer": AuthKind.JWT}.get(method, AuthKind.CUSTOM)
        if method == "bearer" and "jwt" not in str(scheme.get("bearerFormat") or "jwt").lower():
            kind = AuthKind.CUSTOM
    elif declared == "oauth2":
        kind = AuthKind.OAUTH2
    elif declared == "openidconnect":
        kind = AuthKind.OIDC
    elif declared == "mutualtls":
        kind, location = AuthKind.MTLS, "tls"
    return Auth(
        kind=kind, location=location, optional=optional, source=f"security scheme {name}", details=details
    )
