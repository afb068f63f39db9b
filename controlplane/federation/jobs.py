"""Background work of federation."""

from django.utils import timezone

from controlplane.federation import keys
from tenants.jobs.services import every, job


@every(seconds=86_400)
@job(max_retries=0, time_limit=600)
def keep_fresh() -> None:
    """Announce a new signing key every 90 days and destroy those that are over: the deployment's, in whichever tenant."""
    keys.keep_fresh(timezone.now())
