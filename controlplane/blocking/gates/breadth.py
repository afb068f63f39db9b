"""Limit the reach of a match: prefix sizes, number of networks, and matches without any caller in them."""

from __future__ import annotations

from ipaddress import IPv4Network, IPv6Network
from typing import Final

from controlplane.blocking.types import GateVerdict, Limits, Question, Verdict

GATE: Final = "breadth"
#: Asked again at every push: it needs no past traffic.
AT_PUSH: Final = True


def _too_wide(network: IPv4Network | IPv6Network, v4: int, v6: int) -> bool:
    return network.prefixlen < (v4 if network.version == 4 else v6)


def check(question: Question) -> GateVerdict:
    """Refuse networks wider than the limit; ask for approval for wide ones and for matches that name no caller."""
    match, limits = question.draft.match, question.limits
    if len(match.networks) > limits.max_addresses:
        sentence = f"The match has {len(match.networks)} networks; {limits.max_addresses} is the limit."
        return GateVerdict(GATE, Verdict.REFUSE, sentence, {"networks": len(match.networks)})
    refused = [n for n in match.networks if _too_wide(n, limits.widest_v4_prefix, limits.widest_v6_prefix)]
    if refused:
        return GateVerdict(
            GATE,
            Verdict.REFUSE,
            _wide_sentence(str(refused[0]), limits),
            {"networks": [str(n) for n in refused[:20]]},
        )
    names_caller = match.networks or match.principals or match.consumers or match.ja4
    wide = [n for n in match.networks if _too_wide(n, limits.approval_v4_prefix, limits.approval_v6_prefix)]
    if wide:
        sentence = f"{wide[0]} covers many addresses, so a second person must agree."
        return GateVerdict(GATE, Verdict.NEEDS_APPROVAL, sentence, {"networks": [str(n) for n in wide[:20]]})
    if not names_caller:
        sentence = "The match names no caller, so it acts on everybody who sends such requests; a second person must agree."
        return GateVerdict(GATE, Verdict.NEEDS_APPROVAL, sentence, {})
    return GateVerdict(
        GATE, Verdict.PASS, "The match names its callers narrowly.", {"networks": len(match.networks)}
    )


def _wide_sentence(network: str, limits: Limits) -> str:
    widest = f"/{limits.widest_v4_prefix} for IPv4 and /{limits.widest_v6_prefix} for IPv6"
    return f"{network} is too wide; the widest range that can be blocked is {widest}."
