"""Read a workspace's configuration through the Admin API: every collection to its last page."""

from __future__ import annotations

from typing import Any

from connectors.base.errors import ConnectorError
from connectors.base.model import Completeness, ConfigSnapshot, Section
from connectors.egress import Egress
from connectors.kong.client import AdminApi
from connectors.kong.entities import Entities, Entity
from connectors.kong.form import KongSettings
from connectors.kong.manifest import COLLECTIONS
from connectors.kong.opening import opened
from connectors.kong.resolve import resolve
from connectors.kong.several import together


class Config:
    """The read-configuration capability."""

    def __init__(self, settings: KongSettings, egress: Egress) -> None:
        self._settings, self._egress = settings, egress

    def read_config(self) -> ConfigSnapshot:
        """A snapshot of every workspace; a collection that could not be read is an *unknown* section.

        Raises ``ConnectorError`` when it is not known which workspaces there are.
        """
        places = opened(self._settings, self._egress)
        read = {api.workspace: resolve(read_entities(api), api.ref, api.gateway_name) for api in places}
        return together(read, places[0].gateway_name)


def read_entities(api: AdminApi) -> Entities:
    """All entities of the workspace; failures become reasons, never empty collections."""
    unread: dict[str, str] = {}
    node: Entity | None = None
    try:
        node = api.node()
    except ConnectorError as error:
        unread["settings"] = error.sentence()
    collections: dict[str, tuple[Entity, ...]] = {}
    for name in COLLECTIONS:
        try:
            collections[name] = tuple(api.entities(name))
        except ConnectorError as error:
            unread[name] = error.sentence()
    targets, section = _targets(api, collections.get("upstreams"))
    return Entities(
        workspace=api.workspace,
        node=node,
        collections=collections,
        targets=targets,
        unread=unread,
        sections=(section,),
        unseen_plugins=api.unseen_plugins(),
    )


def _targets(
    api: AdminApi, upstreams: tuple[Entity, ...] | None
) -> tuple[dict[str, tuple[dict[str, Any], ...]], Section]:
    """The targets of each upstream, and how much of them is known."""
    if upstreams is None:
        return {}, Section("targets", Completeness.UNKNOWN, "The upstreams could not be read.")
    found: dict[str, tuple[dict[str, Any], ...]] = {}
    failed: list[str] = []
    for upstream in upstreams:
        ref = str(upstream.get("id", ""))
        try:
            found[ref] = tuple(api.entities(f"upstreams/{ref}/targets"))
        except ConnectorError as error:
            failed.append(error.sentence())
    if not failed:
        return found, Section("targets", Completeness.COMPLETE)
    completeness = Completeness.PARTIAL if found else Completeness.UNKNOWN
    return found, Section(
        "targets", completeness, f"{len(failed)} of {len(upstreams)} upstreams: {failed[0]}"
    )
