"""Keeps the events of provisioning short."""

from tenants.jobs.services import every, job
from tenants.scim.services import events


@every(seconds=86400)
@job(max_retries=0)
def prune_events() -> None:
    """Drop events older than 30 days or beyond the newest 5,000."""
    events.prune()
