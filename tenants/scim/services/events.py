"""What was asked for and what came of it, kept for the administrator; and how often it may be asked."""

from datetime import timedelta
from typing import Final

import structlog
from django.db import DatabaseError
from django.utils import timezone

from tenants.accounts.services import allow
from tenants.limits import Limit
from tenants.redaction import redacted_text
from tenants.scim.models import Event
from tenants.scim.types import Asked

log = structlog.get_logger(__name__)
KEPT: Final = timedelta(days=30)
MOST: Final = 5000
#: Entra ID asks for 25 requests a second; a token gets a little more, and none of it is another token's.
BY_TOKEN: Final = Limit("scim-token", most=1800, seconds=60)
#: Requests without a valid token, by address: nobody tries tokens out here.
REFUSED: Final = Limit("scim-refused", most=60, seconds=60)


def note(token_id: str, asked: Asked, status: int, detail: str = "") -> None:
    """Keep one write with its outcome; what was asked for is answered whether or not that can be kept."""
    try:
        Event.objects.create(
            at=timezone.now(),
            token_id=token_id,
            method=asked.method,
            resource=asked.resource,
            resource_id=redacted_text(asked.id)[:64],
            label=redacted_text(asked.label)[:254],
            status=status,
            detail=redacted_text(detail)[:500],
        )
    except DatabaseError:
        log.exception("provisioning event not kept", status=status)


def spend(limit: Limit, subject: str) -> None:
    """Count one request of this token or address; raises TooMany."""
    allow(limit, subject, "Too many requests; nothing was changed.")


def prune() -> None:
    """Drop old events."""
    Event.objects.filter(at__lt=timezone.now() - KEPT).delete()
    oldest = Event.objects.order_by("-id").values_list("id", flat=True)[MOST : MOST + 1]
    for event_id in oldest:
        Event.objects.filter(id__lte=event_id).delete()
