"""The sample company's Application Gateway: two listeners, a path map, and a policy at each of its three places."""

from typing import Any

from connectors.testkit.doubles.azure.store import Store

PARTNERS_HOST, INTERNAL_HOST = "partners-eu.acme.example", "tools.acme.example"


def gateway_id(group: str) -> str:
    """The gateway's resource id."""
    return f"{group}/providers/Microsoft.Network/applicationGateways/acme-gw"


def gateway_policy_id(group: str, name: str = "acme-gw-waf") -> str:
    """A gateway policy's resource id."""
    return f"{group}/providers/Microsoft.Network/ApplicationGatewayWebApplicationFirewallPolicies/{name}"


def seed_gateway(store: Store, group: str, workspace: str) -> None:
    """Make the gateway, its policies and its diagnostic setting (without the firewall's log)."""
    gateway = gateway_id(group)
    path_map = _path_map(gateway, gateway_policy_id(group, "acme-gw-reports"))
    frontend = {"publicIPAddress": {"id": "ip"}}
    properties = {
        "sku": {"name": "WAF_v2", "tier": "WAF_v2", "capacity": 2},
        "sslPolicy": {"policyType": "Predefined", "policyName": "AppGwSslPolicy20170401"},
        "firewallPolicy": {"id": gateway_policy_id(group)},
        "frontendIPConfigurations": [_part(gateway, "frontendIPConfigurations", "public", frontend)],
        "frontendPorts": [_part(gateway, "frontendPorts", "p443", {"port": 443})],
        "backendAddressPools": [_pool(gateway, "partners"), _pool(gateway, "reports")],
        "backendHttpSettingsCollection": [
            _part(gateway, "backendHttpSettingsCollection", "partners", {"port": 443, "protocol": "Https"}),
            _part(gateway, "backendHttpSettingsCollection", "reports", {"port": 8080, "protocol": "Http"}),
        ],
        "httpListeners": [
            _part(gateway, "httpListeners", "partners", _listener(gateway, "Https", PARTNERS_HOST)),
            _part(gateway, "httpListeners", "tools", _listener(gateway, "Http", INTERNAL_HOST)),
        ],
        "urlPathMaps": [path_map],
        "requestRoutingRules": [
            _rule(
                gateway, "partners", {"ruleType": "PathBasedRouting", "urlPathMap": {"id": path_map["id"]}}
            ),
            _rule(gateway, "tools", {"ruleType": "Basic", **_backend(gateway, "reports")}),
        ],
        "provisioningState": "Succeeded",
    }
    store.put(gateway, {"location": "westeurope", "properties": properties})
    logs = [
        {"category": "ApplicationGatewayAccessLog", "enabled": True},
        {"category": "ApplicationGatewayFirewallLog", "enabled": False},
    ]
    setting = f"{gateway}/providers/Microsoft.Insights/diagnosticSettings/access"
    store.put(setting, {"properties": {"workspaceId": workspace, "logs": logs}})
    owned = {"applicationGateways": [{"id": gateway}], "httpListeners": [], "pathBasedRules": []}
    _policy(store, gateway_policy_id(group), "3.2", owned)
    reports = {"id": path_map["properties"]["pathRules"][0]["id"]}
    attached = {"applicationGateways": [], "httpListeners": [], "pathBasedRules": [reports]}
    _policy(store, gateway_policy_id(group, "acme-gw-reports"), "3.1", attached)


def _path_map(gateway: str, reports_policy: str) -> dict[str, Any]:
    """Two path rules, one with a policy of its own."""
    kind = "urlPathMaps/partners/pathRules"
    guarded = {"firewallPolicy": {"id": reports_policy}, **_backend(gateway, "reports")}
    reports = _part(gateway, kind, "reports", {"paths": ["/reports/*"], **guarded})
    backend = _backend(gateway, "partners")
    orders = _part(gateway, kind, "orders", {"paths": ["/orders", "/orders/*"], **backend})
    defaults = {f"default{key[0].upper()}{key[1:]}": value for key, value in backend.items()}
    return _part(gateway, "urlPathMaps", "partners", {**defaults, "pathRules": [reports, orders]})


def _part(gateway: str, kind: str, name: str, properties: dict[str, Any]) -> dict[str, Any]:
    return {"name": name, "id": f"{gateway}/{kind}/{name}", "properties": properties}


def _listener(gateway: str, protocol: str, host: str) -> dict[str, Any]:
    frontend = {"id": f"{gateway}/frontendIPConfigurations/public"}
    return {"frontendIPConfiguration": frontend, "protocol": protocol, "hostName": host, "hostNames": []}


def _backend(gateway: str, name: str) -> dict[str, Any]:
    return {
        "backendAddressPool": {"id": f"{gateway}/backendAddressPools/{name}"},
        "backendHttpSettings": {"id": f"{gateway}/backendHttpSettingsCollection/{name}"},
    }


def _pool(gateway: str, name: str) -> dict[str, Any]:
    addresses = [{"fqdn": f"{name}.internal.acme.example"}]
    return _part(gateway, "backendAddressPools", name, {"backendAddresses": addresses})


def _rule(gateway: str, name: str, more: dict[str, Any]) -> dict[str, Any]:
    listener = {"id": f"{gateway}/httpListeners/{name}"}
    return _part(gateway, "requestRoutingRules", name, {"priority": 10, "httpListener": listener, **more})


def _policy(store: Store, identifier: str, version: str, attached: dict[str, Any]) -> None:
    scanner = {
        "name": "LogScanners",
        "priority": 10,
        "state": "Enabled",
        "ruleType": "MatchRule",
        "action": "Log",
        "matchConditions": [
            {
                "matchVariables": [{"variableName": "RequestHeaders", "selector": "User-Agent"}],
                "operator": "Contains",
                "negationConditon": False,
                "matchValues": ["nikto"],
                "transforms": ["Lowercase"],
            }
        ],
    }
    store.put(
        identifier,
        {
            "location": "westeurope",
            "tags": {"team": "partners"},
            "properties": {
                "policySettings": {"state": "Enabled", "mode": "Prevention", "requestBodyCheck": True},
                "customRules": [scanner],
                "managedRules": {
                    "exclusions": [],
                    "managedRuleSets": [
                        {"ruleSetType": "OWASP", "ruleSetVersion": version, "ruleGroupOverrides": []}
                    ],
                },
                **attached,
                "resourceState": "Enabled",
                "provisioningState": "Succeeded",
            },
        },
    )
