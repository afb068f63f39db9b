"""Reads about the tenant's archives."""

from django.db.models import QuerySet

from tenants.archives.models import Archive
from tenants.errors import NotFound


def archives() -> "QuerySet[Archive]":
    """Return the tenant's archives."""
    return Archive.objects.all()


def archive(archive_id: str) -> Archive:
    """Return one archive; raises NotFound."""
    found = Archive.objects.filter(id=archive_id).first()
    if found is None:
        raise NotFound("no-such-archive", "There is no archive with this id.")
    return found
