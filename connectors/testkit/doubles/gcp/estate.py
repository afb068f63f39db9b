"""The sample company on Google Cloud, created through the API: the shop and its partners behind one load balancer.

Its weaknesses: a backend service without a policy, logging at a tenth, an allow rule in front of the signatures, rules
left in preview, TLS 1.0, plain HTTP that is served, logs without match details.
"""

import time
from typing import Any

import orjson
import urllib3

PROJECT = "acme-shop"
REGION = "europe-west1"
SHOP, PARTNERS = "shop.acme.example", "partners.acme.example"


def _ranges(*ranges: str) -> dict[str, Any]:
    return {"versionedExpr": "SRC_IPS_V1", "config": {"srcIpRanges": list(ranges)}}


def _expression(text: str) -> dict[str, Any]:
    return {"expr": {"expression": text}}


POLICIES: tuple[tuple[str, dict[str, Any]], ...] = (
    (
        "global",
        {
            "name": "shop",
            "description": "The shop's backends",
            "advancedOptionsConfig": {"jsonParsing": "DISABLED", "logLevel": "NORMAL"},
            "adaptiveProtectionConfig": {"layer7DdosDefenseConfig": {"enable": True}},
            "rules": [
                {
                    "priority": 1000,
                    "action": "allow",
                    "description": "monitoring",
                    "match": _ranges("192.0.2.240/28"),
                },
                {
                    "priority": 2000,
                    "action": "deny(403)",
                    "description": "SQL injection",
                    "match": _expression("evaluatePreconfiguredWaf('sqli-v422-stable', {'sensitivity': 1})"),
                },
                {
                    "priority": 2100,
                    "action": "deny(403)",
                    "preview": True,
                    "description": "cross-site scripting",
                    "match": _expression("evaluatePreconfiguredWaf('xss-v422-stable')"),
                },
            ],
        },
    ),
    (
        "global",
        {
            "name": "partners",
            "rules": [
                {
                    "priority": 500,
                    "action": "allow",
                    "description": "partners",
                    "match": _ranges("198.18.0.0/15"),
                },
                {
                    "priority": 2147483647,
                    "action": "deny(403)",
                    "description": "default rule",
                    "match": _ranges("*"),
                },
            ],
        },
    ),
    (
        "global",
        {
            "name": "edge",
            "type": "CLOUD_ARMOR_EDGE",
            "rules": [
                {
                    "priority": 100,
                    "action": "deny(403)",
                    "description": "no admin from outside",
                    "match": _expression("request.path.startsWith('/internal/')"),
                }
            ],
        },
    ),
    (f"regions/{REGION}", {"name": "reports", "rules": []}),
)
FULL_LOG = {"enable": True, "sampleRate": 1.0}
#: (scope, backend service, policy, edge policy)
BACKENDS: tuple[tuple[str, dict[str, Any], str, str], ...] = (
    ("global", {"name": "catalog", "protocol": "HTTP", "logConfig": FULL_LOG}, "shop", "edge"),
    ("global", {"name": "payments", "protocol": "HTTPS", "logConfig": FULL_LOG}, "shop", ""),
    (
        "global",
        {"name": "accounts", "protocol": "HTTP", "logConfig": {"enable": True, "sampleRate": 0.1}},
        "shop",
        "",
    ),
    ("global", {"name": "partners", "protocol": "HTTPS", "logConfig": FULL_LOG}, "partners", ""),
    ("global", {"name": "legacy", "protocol": "HTTP", "logConfig": {"enable": False}}, "", ""),
    (f"regions/{REGION}", {"name": "reports", "protocol": "HTTPS", "logConfig": FULL_LOG}, "reports", ""),
)


