"""What a block intent means on calls: the one evaluator behind preview, tests and every compiler's proof.

Three-valued: true, false, or null where the call lacks a value the match needs. A null is *unknown* and is
reported as such; it is never counted as "not hit".
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, ip_address

import pyarrow as pa
import pyarrow.compute as pc

from connectors.base.intent import HeaderMatch, IPNetwork, Match

_PLACEHOLDER = re.compile(r"\{([^{}]*)\}")


@dataclass(frozen=True, slots=True)
class Unevaluable:
    """A condition that could not be evaluated on some calls: which, why, and on how many of them."""

    field: str
    reason: str
    calls: int


def template_pattern(template: str, escape: Callable[[str], str] = re.escape) -> str:
    """The anchored RE2 pattern of a path template; ``{x}`` is one segment, ``{x+}`` one or more.

    A single trailing slash is tolerated, as gateways do. ``escape`` is for engines that take no needless escapes.
    """
    parts: list[str] = []
    position = 0
    for found in _PLACEHOLDER.finditer(template):
        parts.append(escape(template[position : found.start()]))
        parts.append(".+" if found.group(1).endswith("+") else "[^/]+")
        position = found.end()
    parts.append(escape(template[position:].rstrip("/") if position or template != "/" else "/"))
    return f"^{''.join(parts)}/?$" if template != "/" else "^/$"


def address_in(text: str | None, networks: Iterable[IPNetwork]) -> bool | None:
    """Whether an address lies in one of the networks; IPv4-mapped IPv6 counts as IPv4; None when unreadable."""
    if not text:
        return None
    try:
        address: IPv4Address | IPv6Address = ip_address(text)
    except ValueError:
        return None
    if isinstance(address, IPv6Address) and address.ipv4_mapped is not None:
        address = address.ipv4_mapped
    return any(address.version == network.version and address in network for network in networks)


def matches(match: Match, calls: pa.Table) -> pa.Array:
    """A boolean array over ``calls`` (``CALL_SCHEMA`` or ``NORMALISED_SCHEMA`` columns): hit, not hit, or null."""
    if match.is_empty():
        raise ValueError("an empty match would hit every call")
    result = pa.array([True] * calls.num_rows, type=pa.bool_())
    for _, condition in _conditions(match, calls):
        result = pc.and_kleene(result, condition())
    return result


def unevaluable(match: Match, calls: pa.Table) -> list[Unevaluable]:
    """Conditions with calls they could not be evaluated on, in the order of ``Match``'s fields."""
    found = []
    for name, condition in _conditions(match, calls):
        missing = condition().null_count
        if missing:
            reason = f"{missing} of {calls.num_rows} calls come from sources that do not record it"
            found.append(Unevaluable(name, reason, missing))
    return found


def _conditions(match: Match, calls: pa.Table) -> list[tuple[str, Callable[[], pa.Array]]]:
    made: list[tuple[str, Callable[[], pa.Array]]] = []
    if match.networks:
        made.append(("networks", lambda: _networks(_column(calls, "client_ip"), match.networks)))
    for name, column, values in (
        ("principals", "principal", match.principals),
        ("consumers", "consumer", match.consumers),
        ("methods", "method", tuple(value.upper() for value in match.methods)),
        ("ja4", "ja4", match.ja4),
        ("countries", "country", match.countries),
        ("asns", "asn", match.asns),
    ):
        if values:
            made.append((name, lambda c=column, v=values: _is_in(_column(calls, c), v)))  # type: ignore[misc]
    if match.hosts:
        hosts = tuple(host.lower() for host in match.hosts)
        made.append(("hosts", lambda: _is_in(pc.utf8_lower(_column(calls, "host")), hosts)))
    if match.path_templates:
        pattern = "|".join(f"(?:{template_pattern(template)})" for template in match.path_templates)
        made.append(("path_templates", lambda: pc.match_substring_regex(_column(calls, "path"), pattern)))
    for header in match.headers:
        made.append((f"headers.{header.name.lower()}", lambda h=header: _header(calls, h)))  # type: ignore[misc]
    return made


def _column(calls: pa.Table, name: str) -> pa.Array:
    if name not in calls.column_names:
        return pa.nulls(calls.num_rows, pa.string())
    column = calls.column(name)
    return column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column


def _is_in(column: pa.Array, values: tuple[str, ...] | tuple[int, ...]) -> pa.Array:
    found = pc.is_in(column, value_set=pa.array(values, type=column.type))
    return pc.if_else(pc.is_valid(column), found, pa.scalar(None, pa.bool_()))


def _networks(column: pa.Array, networks: tuple[IPNetwork, ...]) -> pa.Array:
    encoded = column.dictionary_encode()
    if isinstance(encoded, pa.ChunkedArray):
        encoded = encoded.combine_chunks()
    verdicts = pa.array(
        [address_in(text, networks) for text in encoded.dictionary.to_pylist()], type=pa.bool_()
    )
    return verdicts.take(encoded.indices)


def _header(calls: pa.Table, header: HeaderMatch) -> pa.Array:
    """Only headers that calls keep can be evaluated: ``user-agent`` and ``host``; others are unknown."""
    column = {"user-agent": "user_agent", "host": "host"}.get(header.name.lower())
    if column is None:
        return pa.nulls(calls.num_rows, pa.bool_())
    values = _column(calls, column)
    if header.operator == "contains":
        return pc.match_substring(values, header.value, ignore_case=True)
    if header.operator == "prefix":
        return pc.starts_with(values, header.value, ignore_case=True)
    return pc.equal(pc.utf8_lower(values), header.value.lower())
