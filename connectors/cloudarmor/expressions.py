"""Block intents as expressions of Cloud Armor's rules language: pure. What it cannot say is refused with the reason.

Source: "Configure custom rules language attributes". An expression joins at most five conditions, so an intent may
become several expressions that together mean it: its networks, AS numbers and paths are divided among them.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import product
from typing import Final

from connectors.base.evaluate import template_pattern
from connectors.base.intent import HeaderMatch, IPNetwork, Match
from connectors.cloudarmor.limits import EXPRESSION, RULES_PER_INTENT, SUBEXPRESSION, SUBEXPRESSIONS

_METHOD: Final = re.compile(r"^[A-Z]{1,32}$")
_COUNTRY: Final = re.compile(r"^[A-Z]{2}$")
_JA4: Final = re.compile(r"^[a-z0-9_]{10,64}$")
_HEADER: Final = re.compile(r"^[a-z0-9!#$%&*+.^_`|~-]{1,128}$")
_PRINTABLE: Final = re.compile(r"^[ -~]+$")
#: Characters of one pattern, with room for what stands around it.
_PATTERN: Final = SUBEXPRESSION - 100
DECODED: Final = "The path is compared as sent and also after decoding it."
AS_SENT: Final = (
    "The path is compared as sent alone, for want of room: a path with encoded letters is not stopped."
)


class Inexpressible(Exception):
    """A condition Cloud Armor cannot express; the text says why and what to do instead."""


@dataclass(frozen=True, slots=True)
class Expressions:
    """Expressions of which one must hold, with what has to be said about them."""

    texts: tuple[str, ...]
    notes: tuple[str, ...] = ()
    exact: bool = True


@dataclass(slots=True)
class _Parts:
    """Conditions every expression has, how many they are, and alternatives that may be divided among expressions."""

    fixed: list[str] = field(default_factory=list)
    count: int = 0

    def add(self, text: str, conditions: int = 1) -> None:
        """One condition, or several that belong together."""
        self.fixed.append(text)
        self.count += conditions


def expressions(match: Match, groups: Sequence[str] = ()) -> Expressions:
    """The expressions of a match; ``groups`` are address groups that hold its networks.

    ``Inexpressible`` with the reason when it cannot be said.
    """
    check_speakable(match)
    parts = _Parts()
    _simple(match, parts)
    for header in match.headers:
        parts.add(_header(header), 2)
    if groups:
        parts.add(_any([f"evaluateAddressGroup('{name}', origin.ip)" for name in groups]), len(groups))
    networks = [] if groups else [f"inIpRange(origin.ip, '{network}')" for network in match.networks]
    asns = [f"origin.asn == {number}" for number in sorted(set(match.asns))]
    room = SUBEXPRESSIONS - parts.count - bool(networks) - bool(asns)
    if room < bool(match.path_templates):
        raise Inexpressible(
            f"A rule of Cloud Armor joins at most {SUBEXPRESSIONS} conditions; this block has more. Leave one out."
        )
    decoded = room >= 2
    paths = _paths(match.path_templates, decoded, EXPRESSION - len(" && ".join(parts.fixed)) - 200)
    room -= 0 if not paths else 1 + decoded
    texts = _divided(parts.fixed, paths, networks, asns, room)
    if not match.path_templates:
        return Expressions(texts)
    return Expressions(texts, (DECODED if decoded else AS_SENT,), decoded)


def check_speakable(match: Match) -> None:
    """``Inexpressible`` for what no rule of Cloud Armor knows, and for matches that hit everything."""
    if match.principals:
        raise Inexpressible(
            "Cloud Armor sees no principals: they are known only after authentication. Block the addresses or a "
            "header of the caller, or revoke the credential at the identity provider."
        )
    if match.consumers:
        raise Inexpressible("Cloud Armor knows no consumers. Block the addresses or a header of the caller.")
    if match.is_empty():
        raise Inexpressible("The block names nothing to match and would stop every request.")
    if any(network.prefixlen == 0 for network in match.networks):
        raise Inexpressible("A network of every address is not blocked: it would stop every request.")


def _simple(match: Match, parts: _Parts) -> None:
    """Conditions that compare one attribute with texts."""
    if match.methods:
        methods = sorted({method.upper() for method in match.methods})
        parts.add(_equals("request.method", methods, _METHOD, "HTTP method"))
    if match.hosts:
        hosts = "|".join(re.escape(_plain(host.lower(), "host")) for host in match.hosts)
        parts.add(f"request.headers['host'].lower().matches({_raw(f'^(?:{hosts})[.]?(?::[0-9]+)?$')})")
    if match.countries:
        codes = sorted({code.upper() for code in match.countries})
        parts.add(_equals("origin.region_code", codes, _COUNTRY, "two-letter country code"))
    if match.ja4:
        parts.add(_equals("origin.tls_ja4_fingerprint", sorted(set(match.ja4)), _JA4, "JA4 fingerprint"))
    if any(len(text) > SUBEXPRESSION for text in parts.fixed):
        raise Inexpressible(
            "The hosts, countries or fingerprints are too many for one rule; make several blocks."
        )


def _equals(attribute: str, values: Sequence[str], allowed: re.Pattern[str], what: str) -> str:
    for value in values:
        if not allowed.match(value):
            raise Inexpressible(f"{value[:40]!r} is no {what}.")
    if len(values) == 1:
        return f"{attribute} == '{values[0]}'"
    return f"{attribute}.matches('^(?:{'|'.join(values)})$')"


def _header(header: HeaderMatch) -> str:
    name = header.name.lower()
    if not _HEADER.match(name):
        raise Inexpressible(f"{header.name[:40]!r} is no name of a header.")
    value = _literal(_plain(header.value.lower(), f"value of the header {header.name}"))
    field_ = f"request.headers['{name}'].lower()"
    compared = {
        "equals": f"{field_} == {value}",
        "contains": f"{field_}.contains({value})",
        "prefix": f"{field_}.startsWith({value})",
    }.get(header.operator)
    if compared is None:
        raise Inexpressible(f"Cloud Armor cannot compare a header by {header.operator!r}.")
    return f"has(request.headers['{name}']) && {compared}"


def _paths(templates: Sequence[str], decoded: bool, room: int) -> list[str]:
    """Conditions of which each holds for some of the templates; as few as the length of an expression allows."""
    longest = min(_PATTERN, room // (1 + decoded))
    made: list[str] = []
    current = ""
    for template in dict.fromkeys(templates):
        pattern = f"(?:{template_pattern(_plain(template, 'path'))})"
        if len(pattern) > longest:
            raise Inexpressible(f"The path {template[:60]} is too long for a rule of Cloud Armor.")
        if current and len(current) + 1 + len(pattern) > longest:
            made.append(current)
            current = ""
        current = f"{current}|{pattern}" if current else pattern
    if current:
        made.append(current)
    attributes = ("request.path", "request.path.urlDecode()") if decoded else ("request.path",)
    return [_any([f"{name}.matches({_raw(pattern)})" for name in attributes]) for pattern in made]


def _divided(
    fixed: Sequence[str], paths: Sequence[str], networks: Sequence[str], asns: Sequence[str], room: int
) -> tuple[str, ...]:
    """One expression per combination of parts; ``room`` is what is left beside one network and one AS number."""
    shared = room if networks else 0
    chunks = (
        [[text] for text in paths] or [[]],
        _chunks(networks, 1 + shared),
        _chunks(asns, 1 + (0 if networks else room)),
    )
    count = len(chunks[0]) * len(chunks[1]) * len(chunks[2])
    if count > RULES_PER_INTENT:
        raise Inexpressible(
            f"This block would take {count} rules of the project's quota; at most {RULES_PER_INTENT} are used. Name "
            "fewer networks or AS numbers, or enrol the project in Cloud Armor Enterprise for address groups."
        )
    made = []
    for combination in product(*chunks):
        text = " && ".join([*fixed, *(_any(part) for part in combination if part)])
        if len(text) > EXPRESSION:
            raise Inexpressible(f"The expression is longer than Cloud Armor's {EXPRESSION} characters.")
        made.append(text)
    return tuple(made)


def _chunks(values: Sequence[str], size: int) -> list[list[str]]:
    return [list(values[start : start + size]) for start in range(0, len(values), size)] or [[]]


def _any(texts: Sequence[str]) -> str:
    return texts[0] if len(texts) == 1 else f"({' || '.join(texts)})"


def _plain(text: str, what: str) -> str:
    if not _PRINTABLE.match(text):
        raise Inexpressible(f"The {what} is empty or has characters other than printable ASCII.")
    return text


def _literal(text: str) -> str:
    quoted = text.replace("\\", "\\\\").replace("'", "\\'")
    return f"'{quoted}'"


def _raw(pattern: str) -> str:
    """A raw string of the language; it has no way to write its own quotation mark, but RE2 has."""
    quoted = pattern.replace("'", r"\x27")
    return f"R'{quoted}'"


def networks_of(match: Match) -> list[IPNetwork]:
    """The networks of a match, smallest address first."""
    return sorted(set(match.networks), key=lambda network: (network.version, network))
