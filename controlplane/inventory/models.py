"""Tables of the inventory."""

from __future__ import annotations

from django.db import models

from tenants.ids import PrefixedIdField


class Service(models.Model):
    """A group of endpoints with a name: an API, a Kong service, a document's server, a host seen in traffic."""

    id = PrefixedIdField(prefix="svc")
    connection = models.TextField()
    ref = models.TextField()
    name = models.TextField()
    kind = models.TextField(default="")
    protocol = models.TextField(default="http")
    exposure = models.TextField(default="unknown")
    hosts = models.JSONField(default=list)
    tags = models.JSONField(default=dict)
    why = models.JSONField(default=list)
    renamed = models.BooleanField(default=False)  # a person chose the name; reads leave it
    findings_open = models.IntegerField(default=0)
    gone_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["connection", "ref"], name="one_service_per_ref")]


class HostAlias(models.Model):
    """An address that is another name of a canonical one."""

    id = PrefixedIdField(prefix="als")
    connection = models.TextField()
    host = models.TextField()
    base = models.TextField(default="")
    to_host = models.TextField()
    to_base = models.TextField(default="")


class Endpoint(models.Model):
    """One operation: host, method and path template. It is never deleted, it changes state."""

    id = PrefixedIdField(prefix="ep")
    host = models.TextField()
    method = models.TextField()
    template = models.TextField()
    shape = models.TextField()  # the template without parameter names
    service = models.ForeignKey(Service, null=True, on_delete=models.SET_NULL, related_name="endpoints")
    connection = models.TextField(default="")
    state = models.TextField(default="unknown")
    states_why = models.JSONField(default=list)
    fact_config = models.BooleanField(null=True)
    fact_spec = models.BooleanField(null=True)
    fact_traffic = models.BooleanField(null=True)
    fact_code = models.BooleanField(null=True)
    deprecated = models.BooleanField(default=False)
    replaced_by = models.TextField(default="")
    auth_declared = models.JSONField(default=list)
    auth_required = models.BooleanField(default=False)
    auth_known = models.BooleanField(default=False)
    auth_verdict = models.TextField(default="unknown")
    authenticated = models.BigIntegerField(default=0)
    anonymous = models.BigIntegerField(default=0)
    anonymous_success = models.BigIntegerField(default=0)
    auth_unknown = models.BigIntegerField(default=0)
    data_classes = models.JSONField(default=list)
    exposure = models.TextField(default="unknown")
    risk = models.IntegerField(default=0)
    risk_parts = models.JSONField(default=list)
    findings_open = models.IntegerField(default=0)
    calls = models.BigIntegerField(default=0)
    calls_24h = models.IntegerField(default=0)
    errors_24h = models.IntegerField(default=0)
    first_ts = models.BigIntegerField(null=True)
    last_ts = models.BigIntegerField(null=True)
    parameters = models.JSONField(default=list)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["host", "method", "shape"], name="one_endpoint_per_operation")
        ]
        indexes = [
            models.Index(fields=["state"]),
            models.Index(fields=["auth_verdict"]),
            models.Index(fields=["service"]),
            models.Index(fields=["connection"]),
            models.Index(fields=["-risk", "-id"]),
            models.Index(fields=["-calls_24h", "-id"]),
        ]


class RouteFact(models.Model):
    """One declared route at one address: where an endpoint's configuration facts come from."""

    id = PrefixedIdField(prefix="rtf")
    connection = models.TextField()
    ref = models.TextField()
    stage = models.TextField(default="")
    source = models.TextField(default="config")  # config or spec
    host = models.TextField()
    method = models.TextField()
    template = models.TextField()
    shape = models.TextField()
    endpoint = models.ForeignKey(Endpoint, null=True, on_delete=models.SET_NULL, related_name="routes")
    service = models.ForeignKey(Service, null=True, on_delete=models.SET_NULL)
    auth = models.JSONField(default=list)
    auth_required = models.BooleanField(default=False)
    auth_known = models.BooleanField(default=False)
    rate_limits = models.JSONField(default=list)
    waf = models.JSONField(default=dict)
    upstream = models.TextField(default="")
    deprecated = models.BooleanField(default=False)
    prefix = models.BooleanField(default=False)  # paths below it belong to it too
    parameters = models.JSONField(default=list)
    evidence = models.JSONField(default=dict)
    read_at = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["connection"]), models.Index(fields=["host", "method", "shape"])]


class EndpointHistory(models.Model):
    """What changed about an endpoint."""

    id = PrefixedIdField(prefix="eph")
    endpoint = models.ForeignKey(Endpoint, on_delete=models.CASCADE, related_name="history")
    at = models.DateTimeField(auto_now_add=True)
    kind = models.TextField()
    detail = models.TextField()


class FieldFact(models.Model):
    """A field seen in calls of an endpoint, and the data class it held."""

    id = PrefixedIdField(prefix="fld")
    endpoint = models.ForeignKey(Endpoint, on_delete=models.CASCADE, related_name="fields")
    place = models.TextField()  # query, request, response or class
    entry = models.TextField()
    seen = models.BigIntegerField(default=0)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["endpoint", "place", "entry"], name="one_fact_per_field")
        ]


class TemplateState(models.Model):
    """The learnt templates of the tenant."""

    id = models.IntegerField(primary_key=True, default=1)
    model = models.TextField()
    learned_at = models.DateTimeField()
