"""Every permission group the connector uses, read and write apart, and a harmless request that tells each.

Names are those of the API ("API token permissions"); the dashboard writes "Edit" for "Write". A group with Write
includes Read.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from connectors.base.manifest import PermissionNeed

ZONE: Final = "Zone Read"
SETTINGS: Final = "Zone Settings Read"
DNS: Final = "DNS Read"
WAF: Final = "Zone WAF Read"
SHIELD: Final = "API Gateway Read"
CERTIFICATES: Final = "SSL and Certificates Read"
LOGS: Final = "Logs Read"
LISTS: Final = "Account Rule Lists Read"
AUDIT: Final = "Account Settings Read"
ANALYTICS: Final = "Analytics Read"
WRITE_WAF: Final = "Zone WAF Write"
WRITE_LISTS: Final = "Account Rule Lists Write"

READ: Final = (
    PermissionNeed(ZONE, "list the zones, their plans and whether they are paused"),
    PermissionNeed(SETTINGS, "read TLS, HTTPS and development-mode settings"),
    PermissionNeed(DNS, "see which hosts pass Cloudflare and which do not"),
    PermissionNeed(WAF, "read custom, rate and managed rules"),
    PermissionNeed(SHIELD, "read API Shield's operations, schema and JWT validation"),
    PermissionNeed(CERTIFICATES, "see which hosts ask for client certificates"),
    PermissionNeed(LOGS, "see which Logpush jobs exist; their credentials are left out"),
    PermissionNeed(LISTS, "find our own address lists and count all lists"),
    PermissionNeed(AUDIT, "read the account's audit log"),
    PermissionNeed(ANALYTICS, "pull firewall events by GraphQL; only used when the settings ask for it"),
)
WRITE: Final = (
    PermissionNeed(WRITE_WAF, "add, change and remove our own rules, one by one", access="write"),
    PermissionNeed(WRITE_LISTS, "make, fill and remove our own address lists", access="write"),
)

#: An identifier no object has.
NOWHERE: Final = "0" * 32


@dataclass(frozen=True, slots=True)
class Probe:
    """A request that tells whether a permission is there: a read, or a write to an object that cannot exist."""

    method: str
    path: str
    account: bool = False


PROBES: Final[dict[str, Probe]] = {
    ZONE: Probe("GET", "/zones?per_page=5"),
    SETTINGS: Probe("GET", "/zones/{zone}/settings"),
    DNS: Probe("GET", "/zones/{zone}/dns_records?per_page=5"),
    WAF: Probe("GET", "/zones/{zone}/rulesets"),
    SHIELD: Probe("GET", "/zones/{zone}/api_gateway/operations?per_page=1"),
    CERTIFICATES: Probe("GET", "/zones/{zone}/certificate_authorities/hostname_associations"),
    LOGS: Probe("GET", "/zones/{zone}/logpush/jobs"),
    LISTS: Probe("GET", "/accounts/{account}/rules/lists", account=True),
    AUDIT: Probe("GET", "/accounts/{account}/logs/audit?since={since}&before={before}&limit=1", account=True),
    WRITE_WAF: Probe("PATCH", f"/zones/{{zone}}/rulesets/{NOWHERE}/rules/{NOWHERE}"),
    WRITE_LISTS: Probe("PUT", f"/accounts/{{account}}/rules/lists/{NOWHERE}", account=True),
}
