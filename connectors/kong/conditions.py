"""A block's match as a plugin condition (CEL) of Kong Enterprise 3.15 and Konnect: pure.

Only what Kong documents is used: ``net.src.ip`` is a text, so networks are told by their first octets; comparing without
case is a pattern; a header that is absent is null. Source: "CEL expressions reference", "Conditional expressions for
plugins" (at most 1,024 characters; an error at run time answers 500 unless ``default()`` stands around the whole).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from ipaddress import IPv4Network, IPv6Network
from typing import Final

from connectors.base.evaluate import template_pattern
from connectors.base.intent import HeaderMatch, Match

#: Longest condition Kong takes.
MOST_CHARACTERS: Final = 1024
#: Kong's first release with conditions in CEL.
SINCE: Final = (3, 15)

_METHOD: Final = re.compile(r"[A-Z]{1,32}")
_HEADER: Final = re.compile(r"[a-z][a-z0-9-]{0,126}")
_PRINTABLE: Final = re.compile(r"[ -~]+")
_SPECIAL: Final = re.compile(r"[.*+?()|{}$\[\]^\\]")


class Inexpressible(Exception):
    """What no condition can say; the text is the reason."""


def expression(match: Match, consumer_ids: Sequence[str]) -> str:
    """The condition that holds exactly when the match does; ``Inexpressible`` with the reason when none does.

    ``consumer_ids`` are the ids of the match's consumers at this Kong.
    """
    parts = [
        _any([f'consumer.id == "{ref}"' for ref in sorted(set(consumer_ids))]),
        _any([_network(network) for network in _ordered(match.networks)]),
        _methods(match.methods),
        _host(match.hosts),
        _paths(match.path_templates),
        *(_header(header) for header in match.headers),
    ]
    return " && ".join(part for part in parts if part)


def joined(expressions: Iterable[str]) -> str:
    """The condition of one plugin that holds when one of the expressions does, and never fails a request."""
    inside = " || ".join(f"({text})" for text in expressions)
    return f"default({inside}, false)"


def _any(choices: Sequence[str]) -> str:
    return choices[0] if len(choices) == 1 else f"({' || '.join(choices)})" if choices else ""


def _ordered(networks: Iterable[IPv4Network | IPv6Network]) -> list[IPv4Network]:
    found: list[IPv4Network] = []
    for network in networks:
        if not isinstance(network, IPv4Network):
            raise Inexpressible(
                "How Kong writes IPv6 addresses in a condition is not documented; block them everywhere instead."
            )
        if not network.prefixlen:
            raise Inexpressible("A network of every address is not blocked.")
        found.append(network)
    return sorted(set(found))


def _network(network: IPv4Network) -> str:
    """An address by comparison, whole octets by their text, anything else by a pattern."""
    octets = str(network.network_address).split(".")
    whole, rest = divmod(network.prefixlen, 8)
    if whole == 4:
        return f'net.src.ip == "{network.network_address}"'
    head = "".join(f"{octet}." for octet in octets[:whole])
    if not rest:
        return f'net.src.ip.startsWith("{head}")'
    first = int(octets[whole])
    numbers = _numbers(first, first + 2 ** (8 - rest) - 1)
    pattern = f"^{_escape(head)}{numbers}{'$' if whole == 3 else '[.]'}"
    return f"net.src.ip.matches({_text(pattern)})"


def _numbers(first: int, last: int) -> str:
    """A pattern of the whole numbers from ``first`` to ``last`` (0 to 255)."""
    choices = []
    for tens in range(first // 10, last // 10 + 1):
        low, high = max(first, tens * 10) % 10, min(last, tens * 10 + 9) % 10
        choices.append(f"{tens or ''}{low if low == high else f'[{low}-{high}]'}")
    return f"(?:{'|'.join(choices)})"


def _methods(methods: Iterable[str]) -> str:
    wanted = sorted({method.upper() for method in methods})
    for method in wanted:
        if not _METHOD.fullmatch(method):
            raise Inexpressible(f"{method[:40]!r} is no HTTP method.")
    return _any([f'http.method == "{method}"' for method in wanted])


def _host(hosts: Iterable[str]) -> str:
    """Hosts are compared without case; the Host header may name a port."""
    wanted = "|".join(_escaped(host.lower(), "host") for host in sorted(set(hosts)))
    return f"http.host.matches({_text(f'(?i)^(?:{wanted})(?::[0-9]+)?$')})" if wanted else ""


def _paths(templates: Iterable[str]) -> str:
    wanted = [template_pattern(_printable(template, "path"), _escape) for template in sorted(set(templates))]
    return f"http.path.matches({_text('|'.join(wanted))})" if wanted else ""


def _header(header: HeaderMatch) -> str:
    name, value = header.name.lower(), _escaped(header.value, f"value of the header {header.name}")
    pattern = {"contains": value, "prefix": f"^{value}", "equals": f"^{value}$"}.get(header.operator)
    if pattern is None:
        raise Inexpressible(f"Kong cannot compare a header by {header.operator!r}.")
    if name == "host":
        if header.operator == "equals":  # calls are known by their host without its port
            pattern = f"^{value}(?::[0-9]+)?$"
        return f"http.host.matches({_text(f'(?i){pattern}')})"
    if not _HEADER.fullmatch(name):
        raise Inexpressible(f"A condition cannot name the header {header.name[:40]!r}.")
    field = f"http.headers.{name.replace('-', '_')}"
    return f"{field} != null && {field}.matches({_text(f'(?i){pattern}')})"


def _escaped(text: str, what: str) -> str:
    return _escape(_printable(text, what))


def _printable(text: str, what: str) -> str:
    if not _PRINTABLE.fullmatch(text):
        raise Inexpressible(f"The {what} is empty or has characters other than printable ASCII.")
    return text


def _escape(text: str) -> str:
    """Only what a pattern would take for something else is escaped, and in a class where that is shorter in CEL."""
    return _SPECIAL.sub(lambda found: f"\\{found[0]}" if found[0] in "^[]\\" else f"[{found[0]}]", text)


def _text(pattern: str) -> str:
    """A pattern as a text of the language."""
    escaped = pattern.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
