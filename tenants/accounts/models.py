"""Users of one tenant, their sessions, and what protects their sign-in."""

from typing import ClassVar

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.db import models

from tenants.accounts.types import SecondFactor
from tenants.ids import PrefixedIdField


class UserManager(BaseUserManager["User"]):
    """Looks users up by email without regard to case."""

    def get_by_natural_key(self, username: str | None) -> "User":
        """Return the user with this email address."""
        return self.get(email=(username or "").lower())


class User(AbstractBaseUser):
    """A person in this tenant; the email address (lower case) is the name to sign in with."""

    id = PrefixedIdField(prefix="usr")
    email = models.EmailField(unique=True)
    #: When the person showed that mail to the address reaches them.
    email_verified_at = models.DateTimeField(null=True)
    name = models.CharField(max_length=120, blank=True, default="")
    theme = models.CharField(max_length=8, default="system")
    is_active = models.BooleanField(default=True)
    created_at = models.DateTimeField(auto_now_add=True)

    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = []
    # Rights come from the membership's role, never from Django's own flags.
    is_staff = False
    is_superuser = False

    objects: ClassVar[UserManager] = UserManager()

    def __str__(self) -> str:
        return self.email


class UsedHandoff(models.Model):
    """Sign-in handoff tokens already spent (single use)."""

    nonce = models.CharField(max_length=64, primary_key=True)
    used_at = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return self.nonce


class SessionRow(models.Model):
    """One browser's session. The cookie holds the key, the row only its keyed hash."""

    id = PrefixedIdField(prefix="ses")
    key_hash = models.CharField(max_length=64, unique=True)
    data = models.TextField()
    user = models.ForeignKey(User, null=True, on_delete=models.CASCADE, related_name="+")
    by = models.CharField(max_length=24, blank=True, default="")
    address = models.CharField(max_length=45, blank=True, default="")
    agent = models.CharField(max_length=200, blank=True, default="")
    started_at = models.DateTimeField()
    seen_at = models.DateTimeField()
    expires_at = models.DateTimeField(db_index=True)

    def __str__(self) -> str:
        return self.id


class SignIn(models.Model):
    """One try to sign in: what administrators look at when something seems wrong. Never a password."""

    id = PrefixedIdField(prefix="sgn")
    at = models.DateTimeField(db_index=True)
    email = models.CharField(max_length=254, blank=True, default="")
    user = models.ForeignKey(User, null=True, on_delete=models.SET_NULL, related_name="+")
    by = models.CharField(max_length=24)
    outcome = models.CharField(max_length=16)
    address = models.CharField(max_length=45, blank=True, default="")
    agent = models.CharField(max_length=200, blank=True, default="")

    class Meta:
        indexes = [models.Index(fields=["user", "address"], name="accounts_signin_known")]

    def __str__(self) -> str:
        return f"{self.email} {self.outcome}"


class Tries(models.Model):
    """A limit's state for one subject: when it will be full again (`tenants.limits`)."""

    key = models.CharField(max_length=64, primary_key=True)
    due = models.DateTimeField(db_index=True)

    def __str__(self) -> str:
        return self.key


class CacheEntry(models.Model):
    """What a library keeps for a short time; of this tenant, seen by every process."""

    key = models.CharField(max_length=255, primary_key=True)
    value = models.JSONField()
    expires_at = models.DateTimeField(db_index=True)

    def __str__(self) -> str:
        return self.key


class MailedLink(models.Model):
    """A link sent to an address: good once, for a while, found by the hash of its secret.

    A row is made for every address somebody types, known or not; the job that mails it decides.
    """

    id = PrefixedIdField(prefix="lnk")
    purpose = models.CharField(max_length=12)
    email = models.EmailField()
    user = models.ForeignKey(User, null=True, on_delete=models.CASCADE, related_name="+")
    key_hash = models.CharField(max_length=64, db_index=True, blank=True, default="")
    created_at = models.DateTimeField(auto_now_add=True)
    expires_at = models.DateTimeField(db_index=True)

    def __str__(self) -> str:
        return f"{self.purpose} {self.id}"


class SignInPolicy(models.Model):
    """One row (id 1): who must have a second factor."""

    id = models.PositiveSmallIntegerField(primary_key=True, default=1)
    second_factor = models.CharField(max_length=8, default=SecondFactor.NOBODY)

    def __str__(self) -> str:
        return self.second_factor
