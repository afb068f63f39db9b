"""Shared tables: no tenant's data, only which tenants there are."""

from django.db import models
from django_tenants.models import DomainMixin, TenantMixin

from tenants.ids import PrefixedIdField
from tenants.orgs.types import Status


class Tenant(TenantMixin):  # type: ignore[misc]
    """One customer: a random schema (and role) name made by us, a host label, a state."""

    auto_create_schema = False
    auto_drop_schema = False

    id = PrefixedIdField(prefix="org")
    slug = models.CharField(max_length=40, unique=True)
    name = models.CharField(max_length=120)
    status = models.CharField(max_length=12, choices=[(s.value, s.value) for s in Status])
    created_at = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return f"{self.slug} ({self.schema_name})"


class Domain(DomainMixin):  # type: ignore[misc]
    """A host name of a tenant besides `<slug>.<base domain>`."""

    tenant: models.ForeignKey[Tenant, Tenant]


class TemplateSnapshot(models.Model):
    """SQL that makes a tenant schema in one go, for one state of the migrations."""

    key = models.CharField(max_length=64, primary_key=True)
    sql = models.TextField()
    created_at = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return self.key
