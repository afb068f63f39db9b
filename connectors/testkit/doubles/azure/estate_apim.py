"""The sample company's API Management service: three APIs, a product, policies at every level, subscriptions."""

from connectors.testkit.doubles.azure.store import Store

_JWT = (
    '<validate-jwt header-name="Authorization" failed-validation-httpcode="401">'
    '<openid-config url="https://login.microsoftonline.com/acme/v2.0/.well-known/openid-configuration" />'
    "<audiences><audience>api://orders</audience></audiences></validate-jwt>"
)
_LIMIT = '<rate-limit-by-key calls="100" renewal-period="60" counter-key="@(context.Request.IpAddress)" />'
_CORS = (
    '<cors allow-credentials="true"><allowed-origins><origin>*</origin></allowed-origins>'
    "<allowed-methods><method>*</method></allowed-methods></cors>"
)


def service_id(group: str) -> str:
    """The service's resource id."""
    return f"{group}/providers/Microsoft.ApiManagement/service/acme-apim"


def seed_api_management(store: Store, group: str) -> None:
    """Make the service and what it publishes."""
    service = service_id(group)
    hosts = [{"type": "Proxy", "hostName": "api-eu.acme.example", "negotiateClientCertificate": False}]
    store.put(
        service,
        {
            "location": "West Europe",
            "sku": {"name": "Premium", "capacity": 1},
            "properties": {
                "gatewayUrl": "https://acme-apim.azure-api.net",
                "hostnameConfigurations": hosts,
                "publicNetworkAccess": "Enabled",
                "virtualNetworkType": "None",
                "customProperties": {
                    "Microsoft.WindowsAzure.ApiManagement.Gateway.Security.Protocols.Tls10": "True",
                },
            },
        },
    )
    _policy(
        store, service, "<policies><inbound /><backend><forward-request /></backend><outbound /></policies>"
    )
    _api(store, service, "orders", subscription=True)
    _policy(store, f"{service}/apis/orders", _policies(f"<base />{_JWT}{_LIMIT}"))
    _operation(store, service, "orders", "list", "GET", "/orders")
    _operation(store, service, "orders", "get", "GET", "/orders/{orderId}?expand={expand}")
    _operation(store, service, "orders", "ping", "GET", "/ping")
    _policy(store, f"{service}/apis/orders/operations/ping", _policies("<return-response />"))
    _api(store, service, "stock", subscription=True)
    _policy(store, f"{service}/apis/stock", _policies(f"<base />{_CORS}"))
    _operation(store, service, "stock", "read", "GET", "/{sku}")
    _api(store, service, "legacy", subscription=False)
    _operation(store, service, "legacy", "anything", "POST", "/*")
    product = f"{service}/products/partners"
    settings = {"displayName": "Partners", "subscriptionRequired": True, "state": "published"}
    store.put(product, {"properties": settings})
    _policy(store, product, _policies("<base />"))
    for api in ("orders", "stock"):
        store.put(f"{product}/apis/{api}", {"properties": {"displayName": api}})
    for name in ("globex", "initech"):
        held = {"scope": product, "displayName": f"partner-{name}", "state": "active"}
        store.put(f"{service}/subscriptions/{name}", {"properties": held})


def _api(store: Store, service: str, name: str, *, subscription: bool) -> None:
    protocols = ["https"] if subscription else ["http", "https"]
    store.put(
        f"{service}/apis/{name}",
        {
            "properties": {
                "displayName": name.title(),
                "path": name,
                "protocols": protocols,
                "serviceUrl": f"http{'s' if subscription else ''}://{name}.internal.acme.example",
                "subscriptionRequired": subscription,
                "subscriptionKeyParameterNames": {
                    "header": "Ocp-Apim-Subscription-Key",
                    "query": "subscription-key",
                },
                "isCurrent": True,
                "apiRevision": "1",
            }
        },
    )


def _operation(store: Store, service: str, api: str, name: str, method: str, template: str) -> None:
    properties = {"displayName": name, "method": method, "urlTemplate": template, "templateParameters": []}
    store.put(f"{service}/apis/{api}/operations/{name}", {"properties": properties})


def _policies(inbound: str) -> str:
    sections = "<backend><base /></backend><outbound><base /></outbound><on-error><base /></on-error>"
    return f"<policies><inbound>{inbound}</inbound>{sections}</policies>"


def _policy(store: Store, scope: str, value: str) -> None:
    store.put(f"{scope}/policies/policy", {"properties": {"format": "xml", "value": value}})
