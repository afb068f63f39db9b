"""The vendors as their own owners see them, beside the product."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import boto3
import urllib3

from controlplane.demo.estate import Estate

VOLATILE = {"LockToken", "updated_at"}


def wafv2(estate: Estate) -> Any:
    """The WAF of the customer's administrator."""
    make: Any = boto3.client
    aws = estate.aws
    return make(
        "wafv2",
        endpoint_url=aws["endpoint_url"],
        region_name=aws["region"],
        aws_access_key_id=aws["admin_access_key_id"],
        aws_secret_access_key=aws["admin_secret_access_key"],
    )


def waf_state(estate: Estate) -> dict[str, Any]:
    """The web ACLs' rules, every rule group and every address set."""
    waf = wafv2(estate)
    acls = waf.list_web_acls(Scope="REGIONAL")["WebACLs"]
    full = [waf.get_web_acl(Name=a["Name"], Id=a["Id"], Scope="REGIONAL")["WebACL"] for a in acls]
    return {
        "acls": [{name: acl[name] for name in ("Name", "DefaultAction", "Rules")} for acl in full],
        "groups": sorted(g["Name"] for g in waf.list_rule_groups(Scope="REGIONAL")["RuleGroups"]),
        "sets": sorted(s["Name"] for s in waf.list_ip_sets(Scope="REGIONAL")["IPSets"]),
    }


def kong_state(estate: Estate) -> dict[str, Any]:
    """Kong's services, routes, plugins and consumers without their times of change."""
    state = {}
    for kind in ("services", "routes", "plugins", "consumers"):
        answer = urllib3.request("GET", f"{estate.kong['admin_url']}/{kind}?size=1000").json()
        state[kind] = sorted(
            (
                {name: value for name, value in entity.items() if name not in VOLATILE}
                for entity in answer["data"]
            ),
            key=lambda entity: str(entity["id"]),
        )
    return state


def call_shop(estate: Estate, address: str) -> int:
    """The status a client at ``address`` gets for a product that is not in the shop behind Kong: 404, or 403."""
    headers = {"host": "shop.acme.example", "x-real-ip": address, "user-agent": "journey"}
    return urllib3.request(
        "GET", f"{estate.kong['proxy_url']}/catalog/products/0", headers=headers, retries=False
    ).status


def call_orders(estate: Estate, address: str) -> int:
    """The status a client at ``address`` gets for an order behind the WAF without a credential: 401, or 403."""
    headers = {"host": "api.acme.example", "x-double-client-ip": address, "user-agent": "journey"}
    return urllib3.request("GET", f"{estate.aws['data_url']}/orders/1", headers=headers, retries=False).status


def until(what: str, ask: Callable[[], Any], seconds: float, told: Callable[[], Any] = str) -> Any:
    """Ask again until the answer is truthy; fails with ``what``, and with what ``told`` says, when time is up."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        answer = ask()
        if answer:
            return answer
        time.sleep(0.5)
    raise AssertionError(f"{what} did not happen within {seconds:.0f} s. {told()}")
