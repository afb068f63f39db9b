"""Apps, developers and API products as consumers: names alone, never a key."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from connectors.apigee.reading import Read
from connectors.base.model import Consumer, Setting


def consumers_of(read: Read) -> list[Consumer]:
    """Every app with the proxies its products open, every developer, every product."""
    opens = {str(product.get("name")): proxies_of(product) for product in read.products}
    made = []
    for product in read.products:
        name = str(product.get("name"))
        refs = _refs(read, opens[name])
        made.append(Consumer(f"{read.name}/apiproducts/{name}", name, "api_product", (), refs))
    for developer in read.developers:
        email = str(developer["email"])
        made.append(Consumer(f"{read.name}/developers/{email}", email, "developer"))
    for app in read.apps:
        products = _products_of(app)
        proxies = [proxy for name in products for proxy in opens.get(name, ())]
        ref, name = f"{read.name}/apps/{app.get('appId')}", str(app.get("name") or app.get("appId"))
        tags = tuple(f"product:{product}" for product in products)
        made.append(Consumer(ref, name, "developer_app", tags, _refs(read, proxies)))
    return made


def product_settings(read: Read) -> list[Setting]:
    """What a product asks of who wants it, and what it opens."""
    made = []
    for product in read.products:
        attributes = {
            str(entry.get("name")): entry.get("value")
            for entry in product.get("attributes") or ()
            if isinstance(entry, Mapping)
        }
        proxies = proxies_of(product)
        value = {
            "access": attributes.get("access"),
            "approvalType": product.get("approvalType"),
            "opens_every_proxy": not proxies,
            "quota": product.get("quota"),
            "scopes": product.get("scopes") or [],
        }
        ref = f"{read.name}/apiproducts/{product.get('name')}"
        made.append(Setting(ref, "api_product", value, {"proxies": list(proxies)}))
    return made


def proxies_of(product: Mapping[str, Any]) -> tuple[str, ...]:
    """The proxies a product names; none means that it opens all of them."""
    operations = (product.get("operationGroup") or {}).get("operationConfigs") or ()
    named = [str(entry.get("apiSource")) for entry in operations if entry.get("apiSource")]
    return tuple(dict.fromkeys([*named, *(str(proxy) for proxy in product.get("proxies") or ())]))


def _products_of(app: Mapping[str, Any]) -> list[str]:
    found = app.get("apiProducts") or ()
    names = [entry.get("apiproduct") if isinstance(entry, Mapping) else entry for entry in found]
    return list(dict.fromkeys(str(name) for name in names if name))


def _refs(read: Read, proxies: Sequence[str]) -> tuple[str, ...]:
    deployed = {str(entry["apiProxy"]) for entry in read.deployments}
    return tuple(f"{read.name}/apis/{name}" for name in dict.fromkeys(proxies) if name in deployed)
