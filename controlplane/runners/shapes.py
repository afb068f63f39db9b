"""Documents of the runners API, as OpenAPI describes them; the serializers in ``api.py`` write them."""

from __future__ import annotations

from datetime import datetime
from typing import Literal, TypedDict


class RunnerDocument(TypedDict):
    """One runner. ``allowed`` are the addresses it says it may reach."""

    id: str
    name: str
    state: Literal["invited", "online", "away"]
    version: str
    allowed: list[str]
    read_only: bool
    enrolled_at: datetime | None
    last_seen_at: datetime | None
    created_at: datetime


class NewRunnerDocument(TypedDict):
    """A runner with its enrolment token, shown this once; ``command`` enrols it."""

    runner: RunnerDocument
    token: str
    expires_at: datetime
    command: str
