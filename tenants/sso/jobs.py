"""Keeps what providers say of themselves fresh: keys and certificates change without notice."""

from datetime import timedelta

import structlog
from django.utils import timezone

from tenants.errors import DomainError
from tenants.jobs.services import every, job
from tenants.sso.models import Provider
from tenants.sso.services.providers import note_problem, refresh_provider

log = structlog.get_logger(__name__)
FRESH = timedelta(hours=24)


@every(seconds=3600)
@job(max_retries=0, time_limit=300)
def refresh_descriptions() -> None:
    """Read each description older than a day again; a failure is shown with the provider."""
    for row in Provider.objects.filter(discovered_at__lt=timezone.now() - FRESH).order_by("id"):
        try:
            refresh_provider(row.id)
        except DomainError as error:
            reason = "; ".join(text for texts in error.fields.values() for text in texts) or error.detail
            note_problem(row.id, error.code, f"The daily look at the provider failed: {reason}")
            log.warning("description of a provider not read", provider=row.id, code=error.code)
