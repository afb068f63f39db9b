"""What API Management's policies ask of callers, from their XML: authentication, limits, CORS, validation. Pure.

Source: "Policies in Azure API Management": scopes are global, product, API and operation; ``<base />`` stands for the
policies of the scope around it, and without it those are not in force.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final

from lxml import etree

from connectors.base.errors import VendorAnswerError
from connectors.base.model import Auth, AuthKind, Cors, RateLimit

#: Policies that turn away callers without a valid credential.
_AUTH: Final = {
    "validate-jwt": AuthKind.JWT,
    "validate-azure-ad-token": AuthKind.OIDC,
    "validate-client-certificate": AuthKind.MTLS,
}
_LIMITS: Final = ("rate-limit", "rate-limit-by-key", "quota", "quota-by-key")
_CHECKS: Final = ("validate-content", "validate-parameters")


@dataclass(frozen=True, slots=True)
class Inbound:
    """The inbound policies in force somewhere, in order, as XML elements."""

    elements: tuple[Any, ...] = ()


def inbound(text: str, around: Inbound) -> Inbound:
    """The inbound policies of a document, with ``around`` where it says ``<base />``.

    Raises ``VendorAnswerError`` when the text is no policy document.
    """
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, remove_comments=True)
    try:
        root = etree.fromstring(text.encode(), parser)
    except etree.XMLSyntaxError:
        raise VendorAnswerError("A policy of API Management is not readable as XML.") from None
    found: list[Any] = []
    for element in _children(root.find("inbound")):
        found += around.elements if element.tag == "base" else (element,)
    return Inbound(tuple(found))


def authentication(policies: Inbound) -> tuple[Auth, ...]:
    """What callers must present, without the subscription key, which is no policy."""
    return tuple(
        Auth(
            kind=_AUTH[element.tag],
            location="tls" if element.tag == "validate-client-certificate" else _location(element),
            source=element.tag,
            details=_details(element),
        )
        for element in policies.elements
        if element.tag in _AUTH
    )


def rate_limits(policies: Inbound) -> tuple[RateLimit, ...]:
    """Limits with numbers that are written, not computed by an expression."""
    found = []
    for element in policies.elements:
        if element.tag not in _LIMITS:
            continue
        calls, period = element.get("calls", ""), element.get("renewal-period", "")
        if calls.isdigit() and period.isdigit():
            key = _key(element.get("counter-key", "")) if element.tag.endswith("by-key") else "subscription"
            found.append(RateLimit(int(calls), int(period), key, element.tag))
    return tuple(found)


def cors(policies: Inbound) -> Cors | None:
    """The cross-origin policy; None when there is none."""
    element = next((entry for entry in policies.elements if entry.tag == "cors"), None)
    if element is None:
        return None
    return Cors(
        origins=_texts(element, "allowed-origins/origin"),
        credentials=element.get("allow-credentials", "false").lower() == "true",
        methods=_texts(element, "allowed-methods/method"),
        headers=_texts(element, "allowed-headers/header"),
    )


def validates(policies: Inbound) -> bool:
    """Whether requests are compared with the API's schema."""
    return any(element.tag in _CHECKS for element in policies.elements)


def names(policies: Inbound) -> list[str]:
    """The policies in force by name: their contents may hold secrets."""
    return [str(element.tag) for element in policies.elements]


def _children(element: Any) -> Iterable[Any]:
    return () if element is None else (entry for entry in element if isinstance(entry.tag, str))


def _location(element: Any) -> str:
    if element.get("query-parameter-name"):
        return "query"
    return "header" if element.get("header-name") or element.tag == "validate-azure-ad-token" else ""


def _details(element: Any) -> dict[str, Any]:
    """What a person needs to judge it; keys and secrets of a policy are never kept."""
    made: dict[str, Any] = {
        "audiences": list(_texts(element, "audiences/audience")),
        "issuers": list(_texts(element, "issuers/issuer")),
        "requireExpiration": element.get("require-expiration-time", "true").lower() != "false",
        "requireSigned": element.get("require-signed-tokens", "true").lower() != "false",
    }
    return {name: value for name, value in made.items() if value not in ([], None)}


def _texts(element: Any, path: str) -> tuple[str, ...]:
    return tuple(str(entry.text or "").strip() for entry in element.iterfind(path))


def _key(expression: str) -> str:
    lowered = expression.lower()
    if "ipaddress" in lowered:
        return "ip"
    return "subscription" if "subscription" in lowered else "expression"
