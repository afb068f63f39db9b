"""Reads of API tokens."""

from django.db.models import QuerySet

from tenants.tokens.models import ApiToken


def tokens() -> "QuerySet[ApiToken]":
    """Return the tenant's tokens with their makers, revoked ones too; secrets are not in them."""
    return ApiToken.objects.select_related("created_by")
