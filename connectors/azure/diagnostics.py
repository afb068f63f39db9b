"""What a resource logs, and where to: its diagnostic settings."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from connectors.azure.client import Arm
from connectors.azure.parts import Document, listed, properties
from connectors.base.ledger import Ledger

_DESTINATIONS: Final = (
    "workspaceId", "eventHubAuthorizationRuleId", "storageAccountId", "marketplacePartnerId",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Logging:
    """The settings of one resource; None when they could not be read."""

    settings: tuple[Document, ...] | None

    def destination(self, category: str) -> str | None:
        """Where a category goes to; "" when it is not logged, None when it is not known."""
        if self.settings is None:
            return None
        for setting in self.settings:
            held = properties(setting)
            for log in listed(held.get("logs")):
                named = category.lower() == str(log.get("category") or "").lower()
                if log.get("enabled") and (named or str(log.get("categoryGroup") or "").lower() == "alllogs"):
                    return next((str(held[name]) for name in _DESTINATIONS if held.get(name)), "unnamed")
        return ""


def read_logging(arm: Arm, ledger: Ledger, ref: str, section: str) -> Logging:
    """The diagnostic settings of a resource; a failure counts against ``section``."""
    found = ledger.attempt(
        (section,),
        f"diagnostic settings of {ref.rpartition('/')[2]}",
        lambda: arm.items(f"{ref}/providers/Microsoft.Insights/diagnosticSettings"),
    )
    return Logging(None if found is None else tuple(found))
