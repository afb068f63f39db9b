"""Workspaces of Kong Enterprise: a store each, and which of them a token's role reaches.

Source: Kong Gateway Enterprise "Workspaces" and Admin API ``GET /workspaces``; the list names all of them, whoever asks.
"""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from connectors.testkit.doubles.kong.store import Store


@dataclass
class Workspaces:
    """``stores`` by name; ``reach`` gives the workspaces of tokens that do not reach all."""

    stores: Mapping[str, Store]
    reach: Mapping[str, frozenset[str]] = field(default_factory=dict)

    def may(self, token: str, workspace: str) -> bool:
        """Whether a token's role has any right in a workspace."""
        return token not in self.reach or workspace in self.reach[token]

    def rows(self) -> list[dict[str, Any]]:
        """As ``GET /workspaces`` shows them."""
        return [
            {
                "id": str(uuid.uuid5(uuid.NAMESPACE_DNS, name)),
                "name": name,
                "comment": None,
                "config": {"portal": False},
                "meta": {},
                "created_at": 1_600_000_000,
                "updated_at": 1_600_000_000,
            }
            for name in sorted(self.stores)
        ]
