"""Background work of the audit trail."""

from django.utils import timezone

from tenants.audit.signing import sign_head
from tenants.jobs.services import kept


@kept(seconds=20)
def sign() -> None:
    """Sign how far the trail reaches: nothing stays unsigned for longer than a minute, whatever queues hold."""
    sign_head(timezone.now())
