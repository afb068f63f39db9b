"""Where a check's subject belongs: the service and the endpoints of the inventory it concerns. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence

from connectors.base.model import ConfigSnapshot
from controlplane.findings.types import Subject
from controlplane.inventory.types import EndpointView


class Places:
    """Index from a snapshot's objects to the endpoints made of their routes."""

    def __init__(self, snapshot: ConfigSnapshot, views: Sequence[EndpointView]) -> None:
        self._views = {view.id: view for view in views}
        self._by_route: dict[str, list[str]] = defaultdict(list)
        for view in views:
            for ref in view.route_refs:
                self._by_route[ref].append(view.id)
        self._routes: dict[tuple[str, str], list[str]] = defaultdict(list)
        stages = defaultdict(list)
        for stage in snapshot.stages:
            stages[stage.service_ref].append(stage.ref)
        for route in snapshot.routes:
            self._routes[("route", route.ref)].append(route.ref)
            self._routes[("service", route.service_ref)].append(route.ref)
            self._routes[("upstream", route.upstream_ref)].append(route.ref)
            for ref in route.stage_refs or stages[route.service_ref]:
                self._routes[("stage", ref)].append(route.ref)

    def of(self, subject: Subject) -> tuple[str, tuple[str, ...]]:
        """The id of the one service a subject belongs to (empty when none or several) and its endpoints' ids."""
        if subject.kind == "endpoint":
            ids = [subject.ref] if subject.ref in self._views else []
        else:
            ids = self._endpoints(self._routes.get((subject.kind, subject.ref), ()))
        services = {self._views[endpoint_id].service_id for endpoint_id in ids} - {""}
        return (services.pop() if len(services) == 1 else ""), tuple(ids)

    def _endpoints(self, routes: Iterable[str]) -> list[str]:
        return sorted({endpoint_id for ref in routes for endpoint_id in self._by_route.get(ref, ())})
