"""API Management: APIs as services, their operations as routes with what the policies ask, subscriptions as consumers.

Source: Azure REST API "API Management" 2024-05-01. Keys are never asked for (``listSecrets`` is another action).
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any, Final

from connectors.azure.apim_policies import (
    Inbound,
    authentication,
    cors,
    inbound,
    names,
    rate_limits,
    validates,
)
from connectors.azure.client import Arm, MissingResource
from connectors.azure.diagnostics import read_logging
from connectors.azure.parts import Document, Parts, listed, picked, properties, ref_of, texts
from connectors.azure.permissions import APIM
from connectors.base.ledger import Ledger
from connectors.base.model import (
    Auth,
    AuthKind,
    Consumer,
    Exposure,
    Parameter,
    Route,
    Service,
    Setting,
    Stage,
    Upstream,
)

_PLACEHOLDER: Final = re.compile(r"\{([^{}]+)\}")
_CURRENT: Final = ";rev="
#: Categories of the service's diagnostic settings that hold a record per request.
ACCESS_LOG: Final = "GatewayLogs"


@dataclass(slots=True)
class _Instance:
    """One API Management service being read. ``policies`` are the global ones; None when they are not known."""

    ref: str
    document: Document
    hosts: tuple[str, ...]
    policies: Inbound | None = None
    products: dict[str, set[str]] = field(default_factory=dict)  # product -> refs of its APIs


def read_api_managements(arm: Arm, ledger: Ledger, subscription: str, parts: Parts) -> None:
    """Every API Management service of a subscription."""
    found = ledger.attempt(
        ("services",),
        f"API Management services in {subscription}",
        lambda: arm.items(f"/subscriptions/{subscription}/providers/{APIM}"),
    )
    for document in found or ():
        instance = _Instance(ref_of(document), document, _hosts(document))
        instance.policies = _policies(arm, ledger, instance.ref, Inbound())
        apis = ledger.attempt(
            ("services",),
            f"APIs of {document.get('name')}",
            lambda i=instance: arm.items(f"{i.ref}/apis"),  # type: ignore[misc]
        )
        logged = read_logging(arm, ledger, instance.ref, "stages").destination(ACCESS_LOG)
        for api in apis or ():
            if _CURRENT not in str(api.get("name")):  # older revisions are listed beside the current one
                _api(arm, ledger, instance, api, logged, parts)
        _products(arm, ledger, instance)
        _consumers(arm, ledger, instance, parts)
        custom = properties(document).get("customProperties") or {}
        parts.settings.append(
            Setting(instance.ref, "tls_protocols", dict(custom), {"customProperties": dict(custom)})
        )


def _hosts(document: Document) -> tuple[str, ...]:
    """Host names of the gateway: custom ones first, then the vendor's own."""
    held = properties(document)
    custom = [
        str(entry.get("hostName")).lower()
        for entry in listed(held.get("hostnameConfigurations"))
        if entry.get("type") == "Proxy"
    ]
    default = str(held.get("gatewayUrl") or "").partition("://")[2].lower()
    return tuple(dict.fromkeys([*custom, *([default] if default else [])]))


def _policies(arm: Arm, ledger: Ledger, scope: str, around: Inbound | None) -> Inbound | None:
    """The inbound policies in force at a scope; what is around it when it has none; None when not known."""
    if around is None:
        return None

    def read() -> Inbound:
        try:
            document = arm.get(f"{scope}/policies/policy", format="xml")
        except MissingResource:
            return around
        return inbound(str(properties(document).get("value") or "<policies/>"), around)

    return ledger.attempt(("authorizers",), f"policies of {scope.rpartition('/')[2]}", read)


def _api(
    arm: Arm, ledger: Ledger, instance: _Instance, api: Document, logged: str | None, parts: Parts
) -> None:
    ref, held = ref_of(api), properties(api)
    base = f"/{str(held.get('path') or '').strip('/')}".rstrip("/")
    policies = _policies(arm, ledger, ref, instance.policies)
    parts.services.append(
        Service(
            ref=ref,
            name=str(held.get("displayName") or api.get("name")),
            kind="apim_api",
            protocol=str(held.get("type") or "http"),
            hosts=instance.hosts[:-1],
            default_host=instance.hosts[-1] if instance.hosts else "",
            default_host_enabled=True,
            exposure=_exposure(instance.document),
            evidence=picked(held, ("path", "protocols", "subscriptionRequired", "apiRevision", "apiVersion")),
        )
    )
    parts.stages.append(
        Stage(
            ref=f"{ref}#{api.get('name')}",
            service_ref=ref,
            name=str(instance.document.get("name")),
            base_path=base,
            hosts=instance.hosts,
            access_log=logged,
            evidence=picked(held, ("path", "apiVersion")),
        )
    )
    upstream = _upstream(ref, held, parts)
    operations = ledger.attempt(
        ("routes",), f"operations of {api.get('name')}", lambda: arm.items(f"{ref}/operations")
    )
    for operation in operations or ():
        own = _policies(arm, ledger, ref_of(operation), policies)
        parts.routes.append(_route(ref, held, operation, own, upstream))


