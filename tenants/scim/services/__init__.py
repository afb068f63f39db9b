"""What other parts may ask of provisioning."""

from tenants.scim.services.errors import (
    Explained,
    checked_text,
    explained,
    forbidden,
    too_large,
    unauthorized,
    unsupported,
)
from tenants.scim.services.events import BY_TOKEN, REFUSED, note, spend
from tenants.scim.services.groups import create_group, patch_group, remove_group, replace_group
from tenants.scim.services.people import create_user, patch_user, remove_user, replace_user
from tenants.scim.services.stopping import stop
from tenants.scim.services.tokens import authenticate, create_token, revoke_token, rotate_token

__all__ = [
    "BY_TOKEN",
    "REFUSED",
    "Explained",
    "authenticate",
    "checked_text",
    "create_group",
    "create_token",
    "create_user",
    "explained",
    "forbidden",
    "note",
    "patch_group",
    "patch_user",
    "remove_group",
    "remove_user",
    "replace_group",
    "replace_user",
    "revoke_token",
    "rotate_token",
    "spend",
    "stop",
    "too_large",
    "unauthorized",
    "unsupported",
]
