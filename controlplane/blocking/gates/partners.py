"""Never cut off a partner: server-to-server consumers of the gateway that the past traffic shows in the match."""

from __future__ import annotations

from typing import Final

from controlplane.blocking.types import GateVerdict, Question, Verdict

GATE: Final = "partners"


def check(question: Question) -> GateVerdict:
    """Refuse when a partner's requests would have been hit."""
    partners = question.effect.partners
    if not partners:
        return GateVerdict(GATE, Verdict.PASS, "No partner would have been hit.", {})
    named = ", ".join(f"{partner.name} ({partner.requests} requests)" for partner in partners[:3])
    sentence = f"It would have cut off {named}. Narrow the match so that it spares them."
    return GateVerdict(GATE, Verdict.REFUSE, sentence, {"partners": {p.name: p.requests for p in partners}})
