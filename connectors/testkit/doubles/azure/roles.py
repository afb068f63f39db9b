"""Role-based access control: who may do which action, with wildcards and exceptions as custom roles have them.

Source: "Understand Azure role definitions": an action is allowed when a role's ``actions`` hold it and the same role's
``notActions`` do not; several roles add up.
"""

import re
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from connectors.testkit.doubles.azure.errors import Refusal


@lru_cache(maxsize=4096)
def _pattern(action: str) -> re.Pattern[str]:
    return re.compile(re.escape(action).replace(r"\*", ".*"), re.IGNORECASE)


def allows(role: dict[str, Any], action: str) -> bool:
    """Whether one role allows an action."""
    held = any(_pattern(entry).fullmatch(action) for entry in role.get("actions") or ())
    return held and not any(_pattern(entry).fullmatch(action) for entry in role.get("notActions") or ())


@dataclass
class Roles:
    """Roles of each principal on the whole subscription, and every action that was needed so far."""

    assigned: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    used: set[str] = field(default_factory=set)

    def check(self, principal: str, action: str, scope: str) -> None:
        """Raise the refusal unless the principal may do it."""
        self.used.add(action)
        if not any(allows(role, action) for role in self.assigned.get(principal, ())):
            raise Refusal(
                403,
                "AuthorizationFailed",
                f"The client '{principal}' with object id '{principal}' does not have authorization to perform action "
                f"'{action}' over scope '{scope}' or the scope is invalid. If access was recently granted, please "
                "refresh your credentials.",
            )

    def permissions(self, principal: str) -> list[dict[str, Any]]:
        """As ``providers/Microsoft.Authorization/permissions`` answers."""
        empty: dict[str, list[str]] = {
            "actions": [],
            "notActions": [],
            "dataActions": [],
            "notDataActions": [],
        }
        return [{**empty, **role} for role in self.assigned.get(principal, ())]
