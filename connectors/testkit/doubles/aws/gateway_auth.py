"""Authorizers and API keys of the data plane, in a simple form.

A bearer token is a JWT; its payload's ``sub`` is the principal and ``exp`` (seconds) must lie ahead.
Signatures are not checked: the identity provider is not part of the double. An API key must be a value API
Gateway knows.
"""

import base64
import binascii
from dataclasses import dataclass
from typing import Any

import orjson

from connectors.testkit.doubles.aws.gateway_routing import RefusedError, Target
from connectors.testkit.doubles.aws.state import backend
from connectors.testkit.doubles.aws.web_request import WebRequest


@dataclass(frozen=True)
class Identity:
    """Who the gateway found behind a request; empty strings where nobody was asked."""

    principal: str = ""
    claims: tuple[tuple[str, str], ...] = ()
    api_key_id: str = ""


ANONYMOUS = Identity()


def jwt_payload(token: str) -> dict[str, Any] | None:
    """The claims of a JWT; None when it is not one."""
    parts = token.split(".")
    if len(parts) != 3:
        return None
    try:
        payload = orjson.loads(base64.urlsafe_b64decode(parts[1] + "=" * (-len(parts[1]) % 4)))
    except (binascii.Error, ValueError):
        return None
    return payload if isinstance(payload, dict) else None


def _claims(request: WebRequest) -> dict[str, Any]:
    token = (request.header("authorization") or "").removeprefix("Bearer ").strip()
    claims = jwt_payload(token)
    if claims is None or not claims.get("sub"):
        raise RefusedError(401, "Unauthorized")
    if float(claims.get("exp", 0)) * 1000 <= request.time_ms:
        raise RefusedError(
            401, "The incoming token has expired" if request.header("authorization") else "Unauthorized"
        )
    return claims


def identify(target: Target, request: WebRequest, region: str) -> Identity:
    """The identity the route's authorizer and key requirement establish. Raises ``RefusedError`` (401,
    403).
    """
    identity = Identity()
    if (target.route.authorization_type or "NONE") != "NONE":
        claims = _claims(request)
        identity = Identity(str(claims["sub"]), tuple((key, str(value)) for key, value in claims.items()))
    if target.kind == "REST" and str(target.route.api_key_required).lower() == "true":
        offered = request.header("x-api-key")
        keys = backend("apigateway", region).keys.values()
        key = next((k for k in keys if k.enabled and k.value == offered), None)
        if key is None:
            raise RefusedError(403, "Forbidden")
        identity = Identity(identity.principal, identity.claims, key.id)
    return identity
