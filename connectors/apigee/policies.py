"""Policies of a bundle as facts: authentication, rate limits, cross-origin rules.

Source: "Policy reference overview" and the pages of each policy named here.
"""

from __future__ import annotations

import re
from typing import Any, Final

from connectors.apigee.bundle import said
from connectors.base.model import Auth, AuthKind, Cors, RateLimit

_RATE: Final = re.compile(r"(\d+)\s*(ps|pm)")
_SECONDS: Final = {
    "second": 1,
    "minute": 60,
    "hour": 3600,
    "day": 86_400,
    "week": 604_800,
    "month": 2_592_000,
}


def is_enabled(policy: Any) -> bool:
    """Whether a policy is executed at all."""
    return str(policy.get("enabled", "true")).lower() != "false"


def goes_on(policy: Any) -> bool:
    """Whether the proxy goes on when the policy fails."""
    return str(policy.get("continueOnError", "false")).lower() == "true"


def auth_of(policy: Any) -> Auth | None:
    """What a policy asks of callers; None when it asks nothing."""
    name = policy.get("name") or policy.tag
    if policy.tag == "VerifyAPIKey":
        key = policy.find("APIKey")
        return Auth(AuthKind.API_KEY, _location(key.get("ref", "") if key is not None else ""), source=name)
    if policy.tag == "OAuthV2" and said(policy, "Operation") == "VerifyAccessToken":
        scopes = [scope for element in policy.iter("Scope") for scope in (element.text or "").split()]
        return Auth(
            AuthKind.OAUTH2, _location(said(policy, "AccessToken")), source=name, details={"scopes": scopes}
        )
    if policy.tag in ("VerifyJWT", "VerifyJWS"):
        return Auth(
            AuthKind.JWT, _location(said(policy, "Source")), source=name, details=_token_checks(policy)
        )
    if policy.tag == "BasicAuthentication" and said(policy, "Operation") == "Decode":
        return Auth(AuthKind.BASIC, source=name, details={"only_decodes": True})
    if policy.tag == "ValidateSAMLAssertion":
        return Auth(AuthKind.CUSTOM, source=name, details={"scheme": "saml"})
    if policy.tag == "HMAC" and policy.find("VerificationValue") is not None:
        return Auth(AuthKind.HMAC, source=name)
    rules = policy.find("IPRules") if policy.tag == "AccessControl" else None
    if rules is not None and str(rules.get("noRuleMatchAction", "")).upper() == "DENY":
        return Auth(AuthKind.CUSTOM, "address", source=name, details={"scheme": "address list"})
    return None


def limit_of(policy: Any) -> RateLimit | None:
    """The limit a policy sets; None when it sets none, or one that is only known at run time."""
    name = policy.get("name") or policy.tag
    identifier = policy.find("Identifier")
    key = str(identifier.get("ref", "")) if identifier is not None else ""
    if policy.tag == "SpikeArrest":
        found = _RATE.fullmatch(said(policy, "Rate"))
        return RateLimit(int(found[1]), 1 if found[2] == "ps" else 60, key or "api", name) if found else None
    if policy.tag != "Quota":
        return None
    allow = policy.find("Allow")
    count = str(allow.get("count", "")) if allow is not None else ""
    interval, unit = said(policy, "Interval"), said(policy, "TimeUnit").lower()
    if not (count.isdigit() and interval.isdigit() and unit in _SECONDS):
        return None
    return RateLimit(int(count), int(interval) * _SECONDS[unit], key or "api", name)


def is_limit(policy: Any) -> bool:
    """Whether a policy limits rates, by a number we can read or not."""
    return policy.tag in ("SpikeArrest", "Quota")


def cors_of(policy: Any) -> Cors | None:
    """The cross-origin rules of a CORS policy; those that AssignMessage policies write are not recognised."""
    if policy.tag != "CORS":
        return None
    return Cors(
        _words(said(policy, "AllowOrigins")),
        said(policy, "AllowCredentials").lower() == "true",
        _words(said(policy, "AllowMethods")),
        _words(said(policy, "AllowHeaders")),
    )


def _words(text: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in text.split(",") if part.strip())


def _location(variable: str) -> str:
    """Where a flow variable is taken from: ``request.queryparam.apikey`` is the query."""
    if ".queryparam." in variable or ".formparam." in variable:
        return "query"
    return "cookie" if ".header.cookie" in variable.lower() else "header"


def _token_checks(policy: Any) -> dict[str, Any]:
    """What of a token is compared with something; never with what."""
    return {
        "algorithms": said(policy, "Algorithm") or said(policy, "Algorithms/Signing"),
        "issuer": policy.find("Issuer") is not None,
        "audience": policy.find("Audience") is not None,
    }
