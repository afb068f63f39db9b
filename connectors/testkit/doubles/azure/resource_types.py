"""The resource types of the double: API versions, the action that reading needs, and resource identifiers.

Source: azure-rest-api-specs and the resource provider operations of "Azure permissions".
"""

from dataclasses import dataclass

from connectors.testkit.doubles.azure.errors import Refusal

FRONT_DOOR_POLICY = "microsoft.network/frontdoorwebapplicationfirewallpolicies"
GATEWAY_POLICY = "microsoft.network/applicationgatewaywebapplicationfirewallpolicies"
GATEWAY = "microsoft.network/applicationgateways"
PROFILE = "microsoft.cdn/profiles"
DIAGNOSTICS = "microsoft.insights/diagnosticsettings"

_CDN = ("2024-02-01", "2024-09-01", "2025-04-15", "2025-06-01")
_APIM = ("2022-08-01", "2024-05-01")
_NETWORK = ("2024-05-01", "2024-07-01", "2025-01-01", "2025-05-01", "2026-03-01")


@dataclass(frozen=True)
class ResourceType:
    """A type as Azure spells it, the API versions it knows, and the scope its lists can be asked for."""

    name: str
    versions: tuple[str, ...]
    page: int = 100

    @property
    def read(self) -> str:
        """The action that reading needs."""
        return f"{self.name}/read"

    @property
    def write(self) -> str:
        """The action that writing needs."""
        return f"{self.name}/write"


_NAMES: dict[str, tuple[str, ...]] = {
    "Microsoft.Network/frontDoorWebApplicationFirewallPolicies": (
        "2024-02-01",
        "2025-03-01",
        "2025-10-01",
        "2026-04-01",
    ),
    "Microsoft.Network/ApplicationGatewayWebApplicationFirewallPolicies": _NETWORK,
    "Microsoft.Network/applicationGateways": _NETWORK,
    **dict.fromkeys(
        (
            "Microsoft.Cdn/profiles",
            "Microsoft.Cdn/profiles/afdendpoints",
            "Microsoft.Cdn/profiles/afdendpoints/routes",
            "Microsoft.Cdn/profiles/customdomains",
            "Microsoft.Cdn/profiles/origingroups",
            "Microsoft.Cdn/profiles/origingroups/origins",
            "Microsoft.Cdn/profiles/securitypolicies",
        ),
        _CDN,
    ),
    **dict.fromkeys(
        (
            "Microsoft.ApiManagement/service",
            "Microsoft.ApiManagement/service/policies",
            "Microsoft.ApiManagement/service/apis",
            "Microsoft.ApiManagement/service/apis/policies",
            "Microsoft.ApiManagement/service/apis/operations",
            "Microsoft.ApiManagement/service/apis/operations/policies",
            "Microsoft.ApiManagement/service/products",
            "Microsoft.ApiManagement/service/products/policies",
            "Microsoft.ApiManagement/service/products/apis",
            "Microsoft.ApiManagement/service/subscriptions",
        ),
        _APIM,
    ),
    "Microsoft.Insights/DiagnosticSettings": ("2021-05-01-preview",),
}
TYPES = {name.lower(): ResourceType(name, versions) for name, versions in _NAMES.items()}


@dataclass(frozen=True)
class Address:
    """A path of the API taken apart. ``identifier`` is the lower-case resource id; "" for a list."""

    type: ResourceType
    identifier: str
    under: str  # the lower-case id a list's entries begin with


def address(path: str) -> Address:
    """The resource or list a path names; raises ``Refusal`` for a type that is not known."""
    scope, _, rest = path.strip("/").rpartition("/providers/")
    parts = rest.split("/")
    kind = "/".join([parts[0], *parts[1::2]])
    found = TYPES.get(kind.lower())
    if found is None:
        raise Refusal(404, "InvalidResourceType", f"The resource type '{kind}' could not be found.")
    whole = f"/{path.strip('/')}".lower()
    if len(parts) % 2:
        return Address(found, whole, "")
    if len(parts) == 2 and found.name.lower() != DIAGNOSTICS:
        return Address(found, "", f"/{scope.lower()}/")
    return Address(found, "", whole + "/")
