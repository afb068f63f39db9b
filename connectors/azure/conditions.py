"""Matches as conditions of custom rules, in the words of each product. Pure.

A rule holds when all its conditions hold, a condition when one of its values does. What needs more values than a
condition takes becomes several rules: every combination of one part of each condition.

Front Door compares RequestUri with the whole address as its log shows it (scheme, host, port), Application Gateway with
path and query; one pattern fits both, so that a path is never taken for a part of another address.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Network, collapse_addresses
from itertools import product
from typing import Any, Final

from connectors.azure.limits import CONDITIONS, STRING_LENGTH, STRINGS
from connectors.azure.waf_policies import FRONT_DOOR
from connectors.base.evaluate import template_pattern
from connectors.base.intent import HeaderMatch, IPNetwork, Match

Condition = dict[str, Any]

_COUNTRY: Final = re.compile(r"^[A-Z]{2}$")
_OPERATORS: Final = {"equals": "Equal", "contains": "Contains", "prefix": "BeginsWith"}
_UNSPEAKABLE: Final = {
    "principals": "Azure's WAF sees no principals. Block the addresses or a header of the caller.",
    "consumers": "Azure's WAF knows no consumers. Block the addresses, or suspend the subscription in API Management.",
    "asns": "Azure's WAF conditions know no network owners in the API version we use. Block their networks.",
    "ja4": "Azure's WAF conditions know no TLS fingerprints in the API version we use. Block addresses or a header.",
}


class Inexpressible(Exception):
    """What Azure cannot say; the text tells why and what to do instead."""


@dataclass(frozen=True, slots=True)
class Dialect:
    """How one policy says things: its product, the variable that holds the client address, addresses per condition."""

    kind: str
    address: str
    addresses: int

    def condition(
        self,
        variable: str,
        operator: str,
        values: Sequence[str],
        *,
        selector: str = "",
        transforms: Sequence[str] = (),
    ) -> Condition:
        """One condition; ``variable`` and ``operator`` as Front Door names them."""
        named = {"selector": selector} if selector else {}
        changed = {"transforms": list(transforms)} if transforms else {}
        if self.kind == FRONT_DOOR:
            base = {"matchVariable": variable, **named, "operator": operator, "negateCondition": False}
            return {**base, "matchValue": list(values), **changed}
        plural = {"RequestHeader": "RequestHeaders"}.get(variable, variable)
        said = {"RegEx": "Regex"}.get(operator, operator)
        base = {"matchVariables": [{"variableName": plural, **named}], "operator": said}
        return {**base, "negationConditon": False, "matchValues": list(values), **changed}


def rule_conditions(match: Match, dialect: Dialect) -> list[list[Condition]]:
    """The conditions of each rule that the match needs; raises ``Inexpressible``."""
    for name, reason in _UNSPEAKABLE.items():
        if getattr(match, name):
            raise Inexpressible(reason)
    alternatives = _alternatives(match, dialect)
    if not alternatives:
        raise Inexpressible("The block names nothing to match and would stop every request.")
    if len(alternatives) > CONDITIONS:
        raise Inexpressible(f"A rule takes {CONDITIONS} conditions; this needs {len(alternatives)}.")
    return [list(chosen) for chosen in product(*alternatives)]


def address_conditions(networks: Sequence[IPNetwork], dialect: Dialect) -> list[Condition]:
    """Membership in the networks, as few conditions as hold them; raises ``Inexpressible`` for /0."""
    if any(network.prefixlen == 0 for network in networks):
        raise Inexpressible("A network of length 0 would match every address.")
    four = collapse_addresses(n for n in networks if isinstance(n, IPv4Network))
    six = collapse_addresses(n for n in networks if isinstance(n, IPv6Network))
    texts = [str(network) for network in (*four, *six)]
    return [dialect.condition(dialect.address, "IPMatch", part) for part in _parts(texts, dialect.addresses)]


def _alternatives(match: Match, dialect: Dialect) -> list[list[Condition]]:
    """Per condition of the match, the conditions of which one must hold."""
    found: list[list[Condition]] = []
    if match.networks:
        found.append(address_conditions(match.networks, dialect))
    if match.methods:
        methods = sorted({method.upper() for method in match.methods})
        found.append(
            [dialect.condition("RequestMethod", "Equal", part) for part in _strings(methods, "method")]
        )
    if match.path_templates:
        found.append(_paths(match.path_templates, dialect))
    if match.hosts:
        found.append(_hosts(match.hosts, dialect))
    found += [[_header(header, dialect)] for header in match.headers]
    if match.countries:
        codes = sorted({code.upper() for code in match.countries})
        wrong = [code for code in codes if not _COUNTRY.match(code)]
        if wrong:
            raise Inexpressible(f"Not ISO 3166 two-letter country codes: {', '.join(wrong)}.")
        found.append([dialect.condition(dialect.address, "GeoMatch", codes)])
    return found


def _paths(templates: Sequence[str], dialect: Dialect) -> list[Condition]:
    """Raw and decoded addresses: an encoded letter must not evade the rule, an encoded slash in a segment neither."""
    patterns = [path_pattern(template) for template in dict.fromkeys(templates)]
    return [
        dialect.condition("RequestUri", "RegEx", part, transforms=transforms)
        for transforms in ((), ("UrlDecode",))
        for part in _strings(patterns, "path template")
    ]


def path_pattern(template: str) -> str:
    """The pattern of whole addresses, or of path and query, whose path fits the template."""
    body = template_pattern(template)[1:-1].replace("[^/]+", "[^/?]+").replace(".+", "[^?]+")
    return rf"^(?:https?://[^/?]*)?{body}(?:\?.*)?$"


def _hosts(hosts: Sequence[str], dialect: Dialect) -> list[Condition]:
    """Host headers in any case, with or without a port."""
    patterns = [f"^{re.escape(host.lower())}(?::[0-9]+)?$" for host in dict.fromkeys(hosts)]
    return [
        dialect.condition("RequestHeader", "RegEx", part, selector="Host", transforms=("Lowercase",))
        for part in _strings(patterns, "host")
    ]


def _header(header: HeaderMatch, dialect: Dialect) -> Condition:
    operator = _OPERATORS.get(header.operator)
    if operator is None:
        raise Inexpressible(
            f"Azure cannot compare a header by {header.operator!r}; use equals, contains or prefix."
        )
    if not header.value or not header.value.isascii():
        raise Inexpressible(f"Azure cannot compare the header {header.name} with an empty or non-ASCII text.")
    (part,) = _strings([header.value.lower()], f"value of the header {header.name}")
    return dialect.condition("RequestHeader", operator, part, selector=header.name, transforms=("Lowercase",))


def _strings(values: Sequence[str], what: str) -> list[list[str]]:
    for value in values:
        if len(value) > STRING_LENGTH:
            raise Inexpressible(
                f"A {what} is longer than the {STRING_LENGTH} characters Azure compares with."
            )
    return _parts(values, STRINGS)


def _parts(values: Sequence[str], size: int) -> list[list[str]]:
    return [list(values[start : start + size]) for start in range(0, len(values), size)]
