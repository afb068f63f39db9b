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
    PermissionNeed(
        "apigee.securityActions.get", "read a security action right before we change it", access="write"
    ),
    PermissionNeed("apigee.securityActions.update", "change our security actions", access="write"),
    PermissionNeed("apigee.securityActions.delete", "remove our security actions", access="write"),
)
#: For the shared flow that refuses by rules in a key value map.
FLOW: Final = (
    PermissionNeed("apigee.keyvaluemaps.create", "make the key value map of our rules", access="write"),
    PermissionNeed("apigee.keyvaluemaps.delete", "remove our key value map", access="write"),
    PermissionNeed("apigee.keyvaluemapentries.list", "read our rules before and after we change them", access="write"),
    PermissionNeed("apigee.keyvaluemapentries.create", "write our rules", access="write"),
    PermissionNeed("apigee.keyvaluemapentries.update", "change our rules", access="write"),
    PermissionNeed("apigee.keyvaluemapentries.delete", "remove our rules", access="write"),
    PermissionNeed("apigee.sharedflows.get", "see which revisions of our shared flow there are", access="write"),
    PermissionNeed("apigee.sharedflows.create", "import our shared flow", access="write"),
    PermissionNeed("apigee.sharedflows.delete", "remove our shared flow", access="write"),
    PermissionNeed("apigee.sharedflowrevisions.deploy", "deploy our shared flow", access="write"),
    PermissionNeed("apigee.sharedflowrevisions.undeploy", "undeploy our shared flow", access="write"),
    PermissionNeed("apigee.deployments.create", "deploy our shared flow in an environment", access="write"),
    PermissionNeed("apigee.deployments.delete", "undeploy our shared flow in an environment", access="write"),
    PermissionNeed("apigee.deployments.get", "see whether our shared flow is ready", access="write"),
    PermissionNeed("apigee.flowhooks.attachSharedFlow", "let our shared flow run before every proxy", access="write"),
    PermissionNeed("apigee.flowhooks.detachSharedFlow", "detach our shared flow", access="write"),
)  # fmt: skip
ALL: Final = (*READ, *WRITE, *FLOW)


def needed(enforcer: str) -> tuple[PermissionNeed, ...]:
    """The permissions of a connection that blocks by this enforcer (the words of the settings)."""
    return {"security_actions": (*READ, *WRITE), "shared_flow": (*READ, *FLOW), "both": ALL}[enforcer]


_PURPOSES: Final = {need.action: need.purpose for need in ALL}


def wanted(permission: str) -> Wanted:
    """What a request is for: the purpose of the permission it needs."""
    return Wanted(_PURPOSES[permission], permission)
