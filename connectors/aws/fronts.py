"""Which CloudFront distributions stand in front of a stage, and which addresses still lead past them. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from connectors.aws.behaviours import Behaviour
from connectors.aws.distributions import Distribution
from connectors.aws.edge_paths import literal_start
from connectors.base.model import Stage

#: The member of a stage's evidence that lists them.
MEMBER = "distributions"


@dataclass(frozen=True, slots=True)
class Front:
    """One distribution in front of a stage; ``acl`` is its web ACL ("" is none), ``origin`` the host it calls."""

    ref: str
    name: str
    acl: str
    origin: str


def with_fronts(stages: Iterable[Stage], distributions: Sequence[Distribution]) -> tuple[Stage, ...]:
    """The stages, those behind a distribution with their fronts in their evidence."""
    found = []
    for stage in stages:
        fronts = list(dict.fromkeys(_fronts(stage, distributions)))
        if fronts:
            told = [
                {"ref": front.ref, "name": front.name, "webAcl": front.acl, "origin": front.origin}
                for front in fronts
            ]
            stage = replace(stage, evidence={**stage.evidence, MEMBER: told})
        found.append(stage)
    return tuple(found)


def fronts_of(stage: Stage) -> list[Front]:
    """The fronts that ``with_fronts`` noted."""
    return [
        Front(entry["ref"], entry["name"], entry["webAcl"], entry["origin"])
        for entry in stage.evidence.get(MEMBER) or ()
    ]


def _fronts(stage: Stage, distributions: Sequence[Distribution]) -> Iterable[Front]:
    places: list[Mapping[str, Any]] = stage.evidence.get("addresses") or []
    for distribution in distributions:
        if not distribution.enabled or distribution.ref == stage.ref:
            continue
        for behaviour in distribution.behaviours:
            origin = behaviour.origin
            for place in places:
                if (
                    origin
                    and origin.host == str(place["host"]).lower()
                    and _leads(behaviour, str(place["basePath"]))
                ):
                    yield Front(distribution.ref, distribution.name, distribution.acl, origin.host)


def _leads(behaviour: Behaviour, base: str) -> bool:
    """Whether paths of the behaviour, below its origin's path, can be ones of the base path."""
    below = f"{behaviour.origin.path if behaviour.origin else ''}{literal_start(behaviour.pattern) or '/'}"
    base = f"{base.rstrip('/')}/"
    return f"{below}/".startswith(base) or base.startswith(below)
