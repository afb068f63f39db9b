"""Users of one tenant and what protects their sign-in."""

from typing import ClassVar

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.db import models

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


class SignInAttempt(models.Model):
    """Failed sign-ins, counted to slow guessing down."""

    key = models.CharField(max_length=64, db_index=True)
    at = models.DateTimeField(auto_now_add=True, db_index=True)

    def __str__(self) -> str:
        return self.key
