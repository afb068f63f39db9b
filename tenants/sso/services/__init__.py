"""What other parts may ask of single sign-on."""

from tenants.sso.services.domains import add_domain, record_name, record_value, remove_domain, verify_domain
from tenants.sso.services.flows import addresses, begin, finish, keep_response
from tenants.sso.services.people import unlink
from tenants.sso.services.policy import change_policy, policy, refusal
from tenants.sso.services.providers import (
    change_provider,
    create_provider,
    refresh_provider,
    remove_provider,
    switch_provider,
)
from tenants.sso.services.roles import SCIM, forget, remember, role_for, settle

__all__ = [
    "SCIM",
    "add_domain",
    "addresses",
    "begin",
    "change_policy",
    "change_provider",
    "create_provider",
    "finish",
    "forget",
    "keep_response",
    "policy",
    "record_name",
    "record_value",
    "refresh_provider",
    "refusal",
    "remember",
    "remove_domain",
    "remove_provider",
    "role_for",
    "settle",
    "switch_provider",
    "unlink",
    "verify_domain",
]
