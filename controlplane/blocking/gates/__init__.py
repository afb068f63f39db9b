"""Gates, found by file: each module has ``GATE`` (its name) and ``check(question) -> GateVerdict``. All are pure.

They are asked when a block is previewed and again when it is created, approved or promoted. Those with
``AT_PUSH = True`` need no past traffic and are asked at every push too.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable
from functools import cache

from controlplane.blocking.types import GateVerdict, Question, Verdict

Gate = Callable[[Question], GateVerdict]


@cache
def gates(at_push: bool = False) -> tuple[Gate, ...]:
    """Every gate's check, by module name; with ``at_push`` only of those that are asked at every push."""
    names = sorted(entry.name for entry in pkgutil.iter_modules(__path__))
    modules = [importlib.import_module(f"{__name__}.{name}") for name in names]
    return tuple(module.check for module in modules if not at_push or getattr(module, "AT_PUSH", False))


def ask(question: Question, *, at_push: bool = False) -> tuple[GateVerdict, ...]:
    """Every gate's verdict, or with ``at_push`` that of the gates asked at every push."""
    return tuple(gate(question) for gate in gates(at_push))


def refusals(verdicts: tuple[GateVerdict, ...]) -> str:
    """The sentences of the gates that refuse; "" when none does."""
    return " ".join(verdict.sentence for verdict in verdicts if verdict.verdict is Verdict.REFUSE)


def worst(verdicts: tuple[GateVerdict, ...]) -> Verdict:
    """Refused when one refuses, else in need of approval when one needs it, else passed."""
    found = {verdict.verdict for verdict in verdicts}
    for verdict in (Verdict.REFUSE, Verdict.NEEDS_APPROVAL):
        if verdict in found:
            return verdict
    return Verdict.PASS
