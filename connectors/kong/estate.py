"""The enforcement view of a workspace: what is there, as a ``State`` and back, without asking Kong again.

``compile`` is pure, so everything it must know travels in the state: foreign routes, services, consumers,
plugin scopes, and the node's version and router flavour. Of foreign plugins only the configuration of those
that can stand in our way is kept: others hold secrets.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final

from connectors.base.enforcement import State, Target, VendorObject
from connectors.base.errors import ConnectorError
from connectors.kong.client import AdminApi
from connectors.kong.conditions import SINCE
from connectors.kong.entities import Entity, ref_id, strings
from connectors.kong.gitops import shared_planes
from connectors.kong.ownership import digest, is_ours, lock_of, our_entries, settled, without_ours
from connectors.kong.plugins import PluginIndex
from connectors.kong.settings import edition, has_database, router_flavor, version_of

#: Entities that blocks depend on; all of them must be readable before anything is written.
READ: Final = ("services", "routes", "plugins", "consumers")

_CONFIG_KEPT: Final = ("ip-restriction", "bot-detection", "request-termination", "rate-limiting")
_NO_VERSION: Final = (0, 0)
_INGRESS: Final = ("managed-by-ingress-controller", "k8s-kind:")


@dataclass(frozen=True)
class Estate:
    """Foreign entities of a workspace and the facts of its node."""

    node: Entity
    services: tuple[Entity, ...]
    routes: tuple[Entity, ...]
    plugins: tuple[Entity, ...]
    consumers: tuple[Entity, ...]

    @cached_property
    def index(self) -> PluginIndex:
        """Foreign plugins by scope."""
        return PluginIndex(self.plugins, self.consumers)

    @property
    def expressions(self) -> bool:
        """Whether the router takes expressions, which can compare everything at once."""
        return router_flavor(self.node) == "expressions"

    @property
    def version(self) -> tuple[int, int]:
        """Kong's major and minor version."""
        return version_of(self.node)

    def no_conditions(self) -> str:
        """Why no plugin of this Kong may have a condition, for a reason that was seen; "" when none was.

        A data plane of an older release would be sent the plugin without its condition and end every request.
        """
        if edition(self.node) == "community":
            return "Open-source Kong has no plugin conditions."
        own = version_of(self.node)
        seen = [version for version in (own, *(self._planes or ())) if version != _NO_VERSION]
        return (
            "Plugin conditions need Kong 3.15 on every data plane."
            if min(seen, default=SINCE) < SINCE
            else ""
        )

    def conditions_unknown(self) -> str:
        """Why it is not known whether every data plane has conditions; "" when all of them are known."""
        if not self._planes or _NO_VERSION in self._planes:
            return (
                "Plugin conditions need Kong 3.15 on every data plane, and their versions could not be read."
            )
        return ""

    @property
    def _planes(self) -> list[tuple[int, int]] | None:
        """Versions of what runs the plugins; None when nothing tells whether other nodes do."""
        versions, configuration = self.node.get("versions"), self.node.get("configuration")
        if isinstance(versions, list | tuple):
            return [version_of({"version": version}) for version in versions]
        alone = isinstance(configuration, Mapping) and configuration.get("role") == "traditional"
        return [version_of(self.node)] if alone else None

    def unwritable(self) -> str:
        """Why this Kong takes no writes that last; "" when it does."""
        if why := shared_planes(
            str(self.node.get("cluster_type")), member=bool(self.node.get("group_member"))
        ):
            return why
        if not has_database(self.node):
            return "This Kong runs without a database: its Admin API takes no single changes."
        tags = {
            tag
            for kind in (self.routes, self.plugins, self.services)
            for e in kind
            for tag in strings(e.get("tags"))
        }
        if any(tag.startswith(_INGRESS) for tag in tags):
            return "An ingress controller writes this Kong's configuration and would remove our objects."
        return ""

    def consumer(self, name: str) -> Entity | None:
        """A consumer by user name, custom id or id."""
        for entity in self.consumers:
            if name in (entity.get("username"), entity.get("custom_id"), entity.get("id")):
                return entity
        return None


