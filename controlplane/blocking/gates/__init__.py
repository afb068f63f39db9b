"""Gates, found by file: each module has ``GATE`` (its name) and ``check(question) -> GateVerdict``. All are pure.

They are asked when a block is previewed, again when it is created and again at every push.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable
from functools import cache

from controlplane.blocking.types import GateVerdict, Question, Verdict

Gate = Callable[[Question], GateVerdict]


@cache
def gates() -> tuple[Gate, ...]:
    """Every gate's check, by module name."""
    names = sorted(entry.name for entry in pkgutil.iter_modules(__path__))
    return tuple(importlib.import_module(f"{__name__}.{name}").check for name in names)


def ask(question: Question) -> tuple[GateVerdict, ...]:
    """Every gate's verdict."""
    return tuple(gate(question) for gate in gates())


def worst(verdicts: tuple[GateVerdict, ...]) -> Verdict:
    """Refused when one refuses, else in need of approval when one needs it, else passed."""
    found = {verdict.verdict for verdict in verdicts}
    for verdict in (Verdict.REFUSE, Verdict.NEEDS_APPROVAL):
        if verdict in found:
            return verdict
    return Verdict.PASS
