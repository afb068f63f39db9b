"""Background work of archives."""

from django.utils import timezone

from tenants.archives import services
from tenants.jobs.events import subscribe
from tenants.jobs.services import every, job


@subscribe("archive.asked")
@job(queue="analysis", max_retries=2, time_limit=3600)
def build(archive_id: str) -> None:
    """Make one archive."""
    services.build(archive_id)


@every(seconds=3600)
@job(max_retries=0)
def expire() -> None:
    """Remove archives whose time is over."""
    services.expire(timezone.now())
