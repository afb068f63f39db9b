"""Read the declared configuration of the settings' subscriptions: edge, gateways, API Management, WAF policies."""

from __future__ import annotations

from typing import Final

from connectors.azure.api_management import read_api_managements
from connectors.azure.app_gateways import read_gateways
from connectors.azure.client import Arm
from connectors.azure.front_door import read_front_doors
from connectors.azure.manifest import AzureSettings
from connectors.azure.parts import Parts
from connectors.azure.waf_policies import read_policies
from connectors.base.identity import Identity
from connectors.base.ledger import Ledger
from connectors.base.model import Completeness, ConfigSnapshot, Section
from connectors.egress import Egress

SECTIONS: Final = (
    "services", "stages", "routes", "upstreams", "authorizers", "consumers", "settings", "waf", "waf_attachments",
    "waf_logging",
)  # fmt: skip
#: Sections read once per object of another section.
PARENTS: Final = {
    **dict.fromkeys(("stages", "routes", "upstreams", "authorizers", "consumers", "settings"), "services"),
    "waf_attachments": "services",
    "waf_logging": "services",
}
_NOT_CONNECTED: Final = "This connection only receives records: it has no Entra application to read with."


class Config:
    """The read-configuration capability."""

    def __init__(
        self,
        settings: AzureSettings,
        egress: Egress,
        identity: Identity | None = None,
        *,
        arm: Arm | None = None,
    ) -> None:
        self._settings = settings
        self._arm = arm or Arm(settings, egress, identity)

    def read_config(self) -> ConfigSnapshot:
        """A whole snapshot; what could not be read is an *unknown* or *partial* section with its reason."""
        name = f"Azure tenant {self._settings.tenant_id}" if self._settings.connected else "Azure"
        if not self._settings.connected:
            unknown = tuple(Section(entry, Completeness.UNKNOWN, _NOT_CONNECTED) for entry in SECTIONS)
            return ConfigSnapshot("azure", "azure", name, sections=unknown)
        ledger, parts = Ledger(SECTIONS, PARENTS), Parts()
        for subscription in self._settings.subscriptions:
            read_front_doors(self._arm, ledger, subscription, parts)
            read_gateways(self._arm, ledger, subscription, parts)
            read_api_managements(self._arm, ledger, subscription, parts)
            read_policies(self._arm, ledger, subscription, parts)
        return ConfigSnapshot(
            vendor="azure",
            gateway_ref=self._settings.tenant_id,
            gateway_name=name,
            services=tuple(parts.services),
            stages=tuple(parts.stages),
            routes=tuple(parts.routes),
            upstreams=tuple(parts.upstreams.values()),
            waf_policies=tuple(parts.policies),
            consumers=tuple(parts.consumers),
            settings=tuple(parts.settings),
            sections=ledger.sections(),
        )
