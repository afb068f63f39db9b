"""Test what a user may read at Edge, by reading: Edge does not tell permissions by name."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final

from connectors.apigee.edge import reading
from connectors.apigee.edge.client import EdgeOrganization
from connectors.base.capabilities import Grant, Permission
from connectors.base.errors import ConnectorError, SettingsError

if TYPE_CHECKING:
    from connectors.apigee.manifest import ApigeeSettings
    from connectors.egress import Egress

_READS: Final[tuple[tuple[str, str, Callable[[EdgeOrganization], Any]], ...]] = (
    ("GET /deployments", "see which proxies are deployed where", reading.deployments),
    ("GET /sharedflows", "see which shared flows there are", lambda edge: edge.names("/sharedflows", "list shared flows")),
    ("GET /apiproducts", "read API products", reading.products),
    ("GET /developers", "read developers and the names of their apps", reading.developers),
)  # fmt: skip


def check(settings: ApigeeSettings, egress: Egress) -> list[Permission]:
    """Each list that is read; raises when the credentials are not accepted or Edge cannot be reached."""
    edge = EdgeOrganization(settings, egress)
    edge.document("", "read the organization")
    found = [Permission("GET /", "read the organization", "read", Grant.GRANTED)]
    for action, purpose, attempt in _READS:
        try:
            attempt(edge)
        except SettingsError as error:
            found.append(Permission(action, purpose, "read", Grant.DENIED, error.what, error.action))
        except ConnectorError as error:
            found.append(
                Permission(action, purpose, "read", Grant.UNKNOWN, error.sentence(), "Run the check again.")
            )
        else:
            found.append(Permission(action, purpose, "read", Grant.GRANTED))
    return found
