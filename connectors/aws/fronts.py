"""Which CloudFront distributions stand in front of a stage, and which addresses still lead past them. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from connectors.aws.behaviours import Behaviour
from connectors.aws.distributions import Distribution
from connectors.aws.edge_paths import edge_path, literal_start
from connectors.base.model import Stage

#: The member of a stage's evidence that lists them.
MEMBER = "distributions"


@dataclass(frozen=True, slots=True)
class Front:
    """One distribution in front of one address of a stage.

    ``acl`` is its web ACL ("" is none), ``origin`` the host it calls and ``base_path`` the stage's there; ``whole``: what
    lies below that base path is forwarded to it by the default behaviour, not only a part.
    """

    ref: str
    name: str
    acl: str
    origin: str
    base_path: str
    whole: bool


def with_fronts(stages: Iterable[Stage], distributions: Sequence[Distribution] | None) -> tuple[Stage, ...]:
    """The stages with their fronts in their evidence; None there: the distributions are not known, so neither is that."""
    found = []
    for stage in stages:
        if not _places(stage):
            found.append(stage)
            continue
        fronts = None if distributions is None else list(_fronts(stage, distributions))
        if fronts or fronts is None:
            told = None if fronts is None else [_told(front) for front in fronts]
            stage = replace(stage, evidence={**stage.evidence, MEMBER: told})
        found.append(stage)
    return tuple(found)


def fronts_known(stage: Stage) -> bool:
    """Whether the fronts of a stage could be told."""
    return stage.evidence.get(MEMBER, ()) is not None


def fronts_of(stage: Stage) -> list[Front]:
    """The fronts that ``with_fronts`` noted."""
    return [
        Front(
            entry["ref"],
            entry["name"],
            entry["webAcl"],
            entry["origin"],
            entry["basePath"],
            entry["whole"],
        )
        for entry in stage.evidence.get(MEMBER) or ()
    ]


def open_addresses(stage: Stage) -> list[str]:
    """Hosts of the stage that no distribution calls."""
    called = {(front.origin, front.base_path) for front in fronts_of(stage)}
    return list(dict.fromkeys(host for host, base in _places(stage) if (host, base) not in called))


def _told(front: Front) -> dict[str, Any]:
    return {
        "ref": front.ref,
        "name": front.name,
        "webAcl": front.acl,
        "origin": front.origin,
        "basePath": front.base_path,
        "whole": front.whole,
    }


def _places(stage: Stage) -> list[tuple[str, str]]:
    listed: list[Mapping[str, Any]] = stage.evidence.get("addresses") or []
    return [(str(place["host"]).lower(), str(place["basePath"])) for place in listed]


def _fronts(stage: Stage, distributions: Sequence[Distribution]) -> Iterator[Front]:
    for distribution in distributions:
        if not distribution.enabled or distribution.ref == stage.ref:
            continue
        for host, base in _places(stage):
            leading = [
                behaviour
                for behaviour in distribution.behaviours
                if behaviour.origin and behaviour.origin.host == host and _leads(behaviour, base)
            ]
            if leading:
                whole = any(_leads_whole(behaviour, base) for behaviour in leading)
                yield Front(distribution.ref, distribution.name, distribution.acl, host, base, whole)


def _leads(behaviour: Behaviour, base: str) -> bool:
    """Whether paths of the behaviour, below its origin's path, can be ones of the base path."""
    below = f"{behaviour.origin.path if behaviour.origin else ''}{literal_start(behaviour.pattern) or '/'}"
    base = f"{base.rstrip('/')}/"
    return f"{below}/".startswith(base) or base.startswith(below)


def _leads_whole(behaviour: Behaviour, base: str) -> bool:
    """Whether every path below the base path is reached by it."""
    path = f"{behaviour.origin.path if behaviour.origin else ''}/"
    return edge_path(behaviour.pattern).catch_all and f"{base.rstrip('/')}/".startswith(path)
