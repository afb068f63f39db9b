"""One snapshot of several workspaces: each stays a stage of its own services."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import chain

from connectors.base.model import Completeness, ConfigSnapshot, Section, Setting
from connectors.kong.resolve import NO_SERVICE


def together(read: Mapping[str, ConfigSnapshot], gateway_name: str) -> ConfigSnapshot:
    """The snapshots by workspace as one; a single one is given back as it is.

    A section is complete when it is complete in every workspace, unknown when it is unknown in every one, else partial.
    """
    if len(read) == 1:
        return next(iter(read.values()))
    parts = [_named(snapshot, workspace) for workspace, snapshot in read.items()]
    names = dict.fromkeys(section.name for part in parts for section in part.sections)
    return ConfigSnapshot(
        vendor="kong",
        gateway_ref="gateway",
        gateway_name=gateway_name,
        services=tuple(chain.from_iterable(part.services for part in parts)),
        stages=tuple(chain.from_iterable(part.stages for part in parts)),
        routes=tuple(chain.from_iterable(part.routes for part in parts)),
        upstreams=tuple(chain.from_iterable(part.upstreams for part in parts)),
        consumers=tuple(chain.from_iterable(part.consumers for part in parts)),
        settings=_settings(parts),
        sections=tuple(_section(name, read) for name in names),
    )


def _named(snapshot: ConfigSnapshot, workspace: str) -> ConfigSnapshot:
    """Refs that every workspace uses alike get the workspace's name."""
    ref = f"{NO_SERVICE}@{workspace}"

    def own(found: str) -> str:
        return ref if found == NO_SERVICE else found

    return replace(
        snapshot,
        services=tuple(replace(entry, ref=own(entry.ref)) for entry in snapshot.services),
        stages=tuple(
            replace(entry, ref=f"{own(entry.service_ref)}@{workspace}", service_ref=own(entry.service_ref))
            for entry in snapshot.stages
        ),
        routes=tuple(replace(entry, service_ref=own(entry.service_ref)) for entry in snapshot.routes),
    )


def _settings(parts: Sequence[ConfigSnapshot]) -> tuple[Setting, ...]:
    """The node's facts once, host names of all workspaces, and who manages any of them other than by hand."""
    found: dict[str, Setting] = {}
    for setting in chain.from_iterable(part.settings for part in parts):
        known = found.setdefault(setting.ref, setting)
        if setting.name == "snis":
            value = sorted({*known.value, *setting.value})
            found[setting.ref] = replace(known, value=value, evidence={"snis": value})
        elif setting.name == "managed_by" and known.value == "admin-api":
            found[setting.ref] = setting
    return tuple(found.values())


def _section(name: str, read: Mapping[str, ConfigSnapshot]) -> Section:
    told = {
        workspace: next((entry for entry in snapshot.sections if entry.name == name), None)
        for workspace, snapshot in read.items()
    }
    states = [entry.completeness if entry else Completeness.UNKNOWN for entry in told.values()]
    reasons = [
        f"Workspace {workspace}: {entry.reason}"
        for workspace, entry in told.items()
        if entry and entry.reason
    ]
    shown = reasons[:3] + ([f"and {len(reasons) - 3} more"] if len(reasons) > 3 else [])
    if len(set(states)) == 1:
        return Section(name, states[0], " ".join(shown))
    return Section(name, Completeness.PARTIAL, " ".join(shown) or "It was not read in every workspace.")
