"""What a data plane is told about the client, since every connection here comes from 127.0.0.1.

``X-Double-Client-Ip`` stands for the TCP peer's address, ``X-Double-Country``, ``X-Double-Asn``,
``X-Double-Ja4`` for what the vendor derives from connection and address. ``X-Double-Time`` (epoch ms) is
the ingestion hook for past traffic: the request is handled and logged as if it had arrived then.
"""

import time
from dataclasses import dataclass

from werkzeug.wrappers import Request

BENCHMARK_PREFIXES = {
    "198.18.": "US",
    "198.19.": "DE",
    "192.0.2.": "NL",
    "198.51.100.": "GB",
    "203.0.113.": "BR",
}


@dataclass(frozen=True)
class ClientFacts:
    """Address, country (ISO 3166 alpha-2), AS number, JA4 and arrival time (epoch ms) of a request."""

    address: str
    country: str
    asn: int
    ja4: str
    time_ms: int


def client_facts(request: Request, address_header: str = "X-Double-Client-Ip") -> ClientFacts:
    """Read the double's own headers, with defaults for requests sent by hand."""
    headers = request.headers
    address = headers.get(address_header) or request.remote_addr or "127.0.0.1"
    default = next(
        (country for prefix, country in BENCHMARK_PREFIXES.items() if address.startswith(prefix)), "US"
    )
    past = headers.get("X-Double-Time", "")
    return ClientFacts(
        address,
        headers.get("X-Double-Country", default),
        int(headers.get("X-Double-Asn", "0")),
        headers.get("X-Double-Ja4", ""),
        int(past) if past.isdigit() else int(time.time() * 1000),
    )


def visible_headers(request: Request) -> tuple[tuple[str, str], ...]:
    """The headers a vendor would see: all but the double's own."""
    return tuple((n, v) for n, v in request.headers.items() if not n.lower().startswith("x-double-"))
