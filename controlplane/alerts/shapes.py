"""Documents of the alerts API, as OpenAPI describes them; the serializers in ``api.py`` write them."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal, TypedDict


class DestinationDocument(TypedDict):
    """One place alerts go to; secrets show only that they are set."""

    id: str
    connector: str
    name: str
    settings: dict[str, Any]
    min_severity: Literal["info", "low", "medium", "high", "critical"]
    events: list[str]
    enabled: bool
    created_at: datetime


class CreatedDestinationDocument(DestinationDocument):
    """A new destination; ``generated`` holds the secrets we made, shown this once."""

    generated: dict[str, str]


class DestinationRef(TypedDict):
    """The destination of a delivery."""

    id: str
    name: str


class DeliveryDocument(TypedDict):
    """One message and what became of it."""

    id: str
    destination: DestinationRef
    event: str
    subject: str
    severity: str
    state: Literal["queued", "delivered", "retrying", "failed"]
    attempts: int
    last_error: str
    created_at: datetime
    delivered_at: datetime | None
