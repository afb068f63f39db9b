"""Name-service reads: the TXT records a customer publishes to prove that a domain is theirs."""

from __future__ import annotations

import dns.exception
import dns.resolver

from connectors.base.errors import TransientError

_SECONDS = 5.0


def txt_records(name: str, resolver: dns.resolver.Resolver | None = None) -> list[str]:
    """The TXT records of ``name``, each as one text; none when the name or the records do not exist.

    ``resolver`` is the machine's own unless given.

    Raises ``TransientError`` when no name server answers within five seconds.
    """
    try:
        answer = (resolver or dns.resolver.get_default_resolver()).resolve(name, "TXT", lifetime=_SECONDS)
    except (dns.resolver.NXDOMAIN, dns.resolver.NoAnswer):
        return []
    except dns.exception.DNSException as error:
        raise TransientError(
            f"The name servers of {name} could not be asked.", action="Try again in a minute."
        ) from error
    # One record may come in several strings (RFC 1035 §3.3.14); they are one value.
    return [b"".join(record.strings).decode("utf-8", "replace") for record in answer]
