"""The sample company's Azure estate: an edge, a gateway and an API management service.

Its weaknesses: a custom domain without WAF and with TLS 1.0, a policy in detection mode, an allow rule before all
others, a plain http listener, a gateway that does not log its firewall, an API that anybody can call, wildcard CORS.
"""

from typing import Any

from connectors.testkit.doubles.azure.estate_apim import seed_api_management
from connectors.testkit.doubles.azure.estate_gateway import seed_gateway
from connectors.testkit.doubles.azure.management import filled
from connectors.testkit.doubles.azure.store import Store

SUBSCRIPTION = "5f8f3a0e-2c4b-4c0e-9a51-7a0d6a4f1c2b"
TENANT = "0b9d6f6e-7f0a-4f43-8d5e-acde48001122"
CLIENT = "a3c1f7d2-54b8-4a9d-8f5e-0c2d9b1e7f60"
ADMIN = "d7c0a9be-1f1e-4c55-9a0b-6b6c5d1e2f3a"
SECRET = "q~double-secret"  # noqa: S105 - the double's own
WORKSPACE = "9c2f0a64-5d5e-4a0a-8c3e-1d2b3c4d5e6f"

GROUP = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/acme-edge"
PROFILE = f"{GROUP}/providers/Microsoft.Cdn/profiles/acme"
WAF = f"{GROUP}/providers/Microsoft.Network/frontDoorWebApplicationFirewallPolicies"
EDGE_WAF = f"{WAF}/acmeEdge"
LOGS = f"{GROUP}/providers/Microsoft.OperationalInsights/workspaces/acme-logs"
SHOP_HOST, LEGACY_HOST = "store.acme.example", "legacy.acme.example"
ENDPOINT_HOST = "acme-shop-fpd8g2.z01.azurefd.net"


def seed(store: Store) -> None:
    """Make everything."""
    _edge(store)
    _edge_policies(store)
    seed_gateway(store, GROUP, LOGS)
    seed_api_management(store, GROUP)


def _edge(store: Store) -> None:
    sku = {"name": "Premium_AzureFrontDoor"}
    store.put(
        PROFILE,
        {"location": "Global", "sku": sku, "properties": {"frontDoorId": "f0", "resourceState": "Active"}},
    )
    endpoint = f"{PROFILE}/afdEndpoints/acme-shop"
    store.put(
        endpoint, {"location": "Global", "properties": {"hostName": ENDPOINT_HOST, "enabledState": "Enabled"}}
    )
    for name, host, tls in (("store", SHOP_HOST, "TLS12"), ("legacy", LEGACY_HOST, "TLS10")):
        settings = {"certificateType": "ManagedCertificate", "minimumTlsVersion": tls}
        properties = {"hostName": host, "tlsSettings": settings, "domainValidationState": "Approved"}
        store.put(f"{PROFILE}/customDomains/{name}", {"properties": properties})
    for name, host in (("shop", "shop.internal.acme.example"), ("catalog", "catalog.internal.acme.example")):
        group = f"{PROFILE}/originGroups/{name}"
        store.put(group, {"properties": {"loadBalancingSettings": {"sampleSize": 4}}})
        origin = {"hostName": host, "httpsPort": 443, "enforceCertificateNameCheck": name == "shop"}
        store.put(f"{group}/origins/{name}-1", {"properties": {**origin, "enabledState": "Enabled"}})
    _route(store, endpoint, "payments", "shop", ["/payments", "/payments/*"], "HttpsOnly")
    _route(store, endpoint, "catalog", "catalog", ["/catalog/*"], "HttpOnly")
    _route(store, endpoint, "default", "shop", ["/*"], "MatchRequest")
    domains = [{"id": f"{PROFILE}/customDomains/store"}, {"id": endpoint}]
    store.put(
        f"{PROFILE}/securityPolicies/waf",
        {
            "properties": {
                "parameters": {
                    "type": "WebApplicationFirewall",
                    "wafPolicy": {"id": EDGE_WAF},
                    "associations": [{"domains": domains, "patternsToMatch": ["/*"]}],
                }
            }
        },
    )
    logs = [{"categoryGroup": "allLogs", "enabled": True}]
    store.put(
        f"{PROFILE}/providers/Microsoft.Insights/diagnosticSettings/logs",
        {"properties": {"workspaceId": LOGS, "logs": logs, "metrics": []}},
    )


def _route(store: Store, endpoint: str, name: str, group: str, patterns: list[str], forwarding: str) -> None:
    served = [{"id": f"{PROFILE}/customDomains/{domain}", "isActive": True} for domain in ("store", "legacy")]
    store.put(
        f"{endpoint}/routes/{name}",
        {
            "properties": {
                "customDomains": served,
                "originGroup": {"id": f"{PROFILE}/originGroups/{group}"},
                "patternsToMatch": patterns,
                "supportedProtocols": ["Http", "Https"],
                "httpsRedirect": "Enabled" if name == "payments" else "Disabled",
                "forwardingProtocol": forwarding,
                "linkToDefaultDomain": "Enabled",
                "enabledState": "Enabled",
            }
        },
    )


def _edge_policies(store: Store) -> None:
    managed = {
        "managedRuleSets": [
            _managed("Microsoft_DefaultRuleSet", "2.1"),
            _managed("Microsoft_BotManagerRuleSet", "1.1"),
        ]
    }
    allow = {
        "name": "AllowMonitoring",
        "priority": 50,
        "enabledState": "Enabled",
        "ruleType": "MatchRule",
        "action": "Allow",
        "matchConditions": [_condition("SocketAddr", "IPMatch", "198.18.0.10/32")],
    }
    limit = {
        "name": "LimitSignIn",
        "priority": 60,
        "enabledState": "Enabled",
        "ruleType": "RateLimitRule",
        "rateLimitDurationInMinutes": 1,
        "rateLimitThreshold": 10000,
        "groupBy": [{"variableName": "SocketAddr"}],
        "action": "Block",
        "matchConditions": [_condition("RequestUri", "Contains", "/sign-in")],
    }
    links = [{"id": f"{PROFILE}/securityPolicies/waf"}]
    _policy(store, "acmeEdge", "Premium", "Prevention", [allow, limit], managed, links)
    _policy(store, "acmeTest", "Standard", "Detection", [], {"managedRuleSets": []}, [])


def _policy(
    store: Store, name: str, tier: str, mode: str, rules: list[Any], managed: dict[str, Any], links: list[Any]
) -> None:
    settings = {"enabledState": "Enabled", "mode": mode, "requestBodyCheck": "Enabled"}
    store.put(
        f"{WAF}/{name}",
        {
            "location": "Global",
            "tags": {"team": "platform"},
            "sku": {"name": f"{tier}_AzureFrontDoor"},
            "properties": {
                "policySettings": settings,
                "customRules": {"rules": [filled(rule) for rule in rules]},
                "managedRules": managed,
                "frontendEndpointLinks": [],
                "routingRuleLinks": [],
                "securityPolicyLinks": links,
                "resourceState": "Enabled",
                "provisioningState": "Succeeded",
            },
        },
    )


def _managed(kind: str, version: str) -> dict[str, Any]:
    made = {"ruleSetType": kind, "ruleSetVersion": version, "ruleGroupOverrides": [], "exclusions": []}
    return {**made, "ruleSetAction": "Block"} if kind == "Microsoft_DefaultRuleSet" else made


def _condition(variable: str, operator: str, *values: str) -> dict[str, Any]:
    made = {"matchVariable": variable, "selector": None, "operator": operator, "negateCondition": False}
    return {**made, "matchValue": list(values), "transforms": []}