def read_state(api: AdminApi, target: Target) -> State:
    """The state now. Any failed read is raised: blocks are never computed from a half-known estate."""
    node = with_data_planes(api)
    found = {name: list(api.entities(name)) for name in READ}
    objects = [
        _object(kind, entity) for kind in ("routes", "plugins") for entity in found[kind] if is_ours(entity)
    ]
    objects += [
        _entries(plugin) for plugin in found["plugins"] if not is_ours(plugin) and our_entries(plugin)
    ]
    foreign = [VendorObject("node", "node", "node", _node_facts(node), ours=False)]
    for kind, entities in found.items():
        foreign += [_foreign(kind, entity) for entity in entities if not is_ours(entity)]
    return State(
        target=target,
        objects=tuple(sorted(objects, key=lambda entry: (entry.kind, entry.ref))),
        foreign=tuple(sorted(foreign, key=lambda entry: (entry.kind, entry.ref))),
        foreign_digest=digest(found),
    )


def with_data_planes(api: AdminApi) -> Entity:
    """The node's facts; of a hybrid installation's control plane also ``versions``, "" for one that is not known."""
    node = api.node()
    configuration = node.get("configuration")
    if not isinstance(configuration, Mapping) or configuration.get("role") != "control_plane":
        return node
    try:
        planes = list(api.data_planes())
    except ConnectorError:
        return {**node, "versions": [""]}
    return {**node, "versions": [str(plane.get("version") or "") for plane in planes]}


def estate_of(state: State) -> Estate:
    """The estate a state describes."""
    by_kind: dict[str, list[Entity]] = {}
    for entry in state.foreign:
        by_kind.setdefault(entry.kind, []).append(entry.document)
    return Estate(
        node=next(iter(by_kind.get("node", [])), {}),
        services=tuple(by_kind.get("services", ())),
        routes=tuple(by_kind.get("routes", ())),
        plugins=tuple(by_kind.get("plugins", ())),
        consumers=tuple(by_kind.get("consumers", ())),
    )


def _object(kind: str, entity: Entity) -> VendorObject:
    name = str(entity.get("name") or "")
    return VendorObject(kind, str(entity.get("id")), name, _known(settled(entity)), lock=lock_of(entity))


def _entries(plugin: Entity) -> VendorObject:
    """Our part of a customer's plugin, as an object of its own."""
    document = {"name": plugin.get("name"), "entries": our_entries(plugin)}
    return VendorObject(
        "entries", str(plugin.get("id")), str(plugin.get("name")), document, lock=lock_of(plugin)
    )


def _foreign(kind: str, entity: Entity) -> VendorObject:
    document = settled(entity)
    if kind == "plugins":
        document = settled(without_ours(entity))
        if document.get("name") not in _CONFIG_KEPT:
            document = {key: value for key, value in document.items() if key != "config"}
    name = str(entity.get("name") or entity.get("username") or entity.get("id"))
    return VendorObject(kind, str(entity.get("id")), name, document, lock=lock_of(entity), ours=False)


def _node_facts(node: Entity) -> dict[str, Any]:
    configuration = node.get("configuration")
    known = configuration if isinstance(configuration, Mapping) else {}
    return {
        "version": node.get("version"),
        **{key: node[key] for key in ("edition", "versions", "cluster_type", "group_member") if key in node},
        "configuration": {
            key: known.get(key) for key in ("database", "router_flavor", "role") if key in known
        },
    }


def _known(document: Mapping[str, Any]) -> dict[str, Any]:
    """A document without its nulls: what Kong did not set need not be written back."""
    return {
        key: _known(value) if isinstance(value, Mapping) and key == "config" else value
        for key, value in document.items()
        if value is not None
    }


def service_of(route: Entity) -> str:
    """The id of a route's service; "" for a route without one."""
    return ref_id(route, "service")
