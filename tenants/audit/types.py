"""Values other apps may hold."""

from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any, Final

ACTOR_KINDS: Final = ("user", "token", "job", "sso", "scim", "system")


@dataclass(frozen=True, slots=True)
class Filter:
    """Which entries: of an actor (id) or kind of one, actions that begin so, a target, a time, a text anywhere."""

    actor: str = ""
    actor_kind: str = ""
    action: str = ""
    target: str = ""
    since: datetime | None = None
    until: datetime | None = None
    q: str = ""

    def given(self) -> dict[str, str]:
        """Return what was chosen, as text."""
        chosen: dict[str, Any] = {name: value for name, value in asdict(self).items() if value}
        return {
            name: value.isoformat() if isinstance(value, datetime) else value
            for name, value in chosen.items()
        }
