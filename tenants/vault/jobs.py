"""Background work of the vault."""

from django.utils import timezone

from tenants.jobs.services import every, job
from tenants.vault import rotation


@every(seconds=86_400)
@job(max_retries=0, time_limit=3600)
def keep_fresh() -> None:
    """Replace a data key that is a year old; finish a rotation that was begun."""
    rotation.keep_fresh(timezone.now())
