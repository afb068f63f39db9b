"""What the HTTP filters of a listener do to a route: who has to show what, limits, cross-origin rules.

Source: ``envoy.extensions.filters.http``. A route or its virtual host may switch a filter off or give it other settings
(``typed_per_filter_config``).
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, Final

from connectors.base.model import Auth, AuthKind, Cors, RateLimit
from connectors.envoy.matching import Matched, path_of

_PREFIX: Final = "envoy.filters.http."
_JWT, _LIMIT, _CORS = f"{_PREFIX}jwt_authn", f"{_PREFIX}local_ratelimit", f"{_PREFIX}cors"
_KINDS: Final = {
    f"{_PREFIX}ext_authz": AuthKind.CUSTOM,
    f"{_PREFIX}basic_auth": AuthKind.BASIC,
    f"{_PREFIX}api_key_auth": AuthKind.API_KEY,
    f"{_PREFIX}oauth2": AuthKind.OAUTH2,
}
#: Filters whose code may check callers in ways that configuration does not tell.
OPAQUE: Final = (f"{_PREFIX}lua", f"{_PREFIX}wasm", f"{_PREFIX}ext_proc", f"{_PREFIX}golang")

Config = Mapping[str, Any]


def named(filters: Sequence[Config]) -> dict[str, Config]:
    """Filters by name, in order; those that are switched off by default are left out."""
    return {
        str(entry.get("name", "")): entry.get("typed_config") or {}
        for entry in filters
        if not entry.get("disabled")
    }


def overrides(*levels: Config) -> dict[str, Config]:
    """What route, virtual host and route configuration say of filters; the first one wins, filter by filter."""
    merged: dict[str, Config] = {}
    for level in levels:
        for name, settings in (level.get("typed_per_filter_config") or {}).items():
            merged.setdefault(str(name), settings or {})
    return merged


def auth_of(filters: Mapping[str, Config], given: Mapping[str, Config], path: Matched) -> tuple[Auth, ...]:
    """Every credential that a request of the route has to carry."""
    found = []
    for name, settings in filters.items():
        if given.get(name, {}).get("disabled"):
            continue
        if name == _JWT:
            found += _tokens(settings, given.get(name, {}), path)
        elif name in _KINDS:
            optional = bool(settings.get("failure_mode_allow"))
            found.append(Auth(_KINDS[name], optional=optional, source=f"filter {name}"))
    return tuple(found)


def _tokens(settings: Config, given: Config, path: Matched) -> list[Auth]:
    """Whether a JSON web token is required: by the route's own requirement, else by the first rule that matches."""
    if "requirement_name" in given:
        requirement = (settings.get("requirement_map") or {}).get(given["requirement_name"], {})
        return _required(requirement)
    for rule in settings.get("rules") or ():
        matched = path_of(rule.get("match") or {})
        if matched is None or not _covers(matched, path):
            continue
        name = rule.get("requirement_name")
        required = (settings.get("requirement_map") or {}).get(name) if name else rule.get("requires")
        return _required(required or {})
    return []


def _covers(rule: Matched, path: Matched) -> bool:
    if rule.prefix:
        return path.template.startswith(rule.template)
    return rule.template == path.template and not path.prefix


def _required(requirement: Config) -> list[Auth]:
    if not requirement:
        return []
    text = str(requirement)
    optional = "allow_missing" in text
    names = re.findall(r"'provider_name': '([^']+)'", text)
    return [Auth(AuthKind.JWT, optional=optional, source=f"filter {_JWT}", details={"providers": names})]


def limits_of(filters: Mapping[str, Config], given: Mapping[str, Config]) -> tuple[RateLimit, ...]:
    """Local rate limits: one bucket for all callers."""
    if _LIMIT not in filters:
        return ()
    bucket = (given.get(_LIMIT) or filters[_LIMIT]).get("token_bucket") or {}
    seconds = float(str(bucket.get("fill_interval", "0s")).removesuffix("s") or 0)
    if not bucket.get("max_tokens") or seconds <= 0:
        return ()
    tokens = int(bucket.get("tokens_per_fill", 1))
    return (RateLimit(tokens, max(1, round(seconds)), "api", f"filter {_LIMIT}"),)


def cors_of(filters: Mapping[str, Config], given: Mapping[str, Config]) -> Cors | None:
    """The cross-origin policy, where the filter is there and the route or its host has one."""
    policy = given.get(_CORS)
    if _CORS not in filters or not policy:
        return None
    origins = tuple(
        str(origin.get("exact") or origin.get("prefix") or (origin.get("safe_regex") or {}).get("regex", ""))
        for origin in policy.get("allow_origin_string_match") or ()
    )
    words = {key: str(policy.get(f"allow_{key}", "")) for key in ("methods", "headers")}
    lists = {
        key: tuple(part.strip() for part in text.split(",") if part.strip()) for key, text in words.items()
    }
    return Cors(origins, bool(policy.get("allow_credentials")), lists["methods"], lists["headers"])
