"""Database routing: the product uses the app role; only migrations use the owner connection."""

from typing import Any

APP = "default"
OWNER = "owner"


class AppRoleRouter:
    """Reads and writes go to the app role. Provisioning names the owner connection explicitly."""

    def db_for_read(self, model: Any, **hints: Any) -> str:
        """Return the app role's connection unless the object came from another one."""
        return self._of(hints)

    def db_for_write(self, model: Any, **hints: Any) -> str:
        """Return the app role's connection unless the object came from another one."""
        return self._of(hints)

    @staticmethod
    def _of(hints: dict[str, Any]) -> str:
        state = getattr(hints.get("instance"), "_state", None)
        return getattr(state, "db", None) or APP

    def allow_relation(self, left: Any, right: Any, **hints: Any) -> bool:
        """Refuse to link an object read by the owner with one read by the app role."""
        return bool(left._state.db == right._state.db or None in (left._state.db, right._state.db))
