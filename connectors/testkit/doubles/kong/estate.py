"""The sample company's Kong estate, created through the Admin API.

Its weaknesses: keys accepted in the query string, JWT without ``exp``, wildcard CORS, a route without auth,
no rate limiting, the Admin API proxied, plain http upstreams, a catch-all route, http without redirect,
anonymous access.
"""

from collections.abc import Mapping
from typing import Any

import orjson
import urllib3

SERVICES: dict[str, dict[str, Any]] = {
    "payments": {"url": "http://payments.internal.acme.example:8080", "tags": ["team:payments"]},
    "catalog": {"url": "http://catalog.internal.acme.example:8080", "tags": ["team:catalog"]},
    "accounts": {"url": "http://accounts.internal.acme.example:8080", "tags": ["team:identity"]},
    "partners": {
        "url": "https://partners.internal.acme.example",
        "tls_verify": False,
        "tags": ["team:partners"],
    },
    "kong-admin": {"url": "http://127.0.0.1:8001", "tags": ["team:platform"]},
}
SHOP = "shop.acme.example"
ROUTES: dict[str, tuple[str, dict[str, Any]]] = {
    "payments-create": ("payments", {"paths": ["/payments"], "methods": ["POST"], "hosts": [SHOP]}),
    "payments-read": (
        "payments",
        {"paths": ["~/payments/(?<id>[^/]+)$"], "methods": ["GET"], "hosts": [SHOP]},
    ),
    "payments-list": ("payments", {"paths": ["/payments"], "methods": ["GET"], "hosts": [SHOP]}),
    "payments-refund": (
        "payments",
        {"paths": ["~/payments/[^/]+/refund$"], "methods": ["POST"], "hosts": [SHOP]},
    ),
    "catalog-list": ("catalog", {"paths": ["/catalog/products"], "methods": ["GET"], "hosts": [SHOP]}),
    "catalog-search": ("catalog", {"paths": ["/catalog/search"], "methods": ["GET"], "hosts": [SHOP]}),
    "catalog-reviews": ("catalog", {"paths": ["~/catalog/products/[^/]+/reviews$"], "hosts": [SHOP]}),
    "accounts-login": ("accounts", {"paths": ["/accounts/login"], "methods": ["POST"], "hosts": [SHOP]}),
    "accounts-me": ("accounts", {"paths": ["/accounts/me"], "hosts": [SHOP]}),
    "accounts-read": ("accounts", {"paths": ["~/accounts/[0-9]+$"], "methods": ["GET"], "hosts": [SHOP]}),
    "partners-orders": ("partners", {"paths": ["/partners/orders"], "hosts": ["partners.acme.example"]}),
    "partners-stock": ("partners", {"paths": ["/partners/stock"], "hosts": ["partners.acme.example"]}),
    "admin-api": ("kong-admin", {"paths": ["/admin-api"], "hosts": [SHOP], "strip_path": True}),
    "catch-all": ("catalog", {"paths": ["/"]}),
}
KEY_AUTH = {"key_names": ["apikey"], "key_in_query": True, "hide_credentials": False}
PLUGINS: tuple[tuple[str, str, dict[str, Any]], ...] = (
    ("key-auth", "service/partners", KEY_AUTH),
    ("jwt", "service/payments", {"claims_to_verify": []}),
    ("jwt", "route/accounts-me", {"claims_to_verify": []}),
    ("cors", "service/catalog", {"origins": ["*"], "credentials": True}),
    ("key-auth", "route/catalog-search", KEY_AUTH | {"anonymous": "anonymous"}),
    ("correlation-id", "global", {"header_name": "X-Correlation-Id", "generator": "uuid"}),
)
CONSUMERS = ("mobile-app", "web-shop", "partner-globex", "partner-initech", "partner-umbrella", "anonymous")
PARTNER_KEYS = {
    "partner-globex": "kg-9f2c51d07a6b4e38",
    "partner-initech": "ki-41b7a9e2c05d4f66",
    "partner-umbrella": "ku-d3370c9a815e4b2f",
}
JWT_SECRETS = {"mobile-app": "mobile-shared-secret-2023", "web-shop": "web-shared-secret-2022"}


class Admin:
    """A minimal Admin API client for seeding."""

    def __init__(self, base_url: str, token: str = "", headers: Mapping[str, str] | None = None) -> None:
        self._base = base_url.rstrip("/")
        own = {"Kong-Admin-Token": token} if token else {}
        self._headers = {"Content-Type": "application/json", **own, **(headers or {})}
        self._pool = urllib3.PoolManager()

    def put(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        """PUT one entity; anything but success raises RuntimeError with Kong's answer."""
        return self.send("PUT", path, body)

    def send(self, method: str, path: str, body: dict[str, Any]) -> dict[str, Any]:
        """Send one request; anything but success raises RuntimeError with Kong's answer."""
        answer = self._pool.request(method, self._base + path, body=orjson.dumps(body), headers=self._headers)
        if answer.status >= 300:
            raise RuntimeError(f"{method} {path}: {answer.status} {answer.data.decode()}")
        entity: dict[str, Any] = orjson.loads(answer.data)
        return entity


def seed(admin_url: str, token: str = "", headers: Mapping[str, str] | None = None) -> None:
    """Create services, routes, consumers, credentials, plugins and one upstream."""
    admin = Admin(admin_url, token, headers)
    ids: dict[str, str] = {}
    for name, service in SERVICES.items():
        ids[f"service/{name}"] = admin.put(f"/services/{name}", service)["id"]
    for name, (service_name, route) in ROUTES.items():
        body = {"strip_path": False, **route, "service": {"id": ids[f"service/{service_name}"]}}
        ids[f"route/{name}"] = admin.put(f"/routes/{name}", body)["id"]
    for name in CONSUMERS:
        ids[f"consumer/{name}"] = admin.put(f"/consumers/{name}", {"tags": ["acme"]})["id"]
    for name, key in PARTNER_KEYS.items():
        admin.send("POST", f"/consumers/{name}/key-auth", {"key": key})
        admin.send("POST", f"/consumers/{name}/acls", {"group": "partners"})
    for name, secret in JWT_SECRETS.items():
        admin.send("POST", f"/consumers/{name}/jwt", {"key": name, "secret": secret})
    for name, scope, config in PLUGINS:
        plugin: dict[str, Any] = {"name": name, "config": dict(config)}
        if scope != "global":
            kind, _, _ = scope.partition("/")
            plugin[kind] = {"id": ids[scope]}
        if plugin["config"].get("anonymous"):
            plugin["config"]["anonymous"] = ids[f"consumer/{config['anonymous']}"]
        admin.send("POST", "/plugins", plugin)
    admin.put("/upstreams/payments.internal.acme.example", {"tags": ["team:payments"]})
    admin.send("POST", "/upstreams/payments.internal.acme.example/targets", {"target": "10.20.0.11:8080"})
