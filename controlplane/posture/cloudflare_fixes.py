"""Repairs at Cloudflare: Terraform for settings of a zone, steps for a person where rules stand in an order."""

from __future__ import annotations

from controlplane.findings.types import Fix
from controlplane.posture import fixes


def zone_setting(zone_id: str, name: str, value: str) -> Fix:
    """One setting of a zone."""
    return fixes.terraform(
        "cloudflare_zone_setting",
        f"{name}_{zone_id[:8]}",
        {"zone_id": zone_id, "setting_id": name, "value": value},
    )


def managed_rules(zone: str) -> Fix:
    """Deploy Cloudflare's managed rules."""
    return fixes.console(
        f"In {zone}, open Security > Settings and switch on the Cloudflare managed ruleset: first with the action Log, and "
        "with its own actions once a week of events shows no good traffic."
    )


def managed_rules_act(zone: str) -> Fix:
    """Let managed rules that only log do what they are made for."""
    return fixes.console(
        f"In {zone}, open Security > Security rules > Managed rules, edit the deployed ruleset and set the override of its "
        "action from Log back to the default, first for the rules that logged no good traffic in the last week."
    )


def rate_limit(zone: str) -> Fix:
    """Add a rate limiting rule."""
    return fixes.console(
        f"In {zone}, open Security > Security rules and create a rate limiting rule for the API's host: for example 600 "
        "requests in a minute per address, action Block."
    )


def logpush(zone: str, dataset: str) -> Fix:
    """Send a dataset somewhere; the set-up page of the connection has the whole command."""
    return fixes.console(
        f"In {zone}, open Analytics & Logs > Logpush and create a job for {dataset}: the set-up page of this connection has "
        "the command with all fields. Logpush needs an Enterprise plan."
    )


def schema(operation: str) -> Fix:
    """Validate an operation against its schema."""
    return fixes.console(
        f"Upload the API's OpenAPI document to Security > Web assets > Schema validation, look at what is logged for "
        f"{operation}, then set its action to Block."
    )


def skip_behind(policy: str, rule: str) -> Fix:
    """Narrow a rule that lets requests pass the managed rules."""
    return fixes.console(
        f"In {policy}, narrow the skip rule {rule}: name the rules that break good traffic instead of all managed rules, "
        "and the paths they break instead of whole addresses."
    )


def proxy(host: str) -> Fix:
    """Let a host's traffic pass Cloudflare."""
    return fixes.console(
        f"Open DNS > Records, edit {host} and switch the proxy on; then let the origin accept Cloudflare's addresses only "
        "(authenticated origin pulls or a firewall), because its address has been public."
    )
