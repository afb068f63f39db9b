"""Tables of single sign-on; each row belongs to the tenant of its schema."""

from django.db import models

from tenants.ids import PrefixedIdField
from tenants.members.permissions import Role
from tenants.vault.fields import SealedTextField


class Provider(models.Model):
    """One identity provider: what the owner entered, what the provider says of itself, how it was tested."""

    id = PrefixedIdField(prefix="idp")
    protocol = models.CharField(max_length=8)
    name = models.CharField(max_length=80)
    creates_members = models.BooleanField(default=True)
    settings = models.JSONField(default=dict)
    client_secret = SealedTextField(blank=True, default="")
    discovered = models.JSONField(default=dict)
    discovered_at = models.DateTimeField(null=True)
    enabled = models.BooleanField(default=False)
    tested = models.JSONField(null=True)  # outcome of the last test sign-in; cleared by every change
    problem = models.JSONField(null=True)  # the last refusal, for the administrator
    created_at = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return f"{self.id} {self.name}"


class Domain(models.Model):
    """An e-mail domain; its people may sign in once a TXT record showed that it is the tenant's."""

    id = PrefixedIdField(prefix="dom")
    name = models.CharField(max_length=253, unique=True)
    challenge = models.CharField(max_length=64)
    verified_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return self.name


class Flow(models.Model):
    """A sign-in under way, by the hash of its `state`; taken (deleted) by the first answer to it."""

    id = models.CharField(max_length=64, primary_key=True)
    provider = models.ForeignKey(Provider, on_delete=models.CASCADE, related_name="+")
    purpose = models.CharField(max_length=8)
    browser = models.CharField(max_length=64)  # hash of the cookie of the browser that began
    user_id = models.CharField(max_length=32, blank=True, default="")  # who tests
    callback = models.CharField(max_length=400)
    nonce = models.CharField(max_length=64)  # OIDC nonce, or the ID of the SAML request
    verifier = SealedTextField(blank=True, default="")  # PKCE
    response = models.TextField(blank=True, default="")  # posted SAML response, not yet believed
    next = models.CharField(max_length=400, default="/")
    created_at = models.DateTimeField(db_index=True)

    def __str__(self) -> str:
        return self.id


class Identity(models.Model):
    """Who a provider's subject is here; from the first sign-in on, the e-mail address no longer decides."""

    id = PrefixedIdField(prefix="idn")
    provider = models.ForeignKey(Provider, on_delete=models.CASCADE, related_name="+")
    subject = models.CharField(max_length=512)
    user = models.ForeignKey("accounts.User", on_delete=models.CASCADE, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)
    last_sign_in_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["provider", "subject"], name="sso_one_subject")]

    def __str__(self) -> str:
        return f"{self.provider_id} {self.user_id}"


class SpentAssertion(models.Model):
    """A SAML assertion already used; kept until it would have expired anyway."""

    key = models.CharField(max_length=64, primary_key=True)
    expires_at = models.DateTimeField(db_index=True)

    def __str__(self) -> str:
        return self.key


class GroupClaim(models.Model):
    """The groups a source (`scim`, or a provider's id) last gave for a person."""

    user = models.ForeignKey("accounts.User", on_delete=models.CASCADE, related_name="+")
    source = models.CharField(max_length=32)
    names = models.JSONField(default=list)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["user", "source"], name="sso_one_claim")]

    def __str__(self) -> str:
        return f"{self.user_id} {self.source}"


class Policy(models.Model):
    """One row (id 1): whether single sign-on is required, who may still use a password, groups to roles."""

    id = models.PositiveSmallIntegerField(primary_key=True, default=1)
    required = models.BooleanField(default=False)
    break_glass = models.ForeignKey("accounts.User", null=True, on_delete=models.SET_NULL, related_name="+")
    default_role = models.CharField(max_length=12, default=Role.VIEWER)
    rules = models.JSONField(default=list)  # [{"group": …, "role": …}], the first that fits decides

    def __str__(self) -> str:
        return "required" if self.required else "optional"
