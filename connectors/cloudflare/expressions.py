"""The conditions of a block intent in Cloudflare's Rules language. Pure.

Strings are compared without case where intents are (hosts, headers), by ``lower()`` on the left. Quoted strings escape
``"`` and ``\\``; patterns are raw strings, in which nothing is escaped, with as many ``#`` as their text needs.
Sources: Ruleset Engine, Rules language ("Values", "Operators", "Functions", "Fields").
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Final

from connectors.base.intent import HeaderMatch, IPNetwork, Match
from connectors.cloudflare.limits import PlanLimits
from connectors.cloudflare.path_expressions import paths
from connectors.cloudflare.strings import Inexpressible, any_of, checked, quoted

_COUNTRY: Final = re.compile(r"^[A-Z]{2}$")
_HEADER_NAME: Final = re.compile(r"^[a-z0-9!#$%&'*+.^_`|~-]+$")
_AGENT: Final = "http.user_agent"


def expression_of(match: Match, plan: PlanLimits, *, bot_management: bool) -> str:
    """The expression that holds when every condition of ``match`` holds; ``Inexpressible`` with the reason."""
    if match.is_empty():
        raise Inexpressible("The block names nothing to match and would stop every request.")
    if match.principals:
        raise Inexpressible(
            "Cloudflare does not know the stored principal. Block its addresses or a header, or revoke the credential "
            "at the identity provider."
        )
    if match.consumers:
        raise Inexpressible(
            "Cloudflare knows no consumers. Block their addresses, or end their keys at the gateway."
        )
    if match.ja4 and not bot_management:
        raise Inexpressible(
            "JA4 fingerprints need Enterprise Bot Management. If these zones have it, say so in the connection's settings."
        )
    parts = [
        _networks(match.networks) if match.networks else "",
        any_of("http.request.method", [method.upper() for method in match.methods]),
        any_of("lower(http.host)", [host.lower() for host in match.hosts]),
        paths(match.path_templates, patterns=plan.patterns) if match.path_templates else "",
        *(_header(header) for header in match.headers),
        any_of("cf.bot_management.ja4", match.ja4),
        _countries(match.countries) if match.countries else "",
        f"ip.src.asnum in {{{' '.join(map(str, sorted(set(match.asns))))}}}" if match.asns else "",
    ]
    return checked(" and ".join(f"({part})" for part in parts if part))


def listed(name: str) -> str:
    """Membership of the client's address in one of our lists."""
    return f"(ip.src in ${name})"


def inline(networks: Iterable[IPNetwork]) -> str:
    """Membership of the client's address in networks written into the rule itself."""
    return checked(f"({_networks(networks)})")


def _networks(networks: Iterable[IPNetwork]) -> str:
    shown = sorted(set(networks), key=lambda n: (n.version, int(n.network_address), n.prefixlen))
    return f"ip.src in {{{' '.join(str(network) for network in shown)}}}"


def _header(header: HeaderMatch) -> str:
    name, value = header.name.lower(), quoted(header.value.lower())
    if not _HEADER_NAME.match(name):
        raise Inexpressible(f"{header.name[:40]!r} is not the name of a header.")
    if name in ("user-agent", "host"):
        field = f"lower({_AGENT if name == 'user-agent' else 'http.host'})"
        if header.operator == "prefix":
            return f"starts_with({field}, {value})"
        return f"{field} {_operator(header)} {value}"
    field = f'lower(http.request.headers["{name}"][*])'
    if header.operator == "prefix":
        return f"any(starts_with({field}[*], {value}))"
    return f"any({field}[*] {_operator(header)} {value})"


def _operator(header: HeaderMatch) -> str:
    operators = {"contains": "contains", "equals": "eq"}
    if header.operator not in operators:
        raise Inexpressible(
            f"Cloudflare cannot compare a header by {header.operator!r}; use equals, contains or prefix."
        )
    return operators[header.operator]


def _countries(countries: Sequence[str]) -> str:
    codes = [code.upper() for code in countries]
    wrong = [code for code in codes if not _COUNTRY.match(code)]
    if wrong:
        raise Inexpressible(f"Not ISO 3166 two-letter country codes: {', '.join(wrong)}.")
    return any_of("ip.src.country", codes)
