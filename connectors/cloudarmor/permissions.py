"""The IAM permissions we use, each with what it is for. Set-up texts and the access check are made from this table.

Sources: IAM permissions reference; Cloud Armor "Configure rate limiting" (permission per API method).
"""

from __future__ import annotations

from typing import Final

from connectors.base.google.api import Wanted
from connectors.base.manifest import PermissionNeed

READ: Final = (
    PermissionNeed("compute.urlMaps.list", "read load balancers and their routes"),
    PermissionNeed("compute.backendServices.list", "read backend services, their logging and their policies"),
    PermissionNeed("compute.forwardingRules.list", "tell public load balancers from private ones"),
    PermissionNeed("compute.targetHttpProxies.list", "see where plain HTTP is served"),
    PermissionNeed("compute.targetHttpsProxies.list", "see which TLS policy a load balancer has"),
    PermissionNeed("compute.sslPolicies.list", "read TLS policies"),
    PermissionNeed("compute.securityPolicies.list", "find Cloud Armor policies"),
    PermissionNeed("compute.securityPolicies.get", "read the rules of global policies"),
    PermissionNeed("compute.regionSecurityPolicies.get", "read the rules of regional policies"),
    PermissionNeed("logging.logEntries.list", "read request logs and the audit log"),
)
WRITE: Final = (
    PermissionNeed(
        "compute.securityPolicies.update", "add and remove our rules in global policies", access="write"
    ),
    PermissionNeed(
        "compute.globalOperations.get", "wait until a change of a global policy is done", access="write"
    ),
    PermissionNeed(
        "compute.regionSecurityPolicies.update",
        "add and remove our rules in regional policies",
        access="write",
    ),
    PermissionNeed(
        "compute.regionOperations.get", "wait until a change of a regional policy is done", access="write"
    ),
)
#: Asked for only with Cloud Armor Enterprise: blocked addresses then stand in address groups.
GROUPS: Final = (
    PermissionNeed("networksecurity.addressGroups.list", "read our address groups", access="write"),
    PermissionNeed("networksecurity.addressGroups.create", "make our address groups", access="write"),
    PermissionNeed("networksecurity.addressGroups.update", "change what our address groups hold", access="write"),
    PermissionNeed("networksecurity.addressGroups.delete", "remove our address groups", access="write"),
    PermissionNeed("networksecurity.addressGroups.use", "name our address groups in rules", access="write"),
    PermissionNeed("networksecurity.operations.get", "wait until a change of an address group is done", access="write"),
)  # fmt: skip
ALL: Final = (*READ, *WRITE, *GROUPS)

_PURPOSES: Final = {need.action: need.purpose for need in ALL}


def wanted(permission: str, action: str = "") -> Wanted:
    """A request's purpose in words, by default what the permission is for."""
    return Wanted(action or _PURPOSES[permission], permission)
