"""Which addresses lead to which operations: declared operations of a snapshot, and aliases of hosts. Pure.

A stage can be reached under several (host, base path) pairs: a custom domain and the vendor's own host. The
first pair is canonical; calls that came by another are counted at the same endpoint.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from connectors.base.model import ConfigSnapshot, Route, Service, Stage


@dataclass(frozen=True, slots=True)
class Alias:
    """Calls to ``host`` below ``base`` are calls to ``to_host`` below ``to_base``."""

    host: str
    base: str
    to_host: str
    to_base: str


@dataclass(frozen=True, slots=True)
class Declared:
    """One declared operation at its canonical address; ``method`` is ANY when the route takes every method."""

    host: str
    method: str
    template: str
    route: Route
    service: Service | None
    stage: Stage | None


def _pairs(stage: Stage) -> list[tuple[str, str]]:
    """Every (host, base path) of a stage, the canonical one first."""
    listed = stage.evidence.get("addresses")
    found = [(host.lower(), stage.base_path) for host in stage.hosts]
    if isinstance(listed, list):
        found += [
            (str(e["host"]).lower(), str(e["basePath"]))
            for e in listed
            if isinstance(e, Mapping) and "host" in e
        ]
    return list(dict.fromkeys((host, base.rstrip("/")) for host, base in found))


def aliases(snapshot: ConfigSnapshot) -> list[Alias]:
    """Every address that is another name of a canonical one."""
    found = []
    for stage in snapshot.stages:
        pairs = _pairs(stage)
        found += [Alias(host, base, *pairs[0]) for host, base in pairs[1:] if (host, base) != pairs[0]]
    return found


def declared(snapshot: ConfigSnapshot) -> list[Declared]:
    """Every declared operation but catch-alls, at its canonical address, in the order of the snapshot."""
    services = {service.ref: service for service in snapshot.services}
    stages: Mapping[str, list[Stage]] = defaultdict(list)
    for stage in snapshot.stages:
        stages[stage.service_ref].append(stage)
    found = []
    for route in snapshot.routes:
        if route.catch_all:
            continue
        for host, base, place in _places(route, services.get(route.service_ref), stages[route.service_ref]):
            for method in route.methods or ("ANY",):
                template = f"{base}{route.path}" or "/"
                found.append(
                    Declared(host, method.upper(), template, route, services.get(route.service_ref), place)
                )
    return found


def _places(
    route: Route, service: Service | None, stages: Iterable[Stage]
) -> list[tuple[str, str, Stage | None]]:
    deployed = [stage for stage in stages if not route.stage_refs or stage.ref in route.stage_refs]
    if route.hosts:
        first = deployed[0] if deployed else None
        return [(host.lower(), first.base_path.rstrip("/") if first else "", first) for host in route.hosts]
    places: list[tuple[str, str, Stage | None]] = [
        (*_pairs(entry)[0], entry) for entry in deployed if _pairs(entry)
    ]
    if places:
        return places
    hosts = service.hosts if service else ()
    return [(host.lower(), "", None) for host in hosts] or [("", "", None)]


class AddressBook:
    """Answers the canonical address of a call."""

    def __init__(self, entries: Iterable[Alias]) -> None:
        self._by_host: dict[str, list[Alias]] = defaultdict(list)
        for entry in entries:
            self._by_host[entry.host].append(entry)
        for held in self._by_host.values():
            held.sort(key=lambda entry: -len(entry.base))

    def canonical(self, host: str, path: str) -> tuple[str, str]:
        """The canonical host and path; the same when the address is no alias."""
        for entry in self._by_host.get(host, ()):
            if path == entry.base or path.startswith(f"{entry.base}/"):
                return entry.to_host, f"{entry.to_base}{path[len(entry.base) :]}" or "/"
        return host, path

    def addresses_of(self, host: str, template: str) -> list[tuple[str, str]]:
        """Every (host, template) a canonical template can be called by, itself first."""
        found = [(host, template)]
        for entries in self._by_host.values():
            for entry in entries:
                inside = template == entry.to_base or template.startswith(f"{entry.to_base}/")
                if entry.to_host == host and inside:
                    found.append((entry.host, f"{entry.base}{template[len(entry.to_base) :]}"))
        return found
