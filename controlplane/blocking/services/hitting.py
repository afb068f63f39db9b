"""Stored calls that a match has met, read as narrowly as the match allows."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import pyarrow as pa
import pyarrow.compute as pc

from connectors.base.evaluate import matches
from connectors.base.intent import Match
from controlplane.traffic import engine
from controlplane.traffic.types import CallFilter, Window

#: More values than this are compared after reading.
_MOST_VALUES: Final = 500
_COLUMNS: Final = {
    "networks": "client_ip",
    "principals": "principal",
    "consumers": "consumer",
    "methods": "method",
    "path_templates": "path",
    "hosts": "host",
    "ja4": "ja4",
    "countries": "country",
    "asns": "asn",
}


def narrowed(match: Match) -> CallFilter:
    """A filter that every call the match hits passes; calls it does not hit may pass too."""
    return CallFilter(
        client_ips=_addresses(match),
        principals=match.principals if len(match.principals) <= _MOST_VALUES else (),
        consumers=match.consumers if len(match.consumers) <= _MOST_VALUES else (),
        methods=tuple(dict.fromkeys(m for name in match.methods for m in (name, name.upper()))),
        template=match.path_templates[0] if len(match.path_templates) == 1 else None,
    )


def met(match: Match, window: Window, also: Sequence[str] = ()) -> pa.Table:
    """The calls in ``window`` that ``match`` hits: ``ts``, the columns it compares, and those in ``also``."""
    columns = {"ts", *also, *(column for name, column in _COLUMNS.items() if getattr(match, name))}
    if match.headers:
        columns |= {"user_agent", "host"}
    calls = engine.calls(window, narrowed(match), sorted(columns))
    return calls.filter(pc.fill_null(matches(match, calls), False))


def _addresses(match: Match) -> tuple[str, ...]:
    """The texts a single address may be stored as; () when the match has ranges, or too many addresses."""
    networks = match.networks
    if len(networks) > _MOST_VALUES or any(n.prefixlen < n.max_prefixlen for n in networks):
        return ()
    texts: list[str] = []
    for network in networks:
        address = network.network_address
        texts.append(str(address))
        texts.append(f"::ffff:{address}" if address.version == 4 else address.exploded)
    return tuple(texts)
