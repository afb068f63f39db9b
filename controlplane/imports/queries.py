"""Readers of imports."""

from __future__ import annotations

from django.db.models import QuerySet

from controlplane.imports.models import Import
from tenants.errors import NotFound


def imports() -> QuerySet[Import]:
    """Imports, newest first."""
    return Import.objects.order_by("-id")


def one(import_id: str) -> Import:
    """One import."""
    found = Import.objects.filter(pk=import_id).first()
    if found is None:
        raise NotFound("import-not-found", "There is no such import.")
    return found
