"""The sample company on Apigee: the shop in ``prod``, its partners in ``partners``, a forgotten proxy in ``test``.

Its weaknesses: a proxy without authentication and any origin, a key that is optional, keys in the query string, a target
whose certificate is not checked, client addresses that can be forged, plain HTTP behind the gateway, an unlisted path that
reaches a target, a public product.
"""

from typing import Any

from connectors.testkit.doubles.apigee.bundles import bundle, flow, on, proxy_endpoint, step, target_endpoint
from connectors.testkit.doubles.apigee.store import Store

ORGANISATION = "acme-apis"
SHOP, PARTNERS, TEST = "shop.acme.example", "partners.acme.example", "test.acme.example"
_NOT_FOUND = flow("Unlisted", "", step("RF-NotFound"))
_POLICIES = {
    "policies/RF-NotFound": '<RaiseFault name="RF-NotFound"><FaultResponse><Set><StatusCode>404</StatusCode></Set>'
    "</FaultResponse></RaiseFault>",
    "policies/VJ-Token": '<VerifyJWT name="VJ-Token"><Algorithm>RS256</Algorithm>'
    "<Source>request.header.authorization</Source><Issuer>https://id.acme.example</Issuer><Audience>shop</Audience></VerifyJWT>",
    "policies/SA-Payments": '<SpikeArrest name="SA-Payments"><Rate>30ps</Rate><Identifier ref="client.ip"/></SpikeArrest>',
    "policies/OAS-Payments": '<OASValidation name="OAS-Payments"><OASResource>oas://payments.yaml</OASResource></OASValidation>',
    "policies/CORS-Any": '<CORS name="CORS-Any"><AllowOrigins>*</AllowOrigins><AllowMethods>GET, POST</AllowMethods>'
    "<AllowCredentials>true</AllowCredentials></CORS>",
    "policies/VK-Search": '<VerifyAPIKey name="VK-Search"><APIKey ref="request.header.x-api-key"/></VerifyAPIKey>',
    "policies/FC-Auth": '<FlowCallout name="FC-Auth"><SharedFlowBundle>auth</SharedFlowBundle></FlowCallout>',
    "policies/BA-Old": '<BasicAuthentication name="BA-Old" enabled="false">'
    "<Operation>Decode</Operation></BasicAuthentication>",
    "policies/Q-Product": '<Quota name="Q-Product"><Allow count="2000"/><Interval>1</Interval><TimeUnit>hour</TimeUnit>'
    '<Identifier ref="client_id"/></Quota>',
    "policies/ML-Orders": '<MessageLogging name="ML-Orders"><CloudLogging><LogName>projects/acme-apis/logs/orders</LogName>'
    "</CloudLogging></MessageLogging>",
    "policies/VK-Query": '<VerifyAPIKey name="VK-Query"><APIKey ref="request.queryparam.apikey"/></VerifyAPIKey>',
}
_TARGETS = {
    "payments": "<URL>https://payments.internal.acme.example/payments</URL><SSLInfo><Enabled>true</Enabled>"
    "<Enforce>true</Enforce></SSLInfo>",
    "catalog": "<URL>http://catalog.internal.acme.example:8080/catalog</URL>",
    "accounts": "<URL>https://accounts.internal.acme.example/accounts</URL>",
    "partners": '<LoadBalancer><Server name="partners-1"/></LoadBalancer><Path>/partners</Path>',
    "legacy": "<URL>http://legacy.internal.acme.example/internal</URL>",
}
_ENDPOINTS = {
    "payments": proxy_endpoint(
        "/payments",
        step("VJ-Token") + step("SA-Payments"),
        flow("List", on("/", "GET"))
        + flow("Create", on("/", "POST"), step("OAS-Payments"))
        + flow("Read", on("/*", "GET"))
        + flow("Refund", on("/*/refund", "POST"))
        + _NOT_FOUND,
    ),
    "catalog": proxy_endpoint(
        "/catalog",
        step("CORS-Any"),
        flow("Products", on("/products", "GET"))
        + flow("Search", on("/search", "GET"), step("VK-Search", 'request.header.x-api-key != ""'))
        + flow("Reviews", 'proxy.pathsuffix MatchesPath "/products/*/reviews"'),
    ),
    "accounts": proxy_endpoint(
        "/accounts",
        step("FC-Auth", 'not (proxy.pathsuffix MatchesPath "/login")') + step("BA-Old"),
        flow("Login", on("/login", "POST")) + flow("Me", 'proxy.pathsuffix = "/me"') + flow("Read", on("/*", "GET"))
        + _NOT_FOUND,
    ),
    "partners": proxy_endpoint(
        "/partners",
        step("VK-Query") + step("Q-Product") + step("ML-Orders"),
        flow("Orders", '(proxy.pathsuffix MatchesPath "/orders/**") or (proxy.pathsuffix MatchesPath "/orders")')
        + flow("Stock", on("/stock", "GET"))
        + _NOT_FOUND,
    ),
    "legacy": proxy_endpoint("/internal", "", flow("Everything")),
}  # fmt: skip
#: (environment, proxy, revision)
DEPLOYED = (
    ("prod", "payments", "3"),
    ("prod", "catalog", "1"),
    ("prod", "accounts", "2"),
    ("partners", "partners", "1"),
    ("test", "payments", "3"),
    ("test", "legacy", "1"),
)
_SHARED = {
    "sharedflows/default": f'<SharedFlow name="default">{step("OA-Verify")}</SharedFlow>',
    "policies/OA-Verify": '<OAuthV2 name="OA-Verify"><Operation>VerifyAccessToken</Operation>'
    "<Scope>account</Scope></OAuthV2>",
}
APPS = ("mobile-app", "web-shop", "partner-globex", "partner-initech", "partner-umbrella")


