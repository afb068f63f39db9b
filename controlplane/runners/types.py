"""What others may hold of runners."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

#: An enrolment token is good for so long, once.
ENROLMENT: Final = timedelta(hours=1)
#: A runner that was not heard of for so long is shown as away, and no request is given to it.
AWAY: Final = timedelta(seconds=90)


class RunnerState(StrEnum):
    """How a runner is doing."""

    INVITED = "invited"
    ONLINE = "online"
    AWAY = "away"


@dataclass(frozen=True, slots=True)
class NewRunner:
    """A runner with the enrolment token that is shown this once."""

    id: str
    token: str
    expires_at: datetime


def state_of(public_key: str, last_seen_at: datetime | None, now: datetime) -> RunnerState:
    """The state of a runner with this key, last heard of then."""
    if not public_key:
        return RunnerState.INVITED
    seen = last_seen_at is not None and now - last_seen_at <= AWAY
    return RunnerState.ONLINE if seen else RunnerState.AWAY
