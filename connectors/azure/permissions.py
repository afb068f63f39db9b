"""The actions we ask for, read and write apart, and the custom roles that grant exactly them.

Source: "Azure permissions" (resource provider operations) and "Azure custom roles".
"""

from __future__ import annotations

from typing import Any, Final

from connectors.base.manifest import PermissionNeed

PROFILES: Final = "Microsoft.Cdn/profiles"
FRONT_DOOR_POLICIES: Final = "Microsoft.Network/frontDoorWebApplicationFirewallPolicies"
GATEWAY_POLICIES: Final = "Microsoft.Network/ApplicationGatewayWebApplicationFirewallPolicies"
GATEWAYS: Final = "Microsoft.Network/applicationGateways"
APIM: Final = "Microsoft.ApiManagement/service"
QUERY: Final = "Microsoft.OperationalInsights/workspaces/query"
PERMISSIONS_READ: Final = "Microsoft.Authorization/permissions/read"
#: Tables that are queried when a workspace is set.
TABLES: Final = ("AzureDiagnostics", "AGWAccessLogs", "AGWFirewallLogs")

LOGS: Final = (
    PermissionNeed(f"{QUERY}/read", "query the Log Analytics workspace"),
    *(PermissionNeed(f"{QUERY}/{table}/read", "pull access and firewall records") for table in TABLES),
)

READ: Final = (
    PermissionNeed(PERMISSIONS_READ, "see which of these permissions we have"),
    PermissionNeed(f"{PROFILES}/read", "list the Front Door profiles"),
    PermissionNeed(f"{PROFILES}/afdendpoints/read", "list their endpoints"),
    PermissionNeed(f"{PROFILES}/afdendpoints/routes/read", "list the declared routes"),
    PermissionNeed(f"{PROFILES}/customdomains/read", "know the host names and their TLS versions"),
    PermissionNeed(f"{PROFILES}/origingroups/read", "know where requests are sent on to"),
    PermissionNeed(f"{PROFILES}/origingroups/origins/read", "know where requests are sent on to"),
    PermissionNeed(f"{PROFILES}/securitypolicies/read", "know which WAF policy protects which host"),
    PermissionNeed(f"{FRONT_DOOR_POLICIES}/read", "read the rules of Front Door's WAF policies"),
    PermissionNeed(f"{GATEWAYS}/read", "read listeners, path rules and TLS policies of gateways"),
    PermissionNeed(f"{GATEWAY_POLICIES}/read", "read the rules of the gateways' WAF policies"),
    PermissionNeed(f"{APIM}/read", "list the API Management services"),
    PermissionNeed(f"{APIM}/policies/read", "derive authentication and limits from policies"),
    PermissionNeed(f"{APIM}/apis/read", "list the APIs"),
    PermissionNeed(f"{APIM}/apis/policies/read", "derive authentication and limits from policies"),
    PermissionNeed(f"{APIM}/apis/operations/read", "list the declared operations"),
    PermissionNeed(f"{APIM}/apis/operations/policies/read", "derive authentication and limits from policies"),
    PermissionNeed(f"{APIM}/products/read", "list the products"),
    PermissionNeed(f"{APIM}/products/apis/read", "know which APIs a product opens"),
    PermissionNeed(f"{APIM}/subscriptions/read", "list callers by name (keys are never requested)"),
    PermissionNeed("Microsoft.Insights/DiagnosticSettings/read", "know what is logged where"),
    PermissionNeed("Microsoft.Insights/eventtypes/values/Read", "know who changed what (activity log)"),
    *LOGS,
)

WRITE: Final = (
    PermissionNeed(f"{FRONT_DOOR_POLICIES}/write", "add and remove our own custom rules", access="write"),
    PermissionNeed(f"{GATEWAY_POLICIES}/write", "add and remove our own custom rules", access="write"),
    PermissionNeed(
        "Microsoft.Network/frontdooroperationresults/read", "see when a change is in force", access="write"
    ),
    PermissionNeed(
        "Microsoft.Network/locations/operations/read", "see when a change is in force", access="write"
    ),
)


def role_definition(
    access: str, needs: tuple[PermissionNeed, ...], subscriptions: tuple[str, ...]
) -> dict[str, Any]:
    """A custom role as ``az role definition create`` takes it."""
    purpose = (
        "Reads configuration and logs" if access == "read" else "Adds and removes Portcullis's own WAF rules"
    )
    return {
        "Name": f"Portcullis {access}",
        "IsCustom": True,
        "Description": f"{purpose}. Nothing else.",
        "Actions": [need.action for need in needs],
        "NotActions": [],
        "AssignableScopes": [f"/subscriptions/{name}" for name in subscriptions],
    }
