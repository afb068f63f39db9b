"""TXT records are read from a real name server, joined as the standard says; nothing is found, not guessed."""

from __future__ import annotations

from collections.abc import Iterator

import dns.resolver
import pytest
from dnslib import QTYPE, RCODE, RR, TXT, DNSRecord
from dnslib.server import BaseResolver, DNSLogger, DNSServer

from connectors.base.errors import TransientError
from connectors.egress.names import txt_records


class Zone(BaseResolver):  # type: ignore[misc]
    """One name with two records, one name with none, one that cannot be asked."""

    def resolve(self, request: DNSRecord, handler: object) -> DNSRecord:
        reply = request.reply()
        name = str(request.q.qname).rstrip(".")
        if name == "two.test":
            reply.add_answer(RR(name, QTYPE.TXT, rdata=TXT(["portcullis=", "abc"])))
            reply.add_answer(RR(name, QTYPE.TXT, rdata=TXT("v=spf1 -all")))
        elif name == "broken.test":
            reply.header.rcode = RCODE.SERVFAIL
        elif name != "none.test":
            reply.header.rcode = RCODE.NXDOMAIN
        return reply


@pytest.fixture
def resolver() -> Iterator[dns.resolver.Resolver]:
    server = DNSServer(Zone(), port=0, address="127.0.0.1", logger=DNSLogger(log="-request,-reply"))
    server.start_thread()
    made = dns.resolver.Resolver(configure=False)
    made.nameservers, made.port = ["127.0.0.1"], server.server.server_address[1]
    yield made
    server.stop()
    server.server.server_close()


def test_the_strings_of_a_record_are_one_value(resolver: dns.resolver.Resolver) -> None:
    assert sorted(txt_records("two.test", resolver)) == ["portcullis=abc", "v=spf1 -all"]


@pytest.mark.parametrize("name", ["none.test", "unknown.test"])
def test_no_record_is_an_empty_list(name: str, resolver: dns.resolver.Resolver) -> None:
    assert txt_records(name, resolver) == []


def test_a_name_server_that_fails_is_an_error_and_not_an_empty_list(resolver: dns.resolver.Resolver) -> None:
    with pytest.raises(TransientError):
        txt_records("broken.test", resolver)
