"""What other parts may ask of single sign-on."""

from tenants.sso.services.domains import (
    add_domain,
    proved,
    record_name,
    record_value,
    remove_domain,
    verify_domain,
)
from tenants.sso.services.flows import addresses, begin, end_flows_of, finish, keep_response
from tenants.sso.services.leavers import was_put_out_since
from tenants.sso.services.people import forget_links, unlink
from tenants.sso.services.policy import change_policy, policy, refusal
from tenants.sso.services.providers import (
    change_provider,
    create_provider,
    refresh_provider,
    remove_provider,
    switch_provider,
)
from tenants.sso.services.roles import (
    SCIM,
    claimed_by,
    forget,
    forget_all,
    one_at_a_time,
    remember,
    remember_all,
    role_for,
    settle,
    settle_all,
)

__all__ = [
    "SCIM",
    "add_domain",
    "addresses",
    "begin",
    "change_policy",
    "change_provider",
    "claimed_by",
    "create_provider",
    "end_flows_of",
    "finish",
    "forget",
    "forget_all",
    "forget_links",
    "keep_response",
    "one_at_a_time",
    "policy",
    "proved",
    "record_name",
    "record_value",
    "refresh_provider",
    "refusal",
    "remember",
    "remember_all",
    "remove_domain",
    "remove_provider",
    "role_for",
    "settle",
    "settle_all",
    "switch_provider",
    "unlink",
    "verify_domain",
    "was_put_out_since",
]
