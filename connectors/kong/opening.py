"""Which APIs a connection's settings lead to: workspaces of a self-hosted Kong, or a control plane in Konnect."""

from __future__ import annotations

from typing import Final

from connectors.base.errors import RefusedError, SettingsError, VendorAnswerError
from connectors.egress import Egress
from connectors.kong.client import AdminApi
from connectors.kong.control_plane import ControlPlaneApi
from connectors.kong.form import KongSettings

_WORKSPACE: Final = "workspace:"


def opened(settings: KongSettings, egress: Egress) -> list[AdminApi]:
    """Every place the settings name, at least one. Asks Kong only when all workspaces are wanted.

    Raises ``SettingsError`` when this Kong has no workspaces.
    """
    if settings.in_konnect:
        return [ControlPlaneApi(settings, egress)]
    names = workspaces(settings, egress) if settings.all_workspaces else settings.workspaces or ("",)
    return [AdminApi(settings, egress, name) for name in names]


def opened_at(settings: KongSettings, egress: Egress, ref: str) -> AdminApi:
    """The place of one target.

    Raises ``RefusedError`` when the settings lead somewhere else by now, before anything of it is read or written.
    """
    if settings.in_konnect:
        api = ControlPlaneApi(settings, egress)
        _same(ref, ref == api.ref, f"the control plane {api.workspace} ({api.ref})")
        return api
    _same(ref, ref.startswith(_WORKSPACE), f"the workspaces at {settings.admin_url}")
    name = ref.removeprefix(_WORKSPACE)
    return AdminApi(settings, egress, "" if name == "default" and not settings.workspace else name)


def _same(ref: str, same: bool, place: str) -> None:
    if not same:
        raise RefusedError(
            f"The target is {ref}, and the connection's settings now lead to {place}.",
            action="Read the configuration again and choose the target anew; blocks at the former place stay until it "
            "is connected again.",
        )


def workspaces(settings: KongSettings, egress: Egress) -> tuple[str, ...]:
    """The names of all workspaces that ``GET /workspaces`` shows this token (Kong Enterprise)."""
    answered = list(AdminApi(settings, egress).entities("workspaces", scoped=False))
    names = tuple(sorted(str(entry.get("name") or "") for entry in answered))
    if not all(names):
        raise VendorAnswerError("Kong's answer to GET /workspaces has a workspace without a name.")
    if not names:
        raise SettingsError(
            "Kong shows this token no workspace.",
            action="Give its role read access to a workspace, or name the workspaces.",
        )
    return names