def url_maps(project: str) -> tuple[tuple[str, dict[str, Any]], ...]:
    """The load balancers: host rules, path matchers, and the redirect of plain HTTP that one of them has."""

    def backend(name: str, scope: str = "global") -> str:
        return f"projects/{project}/{scope}/backendServices/{name}"

    shop = {
        "name": "shop",
        "defaultService": backend("legacy"),
        "hostRules": [
            {"hosts": [SHOP], "pathMatcher": "shop"},
            {"hosts": [PARTNERS], "pathMatcher": "partners"},
        ],
        "pathMatchers": [
            {
                "name": "shop",
                "defaultService": backend("catalog"),
                "pathRules": [
                    {"paths": ["/payments", "/payments/*"], "service": backend("payments")},
                    {"paths": ["/accounts/*"], "service": backend("accounts")},
                ],
            },
            {
                "name": "partners",
                "defaultService": backend("partners"),
                "routeRules": [
                    {
                        "priority": 1,
                        "service": backend("partners"),
                        "matchRules": [{"pathTemplateMatch": "/partners/orders/{order}"}],
                    },
                    {
                        "priority": 2,
                        "service": backend("partners"),
                        "matchRules": [
                            {
                                "fullPathMatch": "/partners/stock",
                                "headerMatches": [{"headerName": ":method", "exactMatch": "GET"}],
                            }
                        ],
                    },
                ],
            },
        ],
    }
    redirect = {
        "name": "to-https",
        "defaultUrlRedirect": {"httpsRedirect": True, "redirectResponseCode": "MOVED_PERMANENTLY_DEFAULT"},
    }
    reports = {
        "name": "reports",
        "defaultService": backend("reports", f"regions/{REGION}"),
        "hostRules": [{"hosts": ["reports.acme.example"], "pathMatcher": "reports"}],
        "pathMatchers": [{"name": "reports", "defaultService": backend("reports", f"regions/{REGION}")}],
    }
    return (("global", shop), ("global", redirect), (f"regions/{REGION}", reports))


class Owner:
    """A minimal client for seeding: waits for each operation."""

    def __init__(self, base: str, project: str, token: str) -> None:
        self._base = f"{base}/compute/v1/projects/{project}"
        self._headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
        self._pool = urllib3.PoolManager()

    def send(self, path: str, body: dict[str, Any]) -> None:
        """POST and wait; anything but success raises RuntimeError with the answer."""
        operation = self._exchange("POST", path, body)
        scope = path.partition("/")[0] if path.startswith("global") else "/".join(path.split("/")[:2])
        while operation["status"] != "DONE":
            time.sleep(0.01)
            operation = self._exchange("GET", f"{scope}/operations/{operation['name']}")

    def _exchange(self, method: str, path: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
        content = None if body is None else orjson.dumps(body)
        answer = self._pool.request(method, f"{self._base}/{path}", body=content, headers=self._headers)
        if answer.status >= 300:
            raise RuntimeError(f"{method} {path}: {answer.status} {answer.data.decode()}")
        document: dict[str, Any] = orjson.loads(answer.data)
        return document


def seed(base: str, project: str, token: str) -> None:
    """Create policies, backend services, URL maps, TLS policies, proxies and forwarding rules."""
    owner = Owner(base, project, token)
    prefix = f"projects/{project}"
    for scope, policy in POLICIES:
        owner.send(f"{scope}/securityPolicies", policy)
    for scope, backend, policy_name, edge in BACKENDS:
        scheme = {"loadBalancingScheme": "EXTERNAL_MANAGED"}
        links: dict[str, Any] = {}
        if policy_name:
            links["securityPolicy"] = f"{prefix}/{scope}/securityPolicies/{policy_name}"
        if edge:
            links["edgeSecurityPolicy"] = f"{prefix}/{scope}/securityPolicies/{edge}"
        owner.send(f"{scope}/backendServices", {**backend, **scheme, **links})
    for scope, url_map in url_maps(project):
        owner.send(f"{scope}/urlMaps", url_map)
    owner.send("global/sslPolicies", {"name": "old", "minTlsVersion": "TLS_1_0", "profile": "COMPATIBLE"})
    _front(owner, prefix)


def _front(owner: Owner, prefix: str) -> None:
    """Proxies and forwarding rules: the shop answers HTTPS and plain HTTP, the reports HTTPS only."""
    shop, old = f"{prefix}/global/urlMaps/shop", f"{prefix}/global/sslPolicies/old"
    region = f"regions/{REGION}"
    owner.send("global/targetHttpsProxies", {"name": "shop-https", "urlMap": shop, "sslPolicy": old})
    owner.send("global/targetHttpProxies", {"name": "shop-http", "urlMap": shop})
    owner.send(
        f"{region}/targetHttpsProxies",
        {"name": "reports-https", "urlMap": f"{prefix}/{region}/urlMaps/reports"},
    )
    for scope, name, target, port in (
        ("global", "shop-https", "global/targetHttpsProxies/shop-https", "443-443"),
        ("global", "shop-http", "global/targetHttpProxies/shop-http", "80-80"),
        (region, "reports-https", f"{region}/targetHttpsProxies/reports-https", "443-443"),
    ):
        rule = {"name": name, "target": f"{prefix}/{target}", "portRange": port, "IPProtocol": "TCP"}
        owner.send(f"{scope}/forwardingRules", {**rule, "loadBalancingScheme": "EXTERNAL_MANAGED"})
