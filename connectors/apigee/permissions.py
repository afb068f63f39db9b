"""The IAM permissions we use, each with what it is for. Set-up texts and the access check are made from this table.

Source: "Apigee roles and permissions" (IAM permissions reference).
"""

from __future__ import annotations

from typing import Final

from connectors.base.google.api import Wanted
from connectors.base.manifest import PermissionNeed

READ: Final = (
    PermissionNeed("apigee.organizations.get", "read the organization, its environments and its add-ons"),
    PermissionNeed("apigee.environments.get", "see where an environment takes client addresses from"),
    PermissionNeed("apigee.deployments.list", "see which proxies and shared flows are deployed where"),
    PermissionNeed("apigee.ingressconfigs.get", "read which hosts and base paths lead to which proxy"),
    PermissionNeed("apigee.proxyrevisions.get", "read deployed proxies with their flows and policies"),
    PermissionNeed("apigee.sharedflowrevisions.get", "read deployed shared flows with their policies"),
    PermissionNeed("apigee.flowhooks.getSharedFlow", "see which shared flows run before every proxy"),
    PermissionNeed("apigee.targetservers.get", "read where proxies send requests to"),
    PermissionNeed("apigee.apiproducts.list", "read API products"),
    PermissionNeed("apigee.developers.list", "list developers"),
    PermissionNeed("apigee.apps.list", "list apps, without their keys"),
    PermissionNeed("apigee.addonsconfig.get", "see whether Advanced API Security is on in an environment"),
    PermissionNeed("apigee.securityActions.list", "read security actions"),
    PermissionNeed("apigee.securityActionsConfig.get", "see whether security actions are switched on"),
    PermissionNeed("logging.logEntries.list", "read the message log and the audit log"),
)
WRITE: Final = (
    PermissionNeed("apigee.securityActions.create", "create our security actions", access="write"),
    PermissionNeed("apigee.securityActions.get", "read a security action right before we change it", access="write"),
    PermissionNeed("apigee.securityActions.update", "change our security actions", access="write"),
    PermissionNeed("apigee.securityActions.delete", "remove our security actions", access="write"),
)  # fmt: skip
ALL: Final = (*READ, *WRITE)

_PURPOSES: Final = {need.action: need.purpose for need in ALL}


def wanted(permission: str) -> Wanted:
    """What a request is for: the purpose of the permission it needs."""
    return Wanted(_PURPOSES[permission], permission)
