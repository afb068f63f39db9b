"""Find connectors by folder: a package under ``connectors/`` with a ``MANIFEST`` in its ``manifest`` module."""

from __future__ import annotations

import importlib
import importlib.util
import pkgutil
from functools import cache
from types import ModuleType
from typing import TYPE_CHECKING, Any

import connectors
from connectors.base.capabilities import Capability
from connectors.base.manifest import Manifest

if TYPE_CHECKING:
    from connectors.base.identity import Identity
    from connectors.base.manifest import ConnectorSettings
    from connectors.egress import Egress

#: Which class in which module implements a capability.
IMPLEMENTATIONS: dict[Capability, tuple[str, str]] = {
    Capability.ACCESS: ("access", "Access"),
    Capability.CONFIG: ("config", "Config"),
    Capability.PULL_CALLS: ("calls", "Calls"),
    Capability.RECEIVE_CALLS: ("calls", "Calls"),
    Capability.CHANGES: ("changes", "Changes"),
    Capability.ORGANIZATION: ("organization", "Organization"),
    Capability.ENFORCE: ("enforce", "Enforce"),
    Capability.NOTIFY: ("notify", "Notify"),
}


@cache
def manifests() -> dict[str, Manifest]:
    """Every connector's manifest by key, sorted."""
    found: dict[str, Manifest] = {}
    for entry in pkgutil.iter_modules(connectors.__path__):
        name = f"connectors.{entry.name}.manifest"
        if not entry.ispkg or importlib.util.find_spec(name) is None:
            continue
        manifest = getattr(importlib.import_module(name), "MANIFEST", None)
        if isinstance(manifest, Manifest):
            found[manifest.key] = manifest
    return dict(sorted(found.items()))


def offered() -> dict[str, Manifest]:
    """The connectors somebody can connect: those that can do something already."""
    return {key: manifest for key, manifest in manifests().items() if manifest.capabilities}


def setup_module(key: str) -> ModuleType:
    """The connector's ``setup`` module, whose ``texts(settings, context)`` gives the wizard's tabs."""
    return importlib.import_module(f"connectors.{manifests()[key].key}.setup")


def implementation(key: str, capability: Capability) -> type[Any]:
    """The class implementing ``capability``; ``KeyError`` when the connector is unknown or lacks it."""
    manifest = manifests()[key]
    if capability not in manifest.capabilities:
        raise KeyError(f"connector {key} does not have the capability {capability}")
    module, name = IMPLEMENTATIONS[capability]
    found: type[Any] = getattr(importlib.import_module(f"connectors.{key}.{module}"), name)
    return found


def opened(
    key: str, capability: Capability, settings: ConnectorSettings, egress: Egress, identity: Identity | None
) -> Any:
    """The capability of one connection; ``identity`` is handed to those alone that can sign in by it (``federates``)."""
    made = implementation(key, capability)
    return made(settings, egress, identity) if manifests()[key].federates else made(settings, egress)
