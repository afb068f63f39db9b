"""The IAM permission of each method that is served (sources: IAM permissions reference; "Audit logging" per service)."""

from typing import Final

_VERBS: Final = {
    "aggregatedList": "list",
    "list": "list",
    "get": "get",
    "getRule": "get",
    "wait": "get",
    "insert": "create",
    "create": "create",
    "delete": "delete",
    "patch": "update",
    "addRule": "update",
    "patchRule": "update",
    "removeRule": "update",
    "addItems": "update",
    "removeItems": "update",
    "setSecurityPolicy": "setSecurityPolicy",
    "setEdgeSecurityPolicy": "setSecurityPolicy",
}
#: Methods that change something; compute writes them into the admin activity log.
CHANGING: Final = frozenset(verb for verb, need in _VERBS.items() if need not in ("list", "get"))


def permission_of(method: str) -> str:
    """``compute.securityPolicies.update`` for ``compute.securityPolicies.addRule``; "" for what needs none."""
    if method == "logging.entries.list":
        return "logging.logEntries.list"
    if method == "cloudresourcemanager.projects.testIamPermissions":
        return ""
    service, *_, resource, verb = method.split(".")
    return f"{service}.{resource}.{_VERBS[verb]}"
