"""Limit the harm: the share of known-good traffic that the past says would be hit."""

from __future__ import annotations

from typing import Final

from controlplane.blocking.types import GateVerdict, Question, Verdict

GATE: Final = "blast_radius"


def check(question: Question) -> GateVerdict:
    """Refuse above the limit; ask for a second person above the lower one or when there is no past to judge by."""
    effect, limits = question.effect, question.limits
    numbers = {
        "good_requests": effect.good_requests,
        "good_total": effect.good_total,
        "share_of_good": effect.share_of_good,
        "limit": limits.refuse_good_share,
    }
    if effect.share_of_good is None:
        sentence = "There is no past traffic to judge the effect by, so a second person must agree."
        return GateVerdict(GATE, Verdict.NEEDS_APPROVAL, sentence, numbers)
    share = f"{effect.share_of_good:.2%} of known-good traffic ({effect.good_requests} of {effect.good_total} requests)"
    if effect.share_of_good > limits.refuse_good_share:
        return GateVerdict(
            GATE,
            Verdict.REFUSE,
            f"It would have hit {share}; the limit is {limits.refuse_good_share:.1%}.",
            numbers,
        )
    if effect.share_of_good > limits.approval_good_share:
        return GateVerdict(
            GATE,
            Verdict.NEEDS_APPROVAL,
            f"It would have hit {share}, so a second person must agree.",
            numbers,
        )
    return GateVerdict(GATE, Verdict.PASS, f"It would have hit {share}.", numbers)
