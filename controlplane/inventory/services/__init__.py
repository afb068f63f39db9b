"""The only writers of the inventory."""

from controlplane.inventory.services.configuration import apply_snapshot
from controlplane.inventory.services.editing import rename_service, set_risk, set_service_findings
from controlplane.inventory.services.learning import learn_news
from controlplane.inventory.services.refreshing import refresh_day, refresh_endpoints

__all__ = [
    "apply_snapshot",
    "learn_news",
    "refresh_day",
    "refresh_endpoints",
    "rename_service",
    "set_risk",
    "set_service_findings",
]
