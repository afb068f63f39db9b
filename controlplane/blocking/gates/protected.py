"""Never block what is protected: the tenant's list, and private, loopback, link-local and other special ranges."""

from __future__ import annotations

from ipaddress import ip_network
from typing import Final

from controlplane.blocking.types import GateVerdict, Protected, Question, Verdict

GATE: Final = "protected"
#: Asked again at every push: it needs no past traffic.
AT_PUSH: Final = True

#: Ranges that carry infrastructure or no client at all (IANA special-purpose registries, RFC 6890).
SPECIAL: Final = tuple(
    Protected(cidr, label, "special")
    for cidr, label in (
        ("0.0.0.0/8", "this network"),
        ("10.0.0.0/8", "private addresses"),
        ("100.64.0.0/10", "carrier-grade NAT"),
        ("127.0.0.0/8", "loopback"),
        ("169.254.0.0/16", "link-local and metadata"),
        ("172.16.0.0/12", "private addresses"),
        ("192.168.0.0/16", "private addresses"),
        ("224.0.0.0/4", "multicast"),
        ("::1/128", "loopback"),
        ("fc00::/7", "private addresses"),
        ("fe80::/10", "link-local"),
        ("ff00::/8", "multicast"),
        ("::ffff:0:0/96", "IPv4 addresses written as IPv6"),
    )
)


def check(question: Question) -> GateVerdict:
    """Refuse when a network of the match overlaps a protected one, in whichever direction."""
    clashes = []
    for network in question.draft.match.networks:
        for entry in (*question.protected, *SPECIAL):
            other = ip_network(entry.cidr)
            if network.version == other.version and network.overlaps(other):
                clashes.append({"network": str(network), "protected": entry.cidr, "label": entry.label})
    if not clashes:
        return GateVerdict(
            GATE,
            Verdict.PASS,
            "No protected network is hit.",
            {"checked": len(question.protected) + len(SPECIAL)},
        )
    first = clashes[0]
    sentence = f"{first['network']} overlaps {first['protected']} ({first['label']}), which is protected."
    return GateVerdict(GATE, Verdict.REFUSE, sentence, {"clashes": clashes[:20]})
