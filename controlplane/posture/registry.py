"""Find checks by folder: a module in ``controlplane/posture/checks/`` with ``CHECK`` and ``evaluate``."""

from __future__ import annotations

import importlib
import pkgutil
from functools import cache

from connectors.base.model import ConfigSnapshot
from controlplane.findings.types import CheckCard, CheckResult
from controlplane.posture import checks
from controlplane.posture.types import Check, Facts


@cache
def all_checks() -> dict[str, Check]:
    """Every check by id, sorted; a module whose id is not its file name is refused."""
    found: dict[str, Check] = {}
    for entry in pkgutil.iter_modules(checks.__path__):
        module = importlib.import_module(f"{checks.__name__}.{entry.name}")
        card: CheckCard = module.CHECK
        if card.id != entry.name:
            raise ValueError(
                f"the check {card.id} stands in the file {entry.name}.py; both must have one name"
            )
        found[card.id] = Check(card, module.evaluate)
    return dict(sorted(found.items()))


def checks_for(vendor: str) -> list[Check]:
    """The checks that apply to a vendor's snapshots."""
    return [
        check for check in all_checks().values() if not check.card.vendors or vendor in check.card.vendors
    ]


def evaluate_all(snapshot: ConfigSnapshot, facts: Facts) -> list[CheckResult]:
    """Run every check that applies to the snapshot; pure."""
    return [result for check in checks_for(snapshot.vendor) for result in check.evaluate(snapshot, facts)]
