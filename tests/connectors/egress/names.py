"""A real DNS server that answers as ``corpus.NAMES`` says, another answer each time it is asked."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from ipaddress import IPv6Address, ip_address
from typing import Any

from dnslib import AAAA, CNAME, QTYPE, RCODE, RR, A, DNSRecord
from dnslib.server import BaseResolver, DNSLogger, DNSServer

from tests.connectors.egress.corpus import NAMES


class HostileZone(BaseResolver):  # type: ignore[misc]
    """Answers A and AAAA; ``asked`` counts look-ups per name and type and is forgotten by ``restart``."""

    def __init__(self) -> None:
        self.asked: Counter[tuple[str, str]] = Counter()
        self._lock = threading.Lock()

    def restart(self) -> None:
        """The next look-up of every name gets its first answer again."""
        with self._lock:
            self.asked.clear()

    def resolve(self, request: DNSRecord, handler: Any) -> DNSRecord:
        """Answer one question with a life time of 0 seconds."""
        reply = request.reply()
        name, kind = str(request.q.qname).rstrip(".").lower(), QTYPE[request.q.qtype]
        self._add(reply, name, kind)
        if not reply.rr and _known(name) is None:
            reply.header.rcode = RCODE.NXDOMAIN
        return reply

    def _add(self, reply: DNSRecord, name: str, kind: str) -> None:
        turns = _known(name)
        if turns is None:
            return
        with self._lock:
            turn = self.asked[name, kind]
            self.asked[name, kind] += 1
        for text in turns[min(turn, len(turns) - 1)]:
            if text.startswith("CNAME "):
                target = text.removeprefix("CNAME ")
                reply.add_answer(RR(name, QTYPE.CNAME, rdata=CNAME(target), ttl=0))
                self._add(reply, target, kind)
            elif ip_address(text).version == (4 if kind == "A" else 6):
                data = A(text) if kind == "A" else AAAA(IPv6Address(text).exploded)
                reply.add_answer(RR(name, QTYPE.A if kind == "A" else QTYPE.AAAA, rdata=data, ttl=0))


def _known(name: str) -> tuple[tuple[str, ...], ...] | None:
    if name.endswith(".wild.test"):
        return NAMES["*.wild.test"]
    return NAMES.get(name)


@contextmanager
def hostile_dns(port: int = 0) -> Iterator[tuple[HostileZone, int]]:
    """Serve by UDP on 127.0.0.1; gives the zone and the port."""
    zone = HostileZone()
    server = DNSServer(
        zone,
        address="127.0.0.1",
        port=port,
        logger=DNSLogger("-recv,-send,-request,-reply,-truncated,-error"),
    )
    server.start_thread()
    try:
        yield zone, server.server.server_address[1]
    finally:
        server.stop()
        server.server.server_close()
