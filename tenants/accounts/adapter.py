"""What we change in django-allauth: nobody creates an account by themselves inside a tenant."""

from allauth.account.adapter import DefaultAccountAdapter
from django.http import HttpRequest


class AccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]
    """Accounts are made by sign-up of an organisation or by invitation."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        """Refuse self-service accounts."""
        return False
