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
    #: State of the migrations the schema is in, and earlier states whose code can still use it.
    schema_key = models.CharField(max_length=64, blank=True, default="", db_default="")
    schema_serves = models.JSONField(default=list, db_default=[])
    #: Why the last migration of the schema failed, without any value of a row.
    schema_problem = models.TextField(blank=True, default="", db_default="")
    delete_after = models.DateTimeField(null=True)

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


class SpareSchema(models.Model):
    """A schema with its role, made ahead, that the next new tenant takes."""

    schema_name = models.CharField(max_length=63, primary_key=True)
    key = models.CharField(max_length=64)
    created_at = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return self.schema_name


class SignUpTries(models.Model):
    """A limit's state for one address that signs up (`tenants.limits`); keyed hashes, no addresses."""

    key = models.CharField(max_length=64, primary_key=True)
    due = models.DateTimeField(db_index=True)

    def __str__(self) -> str:
        return self.key


class PlatformEntry(models.Model):
    """What was done to a tenant as a whole. It outlives the tenant, so it names nobody and holds no data."""

    id = PrefixedIdField(prefix="pla")
    at = models.DateTimeField()
    action = models.CharField(max_length=40)
    org = models.CharField(max_length=40)
    schema_name = models.CharField(max_length=63)
    details = models.JSONField(default=dict)

    def __str__(self) -> str:
        return f"{self.action} {self.org}"
