"""One runner of each tenant, with a request on its way."""

from datetime import timedelta

from django.utils import timezone

from connectors.runner.wire import Work
from controlplane.runners import services


def build() -> dict[str, str]:
    """Create them in the entered tenant; nothing is sent."""
    now = timezone.now()
    made = services.create("CANARY runner", now)
    expires = now - timedelta(minutes=1)
    work = Work("rly_" + made.id[4:], made.id, expires.timestamp(), "GET", "https://canary.internal/")
    services.put(work, expires)
    return {"runner": made.id}