def _exposure(document: Document) -> Exposure:
    held = properties(document)
    if held.get("virtualNetworkType") == "Internal" or held.get("publicNetworkAccess") == "Disabled":
        return Exposure.PRIVATE
    return Exposure.PUBLIC if held.get("publicNetworkAccess") == "Enabled" else Exposure.UNKNOWN


def _upstream(ref: str, held: Document, parts: Parts) -> str:
    url = str(held.get("serviceUrl") or "")
    if not url:
        return ""
    scheme, _, rest = url.partition("://")
    plain = f"{scheme}://{rest.partition('/')[0].rpartition('@')[2]}"
    parts.upstreams[f"{ref}#backend"] = Upstream(f"{ref}#backend", plain, evidence={"serviceUrl": plain})
    return f"{ref}#backend"


def _route(
    service: str, api: Document, operation: Document, policies: Inbound | None, upstream: str
) -> Route:
    held = properties(operation)
    template = str(held.get("urlTemplate") or "/").partition("?")[0]
    below = template.endswith("*")
    path = template.rstrip("*").rstrip("/") or "/" if below else template
    method = str(held.get("method") or "").upper()
    evidence: dict[str, Any] = picked(held, ("displayName", "method", "urlTemplate"))
    evidence |= {"policies": names(policies) if policies else [], **picked(api, ("subscriptionRequired",))}
    return Route(
        ref=ref_of(operation),
        service_ref=service,
        path=path,
        methods=() if method in ("", "*") else (method,),
        protocols=tuple(texts(api.get("protocols"))) or ("https",),
        auth=(*_subscription(api), *(authentication(policies) if policies else ())),
        auth_known=policies is not None,
        rate_limits=rate_limits(policies) if policies else (),
        cors=cors(policies) if policies else None,
        parameters=_parameters(template, held),
        catch_all=path == "/" and below,
        prefix=below,
        validated=None if policies is None else validates(policies),
        upstream_ref=upstream,
        evidence=evidence,
    )


def _subscription(api: Document) -> tuple[Auth, ...]:
    """The subscription key: asked for by the API itself, not by a policy."""
    if not api.get("subscriptionRequired"):
        return ()
    named = api.get("subscriptionKeyParameterNames") or {}
    details = {"header": named.get("header"), "query": named.get("query")}
    return (Auth(AuthKind.API_KEY, "header", source="subscription", details=details),)


def _parameters(template: str, held: Document) -> tuple[Parameter, ...]:
    """Placeholders of the path, and declared parameters of the query."""
    found = [Parameter(name.lstrip("*"), "path", required=True) for name in _PLACEHOLDER.findall(template)]
    for entry in listed((held.get("request") or {}).get("queryParameters")):
        found.append(
            Parameter(
                str(entry.get("name")), "query", bool(entry.get("required")), str(entry.get("type") or "")
            )
        )
    return tuple(found)


def _products(arm: Arm, ledger: Ledger, instance: _Instance) -> None:
    listed_products = ledger.attempt(
        ("consumers",), "products", lambda: arm.items(f"{instance.ref}/products")
    )
    for product in listed_products or ():
        ref = ref_of(product)
        apis = ledger.attempt(
            ("consumers",),
            f"APIs of product {product.get('name')}",
            lambda ref=ref: arm.items(f"{ref}/apis"),  # type: ignore[misc]
        )
        instance.products[ref] = {f"{instance.ref}/apis/{str(api.get('name')).lower()}" for api in apis or ()}


def _consumers(arm: Arm, ledger: Ledger, instance: _Instance, parts: Parts) -> None:
    """Subscriptions are what callers are told apart by."""
    found = ledger.attempt(
        ("consumers",), "subscriptions", lambda: arm.items(f"{instance.ref}/subscriptions")
    )
    apis = {service.ref for service in parts.services if service.ref.startswith(f"{instance.ref}/apis/")}
    for entry in found or ():
        held = properties(entry)
        scope = str(held.get("scope") or "").lower()
        scope = scope if scope.startswith("/subscriptions/") else f"{instance.ref}{scope}"
        opened = instance.products.get(scope, {scope} if "/apis/" in scope else apis)
        parts.consumers.append(
            Consumer(
                ref=ref_of(entry),
                name=str(held.get("displayName") or entry.get("name")),
                kind="subscription",
                tags=(str(held.get("state")),) if held.get("state") else (),
                service_refs=tuple(sorted(opened & apis)),
            )
        )
