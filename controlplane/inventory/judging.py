"""What the facts of an endpoint amount to: its state and the verdict on its authentication. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import Final

from controlplane.inventory.states import EndpointState, Facts, Verdict, judge

_VERSION: Final = re.compile(r"(?:^|/)v(\d{1,3})(?:\.\d+)?(?=/|$)", re.IGNORECASE)
#: Successes without a credential below this share of all judged calls are taken for noise of the log.
_CONTRADICTION_SHARE: Final = 0.001


def state_of(facts: Facts) -> Verdict:
    """The state of an endpoint of a gateway.

    Where no specification is known for the host, the gateway's own declared routes stand in for it: a call to a
    route of its own is active, a call that only a catch-all took is shadow, an old version beside a newer is zombie.
    """
    reasons = judge(facts).reasons
    effective = facts
    if facts.spec is None and facts.config is not None and facts.traffic:
        effective = replace(facts, spec=facts.config, deprecated=facts.deprecated or facts.superseded)
    if facts.traffic is None and facts.config:
        reasons = (*reasons, "no call has been seen from this connection yet")
    state: EndpointState = judge(effective).state
    return Verdict(state, reasons)


@dataclass(frozen=True, slots=True)
class AuthFacts:
    """What is declared (``required``: some credential is; ``known``: configuration tells) and what calls showed."""

    required: bool
    known: bool
    authenticated: int
    anonymous_success: int


def auth_verdict(facts: AuthFacts) -> str:
    """open, enforced, contradiction (declared protected, answered without a credential) or unknown."""
    judged = facts.authenticated + facts.anonymous_success
    leaks = facts.anonymous_success > 0 and facts.anonymous_success >= _CONTRADICTION_SHARE * judged
    if not facts.known:
        return "open" if leaks else "unknown"
    if facts.required:
        if leaks:
            return "contradiction"
        return "enforced" if facts.authenticated else "unknown"
    return "open"


def version_of(template: str) -> tuple[int | None, str]:
    """The version segment of a path and the path without it: ``/v2/orders`` is (2, "/orders")."""
    found = _VERSION.search(template)
    if found is None:
        return None, template
    rest = template[: found.start()] + template[found.end() :]
    return int(found.group(1)), rest or "/"
