"""Facts about the gateway itself that posture checks read, from ``GET /`` and from tags."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from connectors.base.model import Setting
from connectors.kong.entities import Entities, Entity, strings, without_secrets

#: Entries of ``GET /``'s ``configuration`` that are kept; everything else (database passwords …) is dropped.
_KEPT: Final = (
    "admin_listen", "admin_ssl_enabled", "admin_gui_listen", "admin_gui_auth", "admin_listeners",
    "proxy_listen", "proxy_listeners", "proxy_ssl_enabled", "status_listen", "ssl_protocols",
    "ssl_cipher_suite", "router_flavor", "database", "role", "cluster_mtls", "trusted_ips",
    "real_ip_header", "real_ip_recursive", "rbac", "enforce_rbac", "untrusted_lua", "headers",
    "error_template_html", "anonymous_reports", "log_level", "allow_debug_header", "db_update_frequency",
    "portal", "vitals", "lua_ssl_verify_depth", "pg_ssl", "pg_ssl_verify",
)  # fmt: skip

#: Facts that only a control plane in Konnect has.
_OF_KONNECT: Final = ("versions", "cluster_type", "group_member")

_INGRESS_TAGS: Final = ("managed-by-ingress-controller", "k8s-kind:", "k8s-name:", "k8s-namespace:")
_DECK_TAGS: Final = ("managed-by-deck", "managed_by_deck", "deck")


def gateway_settings(entities: Entities) -> tuple[Setting, ...]:
    """Version, edition, listeners, router flavour …; and who else writes this configuration."""
    found: list[Setting] = []
    if entities.node is not None:
        version = str(entities.node.get("version") or "")
        found.append(_setting("version", version))
        found.append(_setting("edition", edition(entities.node)))
        found.extend(_setting(name, entities.node[name]) for name in _OF_KONNECT if name in entities.node)
        configuration = entities.node.get("configuration")
        if isinstance(configuration, Mapping):
            found.extend(_setting(name, configuration[name]) for name in _KEPT if name in configuration)
        if "plugins" in entities.node:
            found.append(_setting("plugins.available", sorted(available_plugins(entities.node))))
    found.append(_setting("managed_by", managed_by(entities)))
    found.append(_setting("snis", sorted(str(sni.get("name", "")) for sni in entities.all("snis"))))
    return tuple(found)


def edition(node: Entity) -> str:
    """``enterprise``, ``community`` or ``konnect``, from the version text and the ``edition`` field of newer nodes."""
    declared = str(node.get("edition") or "")
    version = str(node.get("version") or "")
    if declared:
        return declared if declared in ("community", "konnect") else "enterprise"
    return "enterprise" if "enterprise" in version or version.count(".") == 3 else "community"


def version_of(node: Entity) -> tuple[int, int]:
    """Major and minor version; (0, 0) when the text is no version."""
    parts = str(node.get("version") or "").split(".")
    try:
        return int(parts[0]), int(parts[1])
    except (ValueError, IndexError):
        return 0, 0


def router_flavor(node: Entity) -> str:
    """``traditional``, ``traditional_compatible`` (Kong's default) or ``expressions``."""
    configuration = node.get("configuration")
    flavor = configuration.get("router_flavor") if isinstance(configuration, Mapping) else None
    return str(flavor or "traditional_compatible")


def has_database(node: Entity) -> bool:
    """Whether the configuration lives in a database; without one the Admin API takes no changes."""
    configuration = node.get("configuration")
    return not (isinstance(configuration, Mapping) and configuration.get("database") == "off")


def available_plugins(node: Entity) -> set[str]:
    """Plugins installed on the node."""
    plugins = node.get("plugins")
    available = plugins.get("available_on_server") if isinstance(plugins, Mapping) else None
    return set(available) if isinstance(available, Mapping | list) else set()


def managed_by(entities: Entities) -> str:
    """``ingress-controller``, ``deck`` or ``admin-api``, told by the tags those tools leave."""
    tags = {
        tag
        for name in ("services", "routes", "plugins")
        for entity in entities.all(name)
        for tag in strings(entity.get("tags"))
    }
    if any(tag.startswith(_INGRESS_TAGS) for tag in tags):
        return "ingress-controller"
    return "deck" if any(tag in _DECK_TAGS for tag in tags) else "admin-api"


def _setting(name: str, value: Any) -> Setting:
    shown = without_secrets(value, "" if isinstance(value, Mapping | list) else "setting")
    return Setting(ref=f"gateway:{name}", name=name, value=shown, evidence={name: shown})
