"""The conditions of a block intent in Cloudflare's Rules language. Pure.

Strings are compared without case where intents are (hosts, headers), by ``lower()`` on the left. Quoted strings escape
``"`` and ``\\``; patterns are raw strings, in which nothing is escaped, with as many ``#`` as their text needs.
Sources: Ruleset Engine, Rules language ("Values", "Operators", "Functions", "Fields").
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Final

from connectors.base.evaluate import template_pattern
from connectors.base.intent import HeaderMatch, IPNetwork, Match
from connectors.cloudflare.limits import EXPRESSION_LENGTH, PlanLimits

_COUNTRY: Final = re.compile(r"^[A-Z]{2}$")
_HEADER_NAME: Final = re.compile(r"^[a-z0-9!#$%&'*+.^_`|~-]+$")
_PRINTABLE: Final = re.compile(r"^[\x20-\x7e]+$")
_META: Final = re.compile(r"([\\.^$*+?()\[\]{}|])")
_AGENT: Final = "http.user_agent"
_PATH: Final = "http.request.uri.path"


class Inexpressible(Exception):
    """A condition Cloudflare cannot express; the text says why and what to do instead."""


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
        _one_of("http.request.method", [method.upper() for method in match.methods]),
        _one_of("lower(http.host)", [host.lower() for host in match.hosts]),
        _paths(match.path_templates, plan) if match.path_templates else "",
        *(_header(header) for header in match.headers),
        _one_of("cf.bot_management.ja4", match.ja4),
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


def checked(expression: str) -> str:
    """The expression itself, unless it is too long."""
    if len(expression) > EXPRESSION_LENGTH:
        raise Inexpressible(
            f"The rule would have {len(expression):,} characters; Cloudflare takes {EXPRESSION_LENGTH:,}. "
            "Split it into several blocks."
        )
    return expression


def quoted(text: str) -> str:
    """A quoted string. Only printable ASCII is taken: what else arrives is not compared as one would think."""
    if not _PRINTABLE.match(text):
        raise Inexpressible(f"Cloudflare cannot compare with an empty or non-ASCII text: {text[:40]!r}.")
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def raw(text: str) -> str:
    """A raw string, closed by more ``#`` than the text has after any quote."""
    if not _PRINTABLE.match(text):
        raise Inexpressible(f"Cloudflare cannot compare with an empty or non-ASCII text: {text[:40]!r}.")
    longest = max((len(found) for found in re.findall(r'"(#*)', text)), default=-1)
    marks = "#" * (longest + 1)
    return f'r{marks}"{text}"{marks}'


def escaped_literal(text: str) -> str:
    """Text as a pattern: only characters that mean something are escaped, which every engine takes."""
    return _META.sub(r"\\\1", text)


def _networks(networks: Iterable[IPNetwork]) -> str:
    shown = sorted(set(networks), key=lambda n: (n.version, int(n.network_address), n.prefixlen))
    return f"ip.src in {{{' '.join(str(network) for network in shown)}}}"


def _one_of(field: str, values: Iterable[str]) -> str:
    known = sorted(set(values))
    if not known:
        return ""
    if len(known) == 1:
        return f"{field} eq {quoted(known[0])}"
    return f"{field} in {{{' '.join(quoted(value) for value in known)}}}"


def _paths(templates: Sequence[str], plan: PlanLimits) -> str:
    """Paths as Cloudflare normalises them. Without placeholders they are compared as text, on every plan."""
    if not any("{" in template for template in templates):
        exact = {path for template in templates for path in _with_and_without_slash(template)}
        return _one_of(_PATH, exact)
    if not plan.patterns:
        raise Inexpressible(
            "Path templates with placeholders need regular expressions, which Cloudflare has from the Business plan on. "
            "Name the paths themselves, or combine the address with the host."
        )
    patterns = sorted({template_pattern(template, escaped_literal) for template in templates})
    return f"{_PATH} matches {raw('|'.join(f'(?:{pattern})' for pattern in patterns))}"


def _with_and_without_slash(template: str) -> tuple[str, ...]:
    bare = template.rstrip("/")
    return (bare, f"{bare}/") if bare else ("/",)


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
    return _one_of("ip.src.country", codes)
