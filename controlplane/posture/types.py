"""What a check is given and what it is: pure values, so that checks run in the CLI without Django."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from connectors.base.model import ConfigSnapshot
from controlplane.findings.types import CheckCard, CheckResult


@dataclass(frozen=True, slots=True)
class EndpointFacts:
    """What inventory knows of one endpoint: its facts, the credentials seen and the data it carries.

    ``authenticated``, ``anonymous`` and ``auth_unknown`` count calls by the credential seen;
    ``anonymous_success`` counts calls without a credential that were answered with 2xx.
    ``replaced_by`` is the newer version of the same operation when there is one.
    """

    id: str
    host: str
    method: str
    template: str
    state: str
    states_why: tuple[str, ...] = ()
    auth_declared: tuple[str, ...] = ()
    auth_known: bool = True
    authenticated: int = 0
    anonymous: int = 0
    anonymous_success: int = 0
    auth_unknown: int = 0
    data_classes: tuple[str, ...] = ()
    calls: int = 0
    exposure: str = "unknown"
    route_refs: tuple[str, ...] = ()
    replaced_by: str = ""

    @property
    def label(self) -> str:
        """The endpoint as people write it."""
        return f"{self.method} {self.host}{self.template}"


@dataclass(frozen=True, slots=True)
class Facts:
    """Everything traffic and inventory add to a snapshot. ``traffic_seen`` is False while no call has arrived."""

    endpoints: tuple[EndpointFacts, ...] = ()
    traffic_seen: bool = False
    sensitive_classes: frozenset[str] = frozenset()


#: A check's pure function: every subject it looked at, with its verdict.
Evaluate = Callable[[ConfigSnapshot, Facts], list[CheckResult]]


@dataclass(frozen=True, slots=True)
class Check:
    """One check as the registry found it: its card and its function."""

    card: CheckCard
    evaluate: Evaluate