def proxy_bundle(name: str, virtual_host: str = "") -> bytes:
    """One of the company's proxies, at Edge with the virtual host it names."""
    named = f"<VirtualHost>{virtual_host}</VirtualHost></HTTPProxyConnection>"
    endpoint = _ENDPOINTS[name].replace(
        "</HTTPProxyConnection>", named if virtual_host else "</HTTPProxyConnection>"
    )
    documents = {"proxies/default": endpoint, "targets/default": target_endpoint(_TARGETS[name])}
    used = {
        path: text for path, text in _POLICIES.items() if f">{path.partition('/')[2]}<" in _ENDPOINTS[name]
    }
    return bundle("apiproxy", name, documents | used | {"resources/oas/readme.txt": "not XML"})


def seed(store: Store, virtual_host: str = "") -> None:
    """Put the estate in place."""
    for environment in ("prod", "partners", "test"):
        store.environment(environment)
    last_but_one = {"ipHeaderName": "X-Forwarded-For", "ipHeaderIndex": -2}
    store.environments["prod"].addresses = {"headerIndexAlgorithm": last_but_one}
    store.group("shop", [SHOP], "prod")
    store.group("partners", [PARTNERS], "partners")
    store.group("test", [TEST], "test")
    for name in _ENDPOINTS:
        revisions = {number for _, proxy, number in DEPLOYED if proxy == name}
        for number in sorted(revisions):
            base = "/internal" if name == "legacy" else f"/{name}"
            store.proxy(name, number, proxy_bundle(name, virtual_host), [base])
    for environment, proxy, revision in DEPLOYED:
        store.deploy(environment, proxy, revision)
    store.shared_flow("auth", "4", bundle("sharedflowbundle", "auth", _SHARED))
    store.deploy("prod", "auth", "4", shared=True)
    partner_server: dict[str, Any] = {
        "name": "partners-1", "host": "partners.internal.acme.example", "port": 443, "isEnabled": True,
        "sSLInfo": {"enabled": True, "ignoreValidationErrors": True},
    }  # fmt: skip
    store.target_server("partners", partner_server)
    _consumers(store)


def _consumers(store: Store) -> None:
    store.products["open"] = {
        "name": "open",
        "approvalType": "auto",
        "attributes": [{"name": "access", "value": "public"}],
        "proxies": [],
    }
    store.products["partner"] = {
        "name": "partner",
        "approvalType": "manual",
        "attributes": [{"name": "access", "value": "private"}],
        "operationGroup": {
            "operationConfigs": [{"apiSource": "partners", "operations": [{"resource": "/orders/**"}]}]
        },
    }
    for name in APPS:
        email = f"dev@{name}.example"
        product = "partner" if name.startswith("partner") else "open"
        store.developers[email] = {
            "email": email,
            "developerId": f"d-{name}",
            "status": "active",
            "apps": [name],
        }
        credentials = [
            {"consumerKey": f"key-of-{name}", "consumerSecret": f"secret-of-{name}", "status": "approved"}
        ]
        store.apps[f"id-{name}"] = {
            "appId": f"id-{name}",
            "name": name,
            "developerId": f"d-{name}",
            "status": "approved",
            "apiProducts": [{"apiproduct": product}],
            "credentials": credentials,
        }
