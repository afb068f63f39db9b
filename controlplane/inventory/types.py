"""Values of the inventory that other apps may hold."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

_PARAMETER: Final = re.compile(r"\{[^}]*\}")


def shape_of(template: str) -> str:
    """A template without parameter names or trailing slash, which sources choose differently."""
    return _PARAMETER.sub("{}", template).rstrip("/") or "/"


@dataclass(frozen=True, slots=True)
class EndpointRef:
    """An endpoint by name."""

    id: str
    host: str
    method: str
    template: str
    service_id: str

    @property
    def label(self) -> str:
        """The endpoint as people write it."""
        return f"{self.method} {self.host}{self.template}"


@dataclass(frozen=True, slots=True)
class EndpointView:
    """What inventory knows of one endpoint.

    ``authenticated``, ``anonymous`` and ``auth_unknown`` count calls by the credential seen; ``anonymous_success``
    those without a credential that were answered 2xx. ``replaced_by`` is the newer version's id when there is one.
    """

    id: str
    host: str
    method: str
    template: str
    state: str
    states_why: tuple[str, ...]
    auth_declared: tuple[str, ...]
    auth_known: bool
    authenticated: int
    anonymous: int
    anonymous_success: int
    auth_unknown: int
    data_classes: tuple[str, ...]
    calls: int
    exposure: str
    route_refs: tuple[str, ...]
    replaced_by: str
    service_id: str
