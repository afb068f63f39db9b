"""The sample company's Cloudflare account, made through the API as its administrator would.

Its weaknesses: old TLS, plain HTTP served, a host that is not proxied, managed rules that only log, a Logpush job
without headers, discovered operations nobody saved, a second zone on a plan without API Shield and with nothing set.
"""

from typing import Any

import orjson
import urllib3

ZONE, LABS = "acme.example", "acme-labs.example"
SHOP, PARTNERS, API = "shop.acme.example", "partners.acme.example", "api.acme.example"
RECORDS = (
    ("A", SHOP, "192.0.2.10", True),
    ("A", API, "192.0.2.11", True),
    ("CNAME", PARTNERS, SHOP, True),
    ("A", "legacy-api.acme.example", "192.0.2.44", False),
    ("MX", ZONE, "mail.acme.example", False),
    ("TXT", ZONE, "v=spf1 -all", False),
)
OPERATIONS = (
    ("POST", SHOP, "/payments"),
    ("GET", SHOP, "/payments"),
    ("GET", SHOP, "/payments/{id}"),
    ("POST", SHOP, "/payments/{id}/refund"),
    ("GET", SHOP, "/catalog/products"),
    ("GET", SHOP, "/catalog/search"),
    ("GET", SHOP, "/catalog/products/{id}/reviews"),
    ("POST", SHOP, "/accounts/login"),
    ("GET", SHOP, "/accounts/me"),
    ("GET", PARTNERS, "/partners/orders"),
    ("GET", PARTNERS, "/partners/stock"),
    ("GET", API, "/orders"),
    ("POST", API, "/orders"),
    ("GET", API, "/orders/{orderId}"),
)
DISCOVERED = (("GET", SHOP, "/internal/metrics"), ("GET", API, "/customers/{var1}"))
MANAGED, OWASP = "efb7b8c949ac4650a09736fc376e9aee", "4814384a9e5d4991b9815dcfc25d2f1f"
JWT_OPERATIONS_EXCLUDED = ("/accounts/login", "/catalog/products", "/catalog/search")


class Customer:
    """The administrator's hands on the API."""

    def __init__(self, url: str, token: str) -> None:
        self._url, self._pool = f"{url}/client/v4", urllib3.PoolManager()
        self._headers = {"authorization": f"Bearer {token}", "user-agent": "Mozilla/5.0"}

    def send(self, method: str, path: str, body: Any = None) -> Any:
        """One request; its ``result``."""
        answer = self._pool.request(
            method,
            self._url + path,
            body=None if body is None else orjson.dumps(body),
            headers=self._headers,
            retries=False,
            timeout=10,
        )
        document = orjson.loads(answer.data)
        if not document["success"]:
            raise RuntimeError(f"{method} {path}: {answer.status} {document['errors']}")
        return document["result"]


def seed(url: str, token: str) -> None:
    """Make both zones."""
    customer = Customer(url, token)
    zone = f"/zones/{customer.send('POST', '/zones', {'name': ZONE, 'plan': 'enterprise'})['id']}"
    for kind, name, content, proxied in RECORDS:
        record = {"type": kind, "name": name, "content": content, "proxied": proxied}
        customer.send("POST", f"{zone}/dns_records", record)
    _protect(customer, zone)
    _operations(customer, zone)
    job = {
        "name": "archive",
        "dataset": "http_requests",
        "enabled": True,
        "destination_conf": "s3://acme-logs/cloudflare?region=eu-west-1&secret-access-key=s3cr3t-of-acme",
        "output_options": {
            "field_names": ["RayID", "ClientIP"],
            "sample_rate": 1,
            "timestamp_format": "rfc3339",
        },
    }
    customer.send("POST", f"{zone}/logpush/jobs", job)
    customer.send("PUT", f"{zone}/certificate_authorities/hostname_associations", {"hostnames": [PARTNERS]})
    labs = f"/zones/{customer.send('POST', '/zones', {'name': LABS, 'plan': 'pro'})['id']}"
    customer.send("PATCH", f"{labs}/settings/development_mode", {"value": "on"})
    customer.send("PATCH", f"{labs}/settings/ssl", {"value": "flexible"})
    customer.send(
        "POST",
        f"{labs}/dns_records",
        {"type": "A", "name": "beta.acme-labs.example", "content": "192.0.2.20", "proxied": True},
    )


def _protect(customer: Customer, zone: str) -> None:
    rules = [
        {
            "action": "skip",
            "action_parameters": {"phases": ["http_request_firewall_managed"]},
            "expression": "(ip.src in {203.0.113.200})",
            "description": "Office past the managed rules",
            "ref": "acme_office",
        },
        {
            "action": "block",
            "expression": f'(http.host eq "{PARTNERS}" and not cf.tls_client_auth.cert_verified)',
            "description": "Partners show a certificate",
            "ref": "acme_partners_mtls",
            "enabled": False,
        },
    ]
    entry = f"{zone}/rulesets/phases"
    customer.send("PUT", f"{entry}/http_request_firewall_custom/entrypoint", {"rules": rules})
    managed = [
        {
            "action": "execute",
            "action_parameters": {"id": MANAGED, "overrides": {"action": "log"}},
            "expression": "(ssl)",
            "description": "Cloudflare Managed Ruleset",
        },
        {
            "action": "execute",
            "action_parameters": {"id": OWASP},
            "expression": "(ssl)",
            "description": "OWASP",
            "enabled": False,
        },
    ]
    customer.send("PUT", f"{entry}/http_request_firewall_managed/entrypoint", {"rules": managed})


def _operations(customer: Customer, zone: str) -> None:
    wanted = [{"method": method, "host": host, "endpoint": path} for method, host, path in OPERATIONS]
    made = customer.send("POST", f"{zone}/api_gateway/operations", wanted)
    by_path = {(entry["method"], entry["endpoint"]): entry["operation_id"] for entry in made}
    for key, action in ((("POST", "/payments"), "block"), (("POST", "/orders"), "log")):
        path = f"{zone}/api_gateway/operations/{by_path[key]}/schema_validation"
        customer.send("PUT", path, {"mitigation_action": action})
    for method, host, endpoint in DISCOVERED:
        body = {"method": method, "host": host, "endpoint": endpoint}
        customer.send("POST", f"{zone}/api_gateway/discovery/operations", body)
    config = customer.send(
        "POST",
        f"{zone}/token_validation/config",
        {
            "title": "Shop",
            "description": "Tokens of the shop",
            "token_type": "JWT",
            "token_sources": ['http.request.headers["authorization"][0]'],
            "credentials": {"keys": [{"kty": "oct", "kid": "k1", "alg": "HS256"}]},
        },
    )["id"]
    excluded = [entry["operation_id"] for entry in made if entry["endpoint"] in JWT_OPERATIONS_EXCLUDED]
    for host, action in ((SHOP, "block"), (API, "log")):
        rule = {
            "title": f"Tokens on {host}",
            "description": "",
            "action": action,
            "enabled": True,
            "expression": f'is_jwt_valid("{config}")',
            "selector": {"include": [{"host": [host]}], "exclude": [{"operation_ids": excluded}]},
        }
        customer.send("POST", f"{zone}/token_validation/rules", rule)
