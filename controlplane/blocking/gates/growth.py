"""Stop a runaway: how many blocks were created in the last hour."""

from __future__ import annotations

from typing import Final

from controlplane.blocking.types import GateVerdict, Question, Verdict

GATE: Final = "growth"


def check(question: Question) -> GateVerdict:
    """Refuse beyond the hourly limit."""
    count, limit = question.blocks_last_hour, question.limits.max_blocks_per_hour
    numbers = {"blocks_last_hour": count, "limit": limit}
    if count >= limit:
        sentence = f"{count} blocks were created in the last hour; {limit} is the limit. Wait, or widen one block instead."
        return GateVerdict(GATE, Verdict.REFUSE, sentence, numbers)
    return GateVerdict(GATE, Verdict.PASS, f"{count} blocks were created in the last hour.", numbers)
