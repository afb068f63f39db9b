"""Authentication of a route, derived from its effective plugins.

Several authentication plugins without ``anonymous`` must all pass. With ``anonymous`` set a caller without a
credential is let through as that consumer: optional, unless the anonymous consumer is terminated, which is
Kong's documented way to say "one of several" (logical OR). A plugin with a condition is skipped for some requests, so
its authentication counts as optional, and a termination with a condition or a trigger ends nothing for sure.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from connectors.base.model import Auth, AuthKind
from connectors.kong.entities import Entity, config_of, ref_id, strings
from connectors.kong.plugins import PluginIndex

#: Authentication plugins by name (Kong plugin hub, 3.15).
AUTH_PLUGINS: Final[dict[str, AuthKind]] = {
    "key-auth": AuthKind.API_KEY,
    "key-auth-enc": AuthKind.API_KEY,
    "basic-auth": AuthKind.BASIC,
    "jwt": AuthKind.JWT,
    "jwt-signer": AuthKind.JWT,
    "oauth2": AuthKind.OAUTH2,
    "oauth2-introspection": AuthKind.OAUTH2,
    "openid-connect": AuthKind.OIDC,
    "hmac-auth": AuthKind.HMAC,
    "ldap-auth": AuthKind.LDAP,
    "ldap-auth-advanced": AuthKind.LDAP,
    "mtls-auth": AuthKind.MTLS,
    "header-cert-auth": AuthKind.MTLS,
    "saml": AuthKind.CUSTOM,
    "session": AuthKind.CUSTOM,
    "vault-auth": AuthKind.CUSTOM,
}

_DETAILS: Final = (
    "key_names", "key_in_header", "key_in_query", "key_in_body", "hide_credentials", "claims_to_verify",
    "maximum_expiration", "header_names", "uri_param_names", "cookie_names", "clock_skew", "enforce_headers",
    "scopes", "mandatory_scope", "enable_password_grant", "accept_http_if_already_terminated",
    "global_credentials", "issuer", "auth_methods", "scopes_required", "algorithms",
)  # fmt: skip


def route_auth(
    effective: Mapping[str, Entity], index: PluginIndex, scope: tuple[str, str]
) -> tuple[Auth, ...]:
    """The authentication in force on a route (``scope``: ids of it and its service); () for none."""
    plugins = [plugin for name, plugin in sorted(effective.items()) if _is_auth(name)]
    return tuple(_auth(plugin, len(plugins), index, scope) for plugin in plugins)


def _is_auth(name: str) -> bool:
    """Known authentication plugins, and custom ones that say so in their name."""
    return name in AUTH_PLUGINS or name.endswith("-auth") or name.startswith("auth-")


def _auth(plugin: Entity, count: int, index: PluginIndex, scope: tuple[str, str]) -> Auth:
    name, config = str(plugin["name"]), config_of(plugin)
    anonymous = config.get("anonymous")
    closed = bool(anonymous) and _is_terminated(str(anonymous), index, scope)
    details: dict[str, Any] = {key: config[key] for key in _DETAILS if config.get(key) is not None}
    details["plugin_id"] = str(plugin.get("id", ""))
    condition = plugin.get("condition")
    if condition:
        details["condition"] = str(condition)
    if anonymous:
        details["anonymous"] = str(anonymous)
        details["anonymous_terminated"] = closed
    if count > 1:
        details["combined"] = "one of several" if closed else "all that have no anonymous consumer"
    return Auth(
        kind=AUTH_PLUGINS.get(name, AuthKind.CUSTOM),
        location=_location(name, config),
        optional=bool(condition) or (bool(anonymous) and not closed),
        source=f"plugin {name}",
        details=details,
    )


def _is_terminated(anonymous: str, index: PluginIndex, scope: tuple[str, str]) -> bool:
    """Whether the anonymous consumer (id or name) runs into a request-termination on this route with every request."""
    wanted = index.consumer_id(anonymous)
    return any(
        ref_id(plugin, "consumer") == wanted
        and not plugin.get("condition")
        and not config_of(plugin).get("trigger")
        for plugin in index.for_callers("request-termination", *scope)
    )


def _location(name: str, config: Entity) -> str:
    """Where the credential is looked for; the weakest place when several are allowed."""
    if name in ("mtls-auth", "header-cert-auth"):
        return "tls"
    if name == "session":
        return "cookie"
    if name in ("key-auth", "key-auth-enc"):
        if config.get("key_in_query"):
            return "query"
        return "header" if config.get("key_in_header", True) else "body"
    if name == "jwt" and not strings(config.get("header_names")) and strings(config.get("cookie_names")):
        return "cookie"
    return "header"
