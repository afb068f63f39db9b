"""Members app."""

from django.apps import AppConfig


class MembersConfig(AppConfig):
    """Memberships and roles."""

    name = "tenants.members"
    label = "members"
