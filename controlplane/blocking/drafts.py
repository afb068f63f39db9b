"""A draft from and to JSON, with errors that name the field."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from ipaddress import ip_network
from typing import Any

from connectors.base.intent import BlockAction, HeaderMatch, IPNetwork, Match, RateLimitSpec
from controlplane.blocking.types import Draft, TargetRef
from tenants.errors import Invalid

_HEADER_OPERATORS = ("equals", "contains", "prefix")
_LISTS = ("principals", "consumers", "methods", "path_templates", "hosts", "ja4", "countries")


def _invalid(field: str, sentence: str) -> Invalid:
    return Invalid("invalid-block", f"{sentence} Nothing was created.", fields={field: [sentence]})


def parse_networks(values: Sequence[Any], field: str = "match/networks") -> tuple[IPNetwork, ...]:
    """Addresses and CIDR ranges; host bits must be zero, so that what is meant is what is blocked."""
    networks = []
    for value in values:
        try:
            networks.append(ip_network(str(value).strip()))
        except ValueError as error:
            raise _invalid(field, f"{value!r} is not an address or a CIDR range ({error}).") from error
    return tuple(dict.fromkeys(networks))


def _texts(document: Mapping[str, Any], name: str) -> tuple[str, ...]:
    values = document.get(name) or []
    if not isinstance(values, list) or not all(isinstance(value, str) and value.strip() for value in values):
        raise _invalid(f"match/{name}", f"{name} must be a list of texts.")
    return tuple(dict.fromkeys(value.strip() for value in values))


def _header(value: Any) -> HeaderMatch:
    if not isinstance(value, dict) or not value.get("name") or not value.get("value"):
        raise _invalid("match/headers", "Each header needs a name and a value.")
    operator = value.get("operator", "equals")
    if operator not in _HEADER_OPERATORS:
        raise _invalid("match/headers", f"The operator of a header is one of {', '.join(_HEADER_OPERATORS)}.")
    return HeaderMatch(str(value["name"]), str(value["value"]), operator)


def parse_match(document: Any) -> Match:
    """The match of an API document; raises ``Invalid`` naming the field, also for an empty match."""
    if not isinstance(document, dict):
        raise _invalid("match", "A match is an object with at least one condition.")
    unknown = set(document) - set(Match.__slots__)
    if unknown:
        raise _invalid("match", f"A match has no condition {sorted(unknown)[0]!r}.")
    lists = {name: _texts(document, name) for name in _LISTS}
    asns = document.get("asns") or []
    if not all(isinstance(value, int) and value > 0 for value in asns):
        raise _invalid("match/asns", "Autonomous system numbers are positive whole numbers.")
    for template in lists["path_templates"]:
        if not template.startswith("/"):
            raise _invalid("match/path_templates", f"The path {template!r} must start with a slash.")
    match = Match(
        networks=parse_networks(document.get("networks") or []),
        headers=tuple(_header(value) for value in document.get("headers") or []),
        asns=tuple(asns),
        **lists,
    )
    if match.is_empty():
        raise _invalid("match", "The match has no condition, so it would hit every request.")
    return match


def match_document(match: Match) -> dict[str, Any]:
    """The API document of a match; the inverse of ``parse_match``."""
    document: dict[str, Any] = {name: list(getattr(match, name)) for name in (*_LISTS, "asns")}
    document["networks"] = [str(network) for network in match.networks]
    document["headers"] = [{"name": h.name, "value": h.value, "operator": h.operator} for h in match.headers]
    return document


def parse_rate(document: Any) -> RateLimitSpec | None:
    """``{requests, per_seconds}`` or nothing."""
    if document is None:
        return None
    limit, window = document.get("requests"), document.get("per_seconds")
    if not (isinstance(limit, int) and limit >= 1 and isinstance(window, int) and window >= 1):
        raise _invalid("rate", "A rate needs requests and per_seconds, both whole numbers above zero.")
    return RateLimitSpec(limit, window)


def parse_draft(document: Mapping[str, Any]) -> Draft:
    """A whole draft from an API document."""
    try:
        action = BlockAction(document.get("action", ""))
    except ValueError as error:
        raise _invalid("action", "The action is one of block, rate_limit, challenge or count.") from error
    ttl = document.get("ttl_seconds")
    if not isinstance(ttl, int) or ttl <= 0:
        raise _invalid(
            "ttl_seconds", "Every block ends by itself: ttl_seconds must be a whole number above zero."
        )
    targets = document.get("targets") or []
    refs = tuple(
        TargetRef(str(t.get("connection_id", "")), str(t.get("ref", "")))
        for t in targets
        if isinstance(t, dict)
    )
    if not refs:
        raise _invalid("targets", "Choose at least one target.")
    rate = parse_rate(document.get("rate"))
    if action is BlockAction.RATE_LIMIT and rate is None:
        raise _invalid("rate", "A rate limit needs a rate.")
    return Draft(parse_match(document.get("match")), action, ttl, tuple(dict.fromkeys(refs)), rate)


def draft_document(draft: Draft) -> dict[str, Any]:
    """The API document of a draft; the inverse of ``parse_draft``."""
    rate = draft.rate and {"requests": draft.rate.limit, "per_seconds": draft.rate.window_seconds}
    return {
        "match": match_document(draft.match),
        "action": draft.action.value,
        "ttl_seconds": draft.ttl_seconds,
        "rate": rate,
        "targets": [{"connection_id": t.connection_id, "ref": t.ref} for t in draft.targets],
    }
