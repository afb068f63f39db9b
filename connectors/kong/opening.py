"""Which API a connection's settings lead to."""

from __future__ import annotations

from connectors.egress import Egress
from connectors.kong.client import AdminApi
from connectors.kong.control_plane import ControlPlaneApi
from connectors.kong.form import KongSettings


def opened(settings: KongSettings, egress: Egress) -> AdminApi:
    """The workspace of a self-hosted Kong, or the control plane in Konnect."""
    return ControlPlaneApi(settings, egress) if settings.in_konnect else AdminApi(settings, egress)
