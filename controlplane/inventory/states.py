"""State of an endpoint from four facts: gateway configuration, specification, traffic, code.

Each fact is True, False or None; None is *unknown* (the source was not read, or read in part) and is
never taken for False: an endpoint is called shadow or orphan only when the fact that would refute it
is known to be absent.

| spec | deprecated | traffic | config | state |
|---|---|---|---|---|
| yes | no | yes | any | active |
| yes | yes | yes | any | zombie: declared retired, still called |
| yes | any | no | any | orphan: documented, not called (reasons say when deprecated) |
| no | superseded | yes | any | zombie: an old version, still called |
| no | no | yes | any | shadow: called, not documented |
| no | any | no | yes | idle: configured, neither documented nor called |
| no | any | no | no | gone |
| otherwise | | | | unknown |
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Final

_PARAMETER: Final = re.compile(r"\{[^}]*\}")


class EndpointState(StrEnum):
    """What the facts make of an endpoint."""

    ACTIVE = "active"
    SHADOW = "shadow"
    ORPHAN = "orphan"
    ZOMBIE = "zombie"
    IDLE = "idle"
    GONE = "gone"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known of one endpoint; None is unknown. `superseded`: a newer version of it is documented."""

    config: bool | None = None
    spec: bool | None = None
    traffic: bool | None = None
    code: bool | None = None
    deprecated: bool = False
    superseded: bool = False


@dataclass(frozen=True, slots=True)
class Verdict:
    """A state with the reasons a person reads."""

    state: EndpointState
    reasons: tuple[str, ...]


def judge(facts: Facts) -> Verdict:
    """State of an endpoint by the truth table of this module."""
    reasons = tuple(
        f"{name}: {'unknown' if value is None else present if value else absent}"
        for name, value, present, absent in (
            ("specification", facts.spec, "documented", "not documented"),
            ("traffic", facts.traffic, "called", "not called in the period looked at"),
            ("configuration", facts.config, "routed", "no route of its own"),
            ("code", facts.code, "found in code", "not found in code"),
        )
    )
    if facts.deprecated:
        reasons = (*reasons, "marked as deprecated")
    if facts.superseded:
        reasons = (*reasons, "a newer version is documented")
    return Verdict(_state(facts), reasons)


def _state(facts: Facts) -> EndpointState:
    if facts.traffic is None:
        return EndpointState.UNKNOWN
    if facts.traffic:
        if facts.deprecated or (facts.spec is False and facts.superseded):
            return EndpointState.ZOMBIE
        if facts.spec is None:
            return EndpointState.UNKNOWN
        return EndpointState.ACTIVE if facts.spec else EndpointState.SHADOW
    if facts.spec:
        return EndpointState.ORPHAN
    if facts.config:
        return EndpointState.IDLE
    if facts.spec is None or facts.config is None:
        return EndpointState.UNKNOWN
    return EndpointState.GONE


@dataclass(frozen=True, slots=True, order=True)
class Operation:
    """Identity of an endpoint: upper-case method, host, template with its parameters' own names."""

    method: str
    host: str
    template: str

    @property
    def shape(self) -> tuple[str, str, str]:
        """Identity without parameter names, which specs and learners choose differently."""
        path = _PARAMETER.sub("{}", self.template).rstrip("/") or "/"
        return self.method.upper(), self.host.lower(), path


@dataclass(frozen=True, slots=True)
class Documented:
    """An operation as a specification gives it."""

    operation: Operation
    deprecated: bool = False


def compare(
    documented: Iterable[Documented],
    seen: Iterable[Operation],
    configured: Iterable[Operation] | None = None,
) -> Mapping[Operation, Verdict]:
    """Verdict for every operation documented, seen in traffic or configured.

    Hosts without any specification have an *unknown* spec fact, not an absent one. `configured` None
    means that no configuration was read.
    """
    facts: dict[tuple[str, str, str], tuple[Operation, Facts]] = {}
    specs = list(documented)
    hosts = {entry.operation.host.lower() for entry in specs}

    def blank(operation: Operation) -> Facts:
        """Facts of an operation not met before."""
        spec = False if operation.host.lower() in hosts else None
        return Facts(config=None if configured is None else False, spec=spec, traffic=False)

    for entry in specs:
        known = facts.get(entry.operation.shape, (entry.operation, blank(entry.operation)))
        facts[entry.operation.shape] = known[0], replace(known[1], spec=True, deprecated=entry.deprecated)
    for operation in seen:
        known = facts.get(operation.shape, (operation, blank(operation)))
        facts[operation.shape] = known[0], replace(known[1], traffic=True)
    for operation in configured or ():
        known = facts.get(operation.shape, (operation, blank(operation)))
        facts[operation.shape] = known[0], replace(known[1], config=True)
    return {operation: judge(fact) for operation, fact in facts.values()}
