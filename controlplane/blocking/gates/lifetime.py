"""Everything expires, and not too late."""

from __future__ import annotations

from typing import Final

from controlplane.blocking.types import GateVerdict, Question, Verdict

GATE: Final = "lifetime"
#: Asked again at every push: it needs no past traffic.
AT_PUSH: Final = True


def check(question: Question) -> GateVerdict:
    """Refuse a life longer than the limit."""
    ttl, limit = question.draft.ttl_seconds, question.limits.max_ttl_seconds
    numbers = {"ttl_seconds": ttl, "limit": limit}
    if ttl > limit:
        sentence = f"The block would live {ttl // 86_400} days; {limit // 86_400} is the limit."
        return GateVerdict(GATE, Verdict.REFUSE, sentence, numbers)
    return GateVerdict(GATE, Verdict.PASS, "It ends by itself.", numbers)
